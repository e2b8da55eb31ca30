"""The office, on the database of the test."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from tests.alerts import mail
from tests.alerts.mail import Office
from tests.conftest import Books


@pytest.fixture
def office(books: Books, engine: Engine) -> Iterator[Office]:
    """A license of 100 whose manager has asked for nothing yet."""
    with mail.opened(books, engine) as office:
        yield office
