"""Launches and roster readings that cross each other: whoever is in a course stays so, and nobody waits for ever."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TypeVar

import pytest
from sqlalchemy import select

from lti_tool.ledger import issuing
from lti_tool.ledger.movements import OPERATOR
from lti_tool.licenses.licenses import License
from lti_tool.lti.roles import Role
from lti_tool.members import roster
from lti_tool.members.admission import Admitted
from tests.conftest import Books
from tests.factories import EXPORT_CREDITS, make_context, make_deployment, make_license
from tests.members.rosters import LATER, School, a_class, launch, neighbour, open_school, student

Done = TypeVar("Done")

_IN_THE_WAY_S = 0.5
"""By then the other one has finished, or waits for us."""


@pytest.fixture
def school(books: Books) -> School:
    return open_school(books)


def meanwhile(threads: ThreadPoolExecutor, deed: Callable[[], Done]) -> Future[Done]:
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


def test_rosters_of_one_lms_are_written_in_turn_since_they_may_rename_each_others_people(school: School) -> None:
    other = neighbour(school)
    with ThreadPoolExecutor(1) as threads:
        with school.books() as session:
            roster.apply(session, school.course, a_class(2), began_at=LATER, now=LATER)
            second = meanwhile(threads, lambda: other.apply([student("somebody else")]))
            assert not second.done()
        assert second.result().added == 1


def test_who_launches_while_a_reading_drops_them_is_back_with_their_credits(school: School) -> None:
    school.apply(a_class(2))

    def come() -> None:
        with school.books() as session:
            launch(session, school.course.context_id, "s-1", Role.LEARNER)

    with ThreadPoolExecutor(1) as threads:
        with school.books() as session:
            roster.apply(session, school.course, a_class(1), began_at=LATER, now=LATER)
            coming = meanwhile(threads, come)
        coming.result()

    assert school.enrollment("s-1").active
    assert not school.account("s-1").frozen


def test_who_first_came_while_a_pool_was_opened_has_an_account_there_when_they_come_again(books: Books) -> None:
    with books() as session:
        course = make_context(session)
        license_id = make_license(session, resource="phone-minutes", context=course).id

    def open_pool() -> None:
        with books() as session:
            issuing.grant(session, license_id, EXPORT_CREDITS, amount=100, actor=OPERATOR, now=LATER)

    with ThreadPoolExecutor(1) as threads:
        with books() as session:
            launch(session, course.id, "s-1", Role.LEARNER)
            opening = meanwhile(threads, open_pool)
        opening.result()
    with books() as session:
        assert launch(session, course.id, "s-1", Role.LEARNER).top_up is not None


@pytest.mark.parametrize(("second_teacher", "same_course"), [("ana", True), ("ana", False), ("ben", True)])
def test_teachers_who_open_a_course_at_once_begin_one_trial(
    books: Books, second_teacher: str, same_course: bool
) -> None:
    with books() as session:
        deployment = make_deployment(session)
        first, other = (make_context(session, deployment).id for _ in range(2))

    def come() -> Admitted:
        with books() as session:
            where = first if same_course else other
            return launch(session, where, second_teacher, Role.TEACHER, provisioning="trial")

    with ThreadPoolExecutor(1) as threads:
        with books() as session:
            admitted = launch(session, first, "ana", Role.TEACHER, provisioning="trial")
            coming = meanwhile(threads, come)
        assert coming.result().license_id == admitted.license_id

    with books() as session:
        assert session.scalars(select(License.id)).all() == [admitted.license_id]
