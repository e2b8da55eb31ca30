"""Every test of this folder leaves books that balance, whatever it did; those that plant faults say so."""

from collections.abc import Callable, Iterator

import pytest

from tests.conftest import Books
from tests.ledger.a_class import Class, open_class

OpenClass = Callable[..., Class]


@pytest.fixture
def new_class(books: Books) -> Iterator[OpenClass]:
    """Opens classes (`credits`, `maximum`) whose books are audited at the test's end."""
    opened: list[Class] = []

    def make(*, credits: int = 100, maximum: int = 0) -> Class:
        opened.append(open_class(books, credits=credits, maximum=maximum))
        return opened[-1]

    yield make
    for class_ in opened:
        assert class_.faults() == []
