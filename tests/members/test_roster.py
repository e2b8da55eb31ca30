"""A roster changes a course as R20, R22, R25 and R26 say, in few statements, and never moves a credit (R8)."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from lti_tool.errors import NotFound
from lti_tool.ledger.accounts import Account
from lti_tool.ledger.allotment import allot
from lti_tool.ledger.movements import OPERATOR
from lti_tool.ledger.transfers import Transfer
from lti_tool.lti.names_roles import RosterMember
from lti_tool.lti.platforms import Deployment, Platform
from lti_tool.lti.roles import Role, resolve
from lti_tool.members import roster
from lti_tool.members.people import Enrollment, Member, Person
from lti_tool.members.roster import NoLicense, NoMembershipsUrl, Outcome, PlatformOff
from tests.conftest import Books
from tests.factories import (
    EXPORT_CREDITS,
    NOW,
    make_context,
    make_deployment,
    make_license,
    make_person,
)
from tests.members.rosters import LATER, School, a_class, open_school, student

MOODLE = Path(__file__).parent.parent / "fixtures/moodle"


@pytest.fixture
def school(books: Books) -> School:
    return open_school(books)


def test_people_of_a_roster_become_members_with_empty_accounts(school: School) -> None:
    outcome = school.apply([student("s-1", "Éva Özil", email="eva@school.test"), student("t-1", role=Role.TEACHER)])

    assert outcome == Outcome(added=2, dropped=0)
    enrollment = school.enrollment("s-1")
    assert (enrollment.roster_role, enrollment.launch_role, enrollment.role) == ("learner", None, "learner")
    assert school.enrollment("t-1").role == "teacher"
    account = school.account("s-1")
    assert (account.balance, account.received, account.frozen) == (0, 0, False)
    with school.books() as session:
        person = session.scalars(select(Person).where(Person.subject == "s-1")).one()
        assert (person.name, person.sort_name, person.email) == ("Éva Özil", "eva ozil", "eva@school.test")


def test_a_roster_never_allots_credits(school: School) -> None:
    before = school.count(Transfer)

    school.apply(a_class(30))

    assert school.count(Transfer) == before


@pytest.mark.parametrize("role", [Role.OBSERVER, Role.TEST_USER, Role.NONE])
def test_who_holds_no_credits_is_not_made_a_member(school: School, role: Role) -> None:
    assert school.apply([student("o-1", role=role)]) == Outcome(added=0, dropped=0)
    assert school.count(Member) == 0


def test_who_is_listed_as_gone_is_not_made_a_member(school: School) -> None:
    school.apply([student("s-1", active=False)])

    assert school.count(Person) == 0


def test_names_follow_the_roster_and_are_not_taken_away(school: School) -> None:
    school.apply([student("s-1", "Ada King", email="ada@school.test")])
    school.apply([student("s-1", "Ada Lovelace")])
    school.apply([student("s-1")])

    with school.books() as session:
        person = session.scalars(select(Person)).one()
        assert (person.name, person.sort_name, person.email) == ("Ada Lovelace", "ada lovelace", "ada@school.test")


def test_somebody_without_a_name_has_a_pseudonym_until_one_comes(school: School) -> None:
    school.apply([student("s-1")])
    with school.books() as session:
        person = session.scalars(select(Person)).one()
        assert person.display_name.startswith("Learner ")
        assert person.sort_name == person.display_name.casefold()

    school.apply([student("s-1", "Ada")])

    with school.books() as session:
        assert session.scalars(select(Person)).one().sort_name == "ada"


def test_equal_subjects_of_two_platforms_are_two_people(school: School) -> None:
    with school.books() as session:
        foreign = make_deployment(session)
        make_person(session, foreign.platform_id, subject="s-1", name="Somebody Else")

    school.apply([student("s-1", "Ada")])

    with school.books() as session:
        assert set(session.scalars(select(Person.name))) == {"Ada", "Somebody Else"}


def test_a_leaver_is_frozen_and_thawed_on_return_with_the_balance_intact(school: School) -> None:
    school.apply(a_class(3))
    with school.books() as session:
        member_id = session.scalars(
            select(Member.id).join(Person, Person.id == Member.person_id).where(Person.subject == "s-2")
        ).one()
        allot(
            session, school.course.license_id, EXPORT_CREDITS, member_ids=[member_id], each=7, actor=OPERATOR, now=NOW
        )

    assert school.apply(a_class(2)) == Outcome(added=0, dropped=1)
    left = school.account("s-2")
    assert (school.enrollment("s-2").active, left.frozen, left.balance) == (False, True, 7)

    assert school.apply(a_class(3)) == Outcome(added=1, dropped=0)
    back = school.account("s-2")
    assert (school.enrollment("s-2").active, back.frozen, back.balance) == (True, False, 7)


def test_who_left_one_course_and_is_in_another_keeps_their_credits_free(school: School) -> None:
    other = School(school.books, school.other_course())
    school.apply(a_class(2))
    other.apply(a_class(2))

    school.apply(a_class(1))
    assert not school.account("s-1").frozen

    other.apply(a_class(1))
    assert school.account("s-1").frozen


def test_two_courses_that_drop_somebody_at_once_freeze_them(school: School) -> None:
    other = School(school.books, school.other_course())
    school.apply(a_class(2))
    other.apply(a_class(2))

    with ThreadPoolExecutor(1) as thread:
        with school.books() as session:
            roster.apply(session, school.course, a_class(1), began_at=LATER, now=LATER)
            second = thread.submit(other.apply, a_class(1))
        second.result()

    assert school.account("s-1").frozen


@pytest.mark.parametrize("status", ["observer", "inactive"])
def test_who_became_an_observer_or_is_listed_as_gone_has_left(school: School, status: str) -> None:
    school.apply(a_class(3))
    changed = student("s-2", role=Role.OBSERVER) if status == "observer" else student("s-2", active=False)

    assert school.apply([*a_class(2), changed]).dropped == 1
    assert school.account("s-2").frozen


def test_who_is_listed_without_a_known_role_has_not_left(school: School) -> None:
    school.launched("s-1", Role.LEARNER)

    school.apply([student("s-1", role=Role.NONE)])

    assert school.enrollment("s-1").active
    assert school.enrollment("s-1").role == "learner"


@pytest.mark.parametrize(
    ("people", "left", "waits"), [(10, 5, False), (10, 4, True), (9, 0, False), (100, 49, True), (11, 0, True)]
)
def test_a_read_that_drops_more_than_half_of_ten_or_more_waits(
    school: School, people: int, left: int, waits: bool
) -> None:
    school.apply(a_class(people))

    outcome = school.apply([*a_class(left), student("new", "New")])

    assert outcome.is_to_confirm is waits
    assert outcome.dropped == people - left
    assert school.enrollment(f"s-{people - 1}").active is waits
    assert school.count(Member) == people + (0 if waits else 1)


def test_a_confirmed_read_drops_whom_it_must(school: School) -> None:
    school.apply(a_class(20))

    assert school.apply(a_class(2), confirm=True) == Outcome(added=0, dropped=18)
    assert school.account("s-19").frozen


def test_who_left_before_does_not_count_among_the_course(school: School) -> None:
    school.apply(a_class(20))
    school.apply(a_class(12))

    assert not school.apply(a_class(6)).is_to_confirm


def test_staff_of_a_verified_launch_outrank_a_learner_row(school: School) -> None:
    school.launched("ta", Role.TEACHER)

    school.apply([student("ta")])

    enrollment = school.enrollment("ta")
    assert (enrollment.launch_role, enrollment.roster_role, enrollment.role) == ("teacher", "learner", "teacher")


def test_a_student_by_launch_whom_the_roster_calls_staff_is_staff(school: School) -> None:
    school.launched("t", Role.LEARNER)

    school.apply([student("t", role=Role.TEACHER)])

    assert school.enrollment("t").role == "teacher"


def test_an_administrator_who_was_never_enrolled_stays(school: School) -> None:
    school.launched("admin", Role.ADMIN)

    assert school.apply(a_class(2)).dropped == 0
    assert school.enrollment("admin").active


def test_a_teacher_who_was_on_the_roster_and_is_not_any_more_has_left(school: School) -> None:
    school.launched("t", Role.TEACHER)
    school.apply([*a_class(2), student("t", role=Role.TEACHER)])

    assert school.apply(a_class(2)).dropped == 1
    assert not school.enrollment("t").active


def test_a_student_who_launched_and_is_not_on_the_roster_has_left(school: School) -> None:
    school.launched("s-9", Role.LEARNER)

    assert school.apply(a_class(2)).dropped == 1


def test_who_launched_while_the_roster_was_read_is_here(school: School) -> None:
    school.launched("s-9", Role.LEARNER, last_launch_at=LATER + timedelta(seconds=5))

    assert school.apply(a_class(2)).dropped == 0
    assert school.enrollment("s-9").active


def test_a_person_who_comes_to_a_second_course_keeps_their_one_account(school: School) -> None:
    other = School(school.books, school.other_course())
    school.apply(a_class(2))

    other.apply(a_class(2))

    assert (school.count(Person), school.count(Member), school.count(Enrollment)) == (2, 2, 4)
    assert school.count(Account) == 2


def test_a_moodle_class_becomes_its_people(school: School) -> None:
    school.launched("4", Role.TEACHER)  # Moodle's non-editing teacher launches as Instructor and is listed as Learner

    before = json.loads((MOODLE / "nrps-all.json").read_text("utf-8"))
    after = json.loads((MOODLE / "nrps-after-changes.json").read_text("utf-8"))
    school.apply(_moodle(before))

    outcome = school.apply(_moodle(after["response"]))

    assert (outcome.added, outcome.dropped) == (len(after["came"]), len(after["gone"])) != (0, 0)
    assert school.count(Member) == 62 + len(after["came"])
    assert school.enrollment("4").role == "teacher"


def test_a_course_that_cannot_be_read_says_why(books: Books) -> None:
    with books() as session:
        with pytest.raises(NotFound):
            roster.course(session, "nowhere", now=NOW)
        context = make_context(session)
        with pytest.raises(NoLicense):
            roster.course(session, context.id, now=NOW)
        make_license(session, context=context)
        with pytest.raises(NoMembershipsUrl):
            roster.course(session, context.id, now=NOW)
        context.memberships_url = "https://lms.test/roster"
        deployment = session.get_one(Deployment, context.deployment_id)
        session.get_one(Platform, deployment.platform_id).status = "disabled"
        with pytest.raises(PlatformOff):
            roster.course(session, context.id, now=NOW)


def test_a_course_in_a_bound_deployment_belongs_to_its_license(books: Books) -> None:
    with books() as session:
        context = make_context(session, memberships_url="https://lms.test/roster")
        license_ = make_license(session, deployment=session.get_one(Deployment, context.deployment_id))

        course = roster.course(session, context.id, now=NOW)

        assert course.license_id == license_.id
        assert course.account.audience == course.account.token_url == "https://lms.test/token"


def _moodle(captured: dict[str, Any]) -> list[RosterMember]:
    rows = captured["body"]["members"]
    return [student(row["user_id"], row.get("name"), role=resolve(row["roles"])) for row in rows]
