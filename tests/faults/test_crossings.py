"""Launches and roster readings that cross each other: whoever is in a course stays so, and nobody waits for ever."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait

import pytest

from lti_tool.members import roster
from tests.conftest import Books
from tests.members.rosters import LATER, School, a_class, open_school

_IN_THE_WAY_S = 0.5
"""By then the other one has finished, or waits for us."""


@pytest.fixture
def school(books: Books) -> School:
    return open_school(books)


def meanwhile(threads: ThreadPoolExecutor, deed: Callable[[], object]) -> Future[object]:
    """Begins the deed beside an open transaction, and goes on once it is done or waits for that."""
    begun = threads.submit(deed)
    wait([begun], _IN_THE_WAY_S)
    return begun


def test_who_returns_to_one_course_while_another_drops_them_is_not_frozen(school: School) -> None:
    other = School(school.books, school.other_course())
    for course in (school, other):
        course.apply(a_class(2))
    school.apply(a_class(1))

    with ThreadPoolExecutor(1) as threads:
        with school.books() as session:
            roster.apply(session, school.course, a_class(2), began_at=LATER, now=LATER)
            drop = meanwhile(threads, lambda: other.apply(a_class(1)))
        drop.result()

    assert school.enrollment("s-1").active
    assert not school.account("s-1").frozen
