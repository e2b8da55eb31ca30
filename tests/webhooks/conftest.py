"""A receiver for each test."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from lti_tool.settings import Settings
from tests.conftest import Books
from tests.webhooks.receiving import Post, receiving


@pytest.fixture
def post(books: Books, settings: Settings, engine: Engine) -> Iterator[Post]:
    """Somebody who is told of a class."""
    with receiving(books, settings, engine) as post:
        yield post
