"""One LMS for the whole file, registered with the tool of each test."""

from collections.abc import Iterator

import pytest

from tests.conftest import Books
from tests.lti_platform import FakePlatform, register, serving_platform


@pytest.fixture(scope="package")
def lms() -> Iterator[FakePlatform]:
    """The LMS, serving its key set."""
    with serving_platform() as platform:
        yield platform


@pytest.fixture
def platform(lms: FakePlatform, books: Books) -> FakePlatform:
    """The LMS as it should be, registered, with its deployment admitted."""
    fresh = FakePlatform(url=lms.url)
    vars(lms).update(vars(fresh))
    with books() as session:
        register(session, lms)
    return lms
