"""A launch lets the right people in, opens accounts for them alone, and allots a bundle exactly when it is due."""

from dataclasses import dataclass, replace

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lti_tool.ledger import policies
from lti_tool.ledger.accounts import Account
from lti_tool.ledger.allotment import allot
from lti_tool.ledger.holds import spend
from lti_tool.ledger.movements import OPERATOR
from lti_tool.ledger.pools import Pool
from lti_tool.ledger.rules import Why
from lti_tool.licenses import licenses
from lti_tool.licenses.bindings import Binding
from lti_tool.lti.claims import ContextClaim, LaunchClaims
from lti_tool.lti.contexts import Context
from lti_tool.lti.launches import Arrival
from lti_tool.lti.platforms import Deployment
from lti_tool.lti.roles import Role
from lti_tool.lti.states import Carrier
from lti_tool.members.admission import Admitted, admit
from lti_tool.members.people import Enrollment, Member, Person, sort_name, standing_role
from lti_tool.settings import Settings, load
from tests.factories import (
    EXPORT_CREDITS,
    NOW,
    bind,
    make_context,
    make_deployment,
    make_license,
    make_member,
    make_person,
)


@dataclass
class School:
    """One deployment with a course, and launches of its people."""

    session: Session
    deployment: Deployment
    course: Context
    settings: Settings

    def launch(
        self,
        subject: str,
        role: Role = Role.LEARNER,
        *,
        name: str | None = "Ana Ng",
        email: str | None = None,
        course: Context | None = None,
        mentored: tuple[str, ...] = (),
    ) -> Admitted:
        at = course or self.course
        claims = LaunchClaims(
            message_type="LtiResourceLinkRequest",
            deployment_id=self.deployment.deployment_id,
            target_link_uri="https://tool.test/lti/launch",
            subject=subject,
            roles=(),
            context=ContextClaim(at.context_id, None, None),
            resource_link_id="link",
            name=name,
            email=email,
            locale=None,
            return_url=None,
            memberships_url=None,
            mentored=mentored,
        )
        arrival = Arrival(self.deployment.platform_id, self.deployment.id, at.id, claims, role, Carrier.COOKIE)
        return admit(self.session, arrival, settings=self.settings, now=NOW)

    def account(self, admitted: Admitted) -> Account:
        self.session.expire_all()
        return self.session.get_one(Account, (admitted.license_id, EXPORT_CREDITS.name, admitted.member_id))

    def count(self, model: type[Person | Member | Enrollment | Account]) -> int:
        return self.session.scalar(select(func.count()).select_from(model)) or 0


@pytest.fixture
def school(session: Session) -> School:
    """A course that belongs to no licence yet."""
    deployment = make_deployment(session)
    return School(session, deployment, make_context(session, deployment), load({}))


@pytest.fixture
def licensed(school: School) -> School:
    """The course of a licence with 100 credits and a maximum of 10."""
    license_ = make_license(school.session, context=school.course)
    policies.save(school.session, license_.id, EXPORT_CREDITS, maximum=10, based_on=0, actor=OPERATOR, now=NOW)
    return school


def test_a_students_first_launch_gives_one_bundle(licensed: School) -> None:
    admitted = licensed.launch("student")
    account = licensed.account(admitted)
    assert (account.balance, account.received, account.auto_received) == (5, 5, 5)
    assert licensed.session.get_one(Pool, (admitted.license_id, EXPORT_CREDITS.name)).balance == 95


def test_a_student_who_has_something_left_gets_no_more_at_launch(licensed: School) -> None:
    licensed.launch("student")
    again = licensed.launch("student")
    assert again.top_up is not None
    assert again.top_up.allotted == 0
    assert licensed.account(again).received == 5


def test_a_student_who_used_all_gets_the_next_bundle_until_the_maximum(licensed: School) -> None:
    first = licensed.launch("student")
    assert first.license_id
    assert first.member_id
    for _ in range(2):
        spend(licensed.session, first.license_id, EXPORT_CREDITS, first.member_id, amount=5, actor=OPERATOR, now=NOW)
        last = licensed.launch("student")
    assert last.top_up is not None
    assert last.top_up.why_none is Why.MAXIMUM
    assert licensed.account(last).received == 10


def test_what_was_given_by_hand_counts_towards_the_maximum(licensed: School) -> None:
    first = licensed.launch("student")
    assert first.license_id
    assert first.member_id
    allot(
        licensed.session,
        first.license_id,
        EXPORT_CREDITS,
        member_ids=[first.member_id],
        each=3,
        actor=OPERATOR,
        now=NOW,
    )
    spend(licensed.session, first.license_id, EXPORT_CREDITS, first.member_id, amount=8, actor=OPERATOR, now=NOW)
    last = licensed.launch("student")
    assert last.top_up is not None
    assert last.top_up.why_none is Why.MAXIMUM  # R10: 8 of 10, and no part of a bundle


def test_a_launch_succeeds_although_the_pool_is_shorter_than_a_bundle(school: School) -> None:
    license_ = make_license(school.session, credits=3, context=school.course)
    policies.save(school.session, license_.id, EXPORT_CREDITS, maximum=10, based_on=0, actor=OPERATOR, now=NOW)
    admitted = school.launch("student")
    assert admitted.top_up is not None
    assert admitted.top_up.why_none is Why.POOL
    assert school.account(admitted).received == 0
    assert school.session.get_one(Pool, (license_.id, EXPORT_CREDITS.name)).balance == 3


def test_a_license_of_another_resource_lets_its_students_in(school: School) -> None:
    license_ = make_license(school.session, context=school.course, resource="phone-minutes")

    admitted = school.launch("student")

    assert admitted.license_id == license_.id
    assert admitted.top_up is None


def test_nothing_comes_by_itself_while_the_setting_is_off(school: School) -> None:
    make_license(school.session, context=school.course)
    admitted = school.launch("student")
    assert admitted.top_up is not None
    assert admitted.top_up.why_none is Why.OFF
    assert school.account(admitted).received == 0


@pytest.mark.parametrize("role", [Role.TEACHER, Role.TA, Role.DESIGNER, Role.ADMIN])
def test_staff_are_members_and_receive_nothing_by_themselves(licensed: School, role: Role) -> None:
    admitted = licensed.launch("staff", role)
    assert admitted.top_up is None
    assert licensed.account(admitted).received == 0


@pytest.mark.parametrize("role", [Role.TEST_USER, Role.OBSERVER, Role.NONE])
def test_student_view_observers_and_people_without_a_role_open_no_account(licensed: School, role: Role) -> None:
    admitted = licensed.launch("visitor", role)
    assert admitted.member_id is None
    assert licensed.count(Person) == licensed.count(Member) == licensed.count(Account) == 0


def test_a_teacher_who_switches_role_to_student_is_not_filled(licensed: School) -> None:
    licensed.launch("teacher", Role.TEACHER)
    as_student = licensed.launch("teacher", Role.LEARNER)
    assert as_student.top_up is None
    assert not as_student.manages
    assert licensed.account(as_student).received == 0


def test_staff_of_the_roster_who_launch_as_learners_are_not_filled(licensed: School) -> None:
    admitted = licensed.launch("teacher", Role.TEACHER)
    enrollment = licensed.session.get_one(Enrollment, (licensed.course.id, admitted.member_id))
    enrollment.launch_role, enrollment.roster_role = "learner", "teacher"
    licensed.session.flush()
    assert licensed.launch("teacher", Role.LEARNER).top_up is None


def test_in_a_course_without_a_license_a_student_leaves_no_trace(school: School) -> None:
    assert school.launch("student") == Admitted()
    assert school.count(Person) == 0


def test_a_teacher_without_a_license_is_told_so_and_leaves_no_trace(school: School) -> None:
    assert school.launch("teacher", Role.TEACHER) == Admitted()
    assert school.count(Person) == 0


def test_a_trial_starts_with_the_teachers_first_launch_and_is_theirs(school: School) -> None:
    school.settings = replace(school.settings, provisioning="trial")
    admitted = school.launch("teacher", Role.TEACHER)
    assert admitted.manages
    assert school.session.get_one(Pool, (admitted.license_id, EXPORT_CREDITS.name)).balance == 25
    assert school.launch("student").license_id == admitted.license_id


def test_a_student_never_starts_a_trial(school: School) -> None:
    school.settings = replace(school.settings, provisioning="trial")
    assert school.launch("student") == Admitted()


def test_a_single_educators_courses_share_one_license(school: School) -> None:
    school.settings = replace(school.settings, provisioning="trial")
    first = school.launch("teacher", Role.TEACHER)
    second = make_context(school.session, school.deployment)
    assert school.launch("teacher", Role.TEACHER, course=second).license_id == first.license_id
    assert school.launch("student", course=second).license_id == first.license_id


def test_the_courses_own_license_comes_before_the_deployments(school: School) -> None:
    make_license(school.session, deployment=school.deployment)
    own = make_license(school.session, context=school.course)
    assert school.launch("student").license_id == own.id


def test_a_course_keeps_the_license_it_first_had(school: School) -> None:
    first = make_license(school.session, deployment=school.deployment)
    school.launch("student")
    binding = school.session.scalars(select(Binding).where(Binding.context_id.is_(None))).one()
    binding.license_id = make_license(school.session).id
    school.session.flush()
    assert school.launch("student").license_id == first.id


def test_one_person_in_two_courses_of_a_license_has_one_account(licensed: School) -> None:
    second = make_context(licensed.session, licensed.deployment)
    first_launch = licensed.launch("student")
    license_ = licensed.session.get_one(licenses.License, first_launch.license_id)
    bind(licensed.session, license_, context=second)
    assert licensed.launch("student", course=second).member_id == first_launch.member_id
    assert licensed.count(Account) == 1
    assert licensed.count(Enrollment) == 2


def test_the_same_subject_on_another_platform_is_somebody_else(licensed: School) -> None:
    here = licensed.launch("5")
    elsewhere = make_deployment(licensed.session)
    course = make_context(licensed.session, elsewhere)
    license_ = licensed.session.get_one(licenses.License, here.license_id)
    bind(licensed.session, license_, context=course)
    there = School(licensed.session, elsewhere, course, licensed.settings).launch("5")
    assert there.member_id != here.member_id


def test_a_missing_name_fills_in_when_it_comes_and_is_never_taken_away(licensed: School) -> None:
    admitted = licensed.launch("student", name=None)
    person = licensed.session.get_one(Person, admitted.person_id)
    assert person.display_name.startswith("Learner ")
    licensed.launch("student", name="Łukasz Żółkiewski")
    licensed.launch("student", name=None)
    licensed.session.expire_all()
    person = licensed.session.get_one(Person, admitted.person_id)
    assert (person.display_name, person.sort_name) == ("Łukasz Żółkiewski", "lukasz zolkiewski")


def test_a_member_who_left_has_the_balance_again_on_return(licensed: School) -> None:
    license_id = licensed.launch("student").license_id
    license_ = licensed.session.get_one(licenses.License, license_id)
    left = make_member(licensed.session, license_, licensed.course, subject="left", active=False)
    back = licensed.launch("left")
    assert back.member_id == left.id
    assert not licensed.account(back).frozen
    assert back.top_up is not None
    assert back.top_up.allotted == 5


def test_every_teacher_manages_until_the_operator_names_somebody(licensed: School) -> None:
    teacher = licensed.launch("teacher", Role.TEACHER)
    assert teacher.manages
    assert teacher.license_id
    named = make_person(licensed.session, licensed.deployment.platform_id, subject="principal")
    licenses.name_manager(licensed.session, teacher.license_id, named.id, now=NOW)
    assert not licensed.launch("teacher", Role.TEACHER).manages
    assert licensed.launch("principal", Role.TEACHER).manages


def test_a_manager_by_name_has_no_power_as_anything_but_a_teacher(licensed: School) -> None:
    admitted = licensed.launch("somebody", Role.TEACHER)
    assert admitted.license_id
    assert admitted.person_id
    licenses.name_manager(licensed.session, admitted.license_id, admitted.person_id, now=NOW)
    assert not licensed.launch("somebody", Role.TA).manages


def test_an_observer_sees_only_students_of_this_course_whom_they_mentor(licensed: School) -> None:
    child = licensed.launch("child")
    licensed.launch("other")
    licensed.launch("teacher", Role.TEACHER)
    seen = licensed.launch("parent", Role.OBSERVER, mentored=("child", "teacher", "unknown")).mentored
    assert seen == (child.member_id,)


@pytest.mark.parametrize(
    ("launched", "listed", "counts"),
    [
        (Role.TEACHER, Role.LEARNER, Role.TEACHER),  # Moodle's non-editing teacher (R26)
        (Role.LEARNER, Role.TEACHER, Role.TEACHER),  # Moodle's "switch role to student"
        (Role.TA, Role.TEACHER, Role.TA),
        (None, Role.LEARNER, Role.LEARNER),
        (Role.LEARNER, None, Role.LEARNER),
        (None, None, Role.NONE),
    ],
)
def test_staff_by_launch_or_roster_outranks_a_student(launched: Role | None, listed: Role | None, counts: Role) -> None:
    assert standing_role(launched, listed) is counts


def test_names_sort_without_accents_and_case() -> None:
    assert sort_name("Siobhán O’Shaughnessy") == "siobhan o’shaughnessy"
    assert sort_name("Ruth Sørensen-Åberg") == "ruth sorensen-aberg"
