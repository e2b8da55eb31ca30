"""Who an LMS sends, by its own roles: what each finds, holds and may do in the course, at launch and in the roster."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, text

from lti_tool import clock
from lti_tool.ledger import policies
from lti_tool.ledger.movements import OPERATOR
from lti_tool.lti import platforms
from lti_tool.lti.families import FAMILIES
from lti_tool.lti.names_roles import RosterMember
from lti_tool.lti.roles import Role, resolve
from lti_tool.members import marks, roster
from tests.conftest import Books
from tests.factories import EXPORT_CREDITS, make_license
from tests.lti_platform import ABSENT, CLAIM, FakePlatform, launch
from tests.web.lti.conftest import rows

MOODLE = Path(__file__).parents[2] / "fixtures" / "moodle"
V = "http://purl.imsglobal.org/vocab/lis/v2/"
LEARNER, INSTRUCTOR = f"{V}membership#Learner", f"{V}membership#Instructor"
ADMINISTRATOR, MENTOR = f"{V}membership#Administrator", f"{V}membership#Mentor"
TA = f"{V}membership/Instructor#TeachingAssistant"
AT_SCHOOL = f"{V}institution/person#"
USER = f"{V}system/person#User"
TEST_USER = "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """What roles give is decided before the database is asked."""
    return sqlite_url


@dataclass(frozen=True)
class Persona:
    """Somebody of an LMS: the roles of their launch and of their row in the roster, and what must come of it.

    `lands` is where they arrive ("" for a page that says there is nothing); `held` is what a first launch allots.
    """

    roles: list[str]
    lands: str
    held: int | None
    """None: they have no account."""
    may_give: bool = False
    listed: list[str] | None = None
    changes: Mapping[str, Any] = field(default_factory=dict)


STUDENT, STAFF = "/student/", "/manager/"

PERSONAS = {
    # Canvas sends the roles of all courses, sorted (platforms.md 2.5).
    "canvas_student": Persona([f"{AT_SCHOOL}Student", LEARNER, USER], STUDENT, 5),
    "canvas_teacher": Persona([f"{AT_SCHOOL}Instructor", INSTRUCTOR, USER], STAFF, 0, may_give=True),
    "canvas_assistant": Persona([f"{AT_SCHOOL}Instructor", INSTRUCTOR, TA, USER], STAFF, 0),
    "canvas_designer": Persona([f"{AT_SCHOOL}Instructor", f"{V}membership#ContentDeveloper", USER], STAFF, 0),
    "canvas_observer": Persona([MENTOR, USER], STUDENT, None),
    "canvas_account_admin": Persona([f"{AT_SCHOOL}Administrator", USER], "", None),
    "canvas_site_admin": Persona([f"{AT_SCHOOL}Administrator", f"{V}system/person#SysAdmin", USER], "", None),
    "canvas_student_view": Persona([f"{AT_SCHOOL}Student", LEARNER, USER, TEST_USER], "", None),
    "canvas_teacher_who_studies_elsewhere": Persona(
        [f"{AT_SCHOOL}Instructor", f"{AT_SCHOOL}Student", INSTRUCTOR, USER], STAFF, 0, may_give=True
    ),
    "canvas_student_who_teaches_elsewhere": Persona([f"{AT_SCHOOL}Instructor", LEARNER, USER], STUDENT, 5),
    "canvas_enrolled_twice": Persona([INSTRUCTOR, LEARNER, USER], STAFF, 0, may_give=True),
    "canvas_account_navigation": Persona(
        [f"{AT_SCHOOL}Administrator", USER],
        "",
        None,
        changes={"context": {"id": "account-1", "type": ["Account"]}, "resource_link": {"id": "account-1"}},
    ),
    # Schoology: only Course Admins come as Instructor (3.2); its organisation's administrators have both roles.
    "schoology_course_admin": Persona([INSTRUCTOR], STAFF, 0, may_give=True),
    "schoology_co_teacher": Persona([LEARNER], STUDENT, 5),
    "schoology_organization_admin": Persona([ADMINISTRATOR, INSTRUCTOR], STAFF, 0, may_give=True),
    "schoology_parent": Persona([MENTOR], STUDENT, None),
    # Moodle: launch and roster disagree (moodle-observed.md, Roles).
    "moodle_teacher": Persona([INSTRUCTOR], STAFF, 0, may_give=True, listed=["Instructor"]),
    "moodle_non_editing_teacher": Persona([INSTRUCTOR], STAFF, 0, may_give=True, listed=["Learner"]),
    "moodle_student": Persona([LEARNER], STUDENT, 5, listed=["Learner"]),
    "moodle_manager": Persona([INSTRUCTOR], STAFF, 0, may_give=True),
    "moodle_administrator": Persona(
        [f"{AT_SCHOOL}Administrator", INSTRUCTOR, f"{V}system/person#Administrator"], STAFF, 0, may_give=True
    ),
    # Blackboard: administrators carry the course role too; its preview user is a TestUser.
    "blackboard_administrator": Persona(
        [INSTRUCTOR, f"{V}system/person#Administrator", ADMINISTRATOR, f"{AT_SCHOOL}Staff"], STAFF, 0, may_give=True
    ),
    "blackboard_preview_user": Persona([LEARNER, TEST_USER], "", None),
    "brightspace_without_roles": Persona([], "", None),
    "brightspace_grader": Persona([f"{V}membership/Instructor#Grader"], STAFF, 0),
    # Open edX: a forum's assistant studies too.
    "openedx_student": Persona([f"{V}system/person#None", f"{AT_SCHOOL}None", LEARNER], STUDENT, 5),
    "openedx_forum_assistant": Persona([LEARNER, TA], STAFF, 0),
    "sakai_superuser": Persona([INSTRUCTOR, ADMINISTRATOR], STAFF, 0, may_give=True),
    "administrator_of_the_course_alone": Persona([ADMINISTRATOR], STAFF, 0),
    "group_manager": Persona([f"{V}membership#Manager"], "", None),
}


@pytest.fixture
def license_id(books: Books, platform: FakePlatform) -> str:
    """A licence of 100 for the platform's deployment, with a maximum of 10."""
    with books() as session:
        [deployment] = platforms.deployments(session, platforms.find(session, platform.id))
        made = make_license(session, deployment=deployment)
        policies.save(session, made.id, EXPORT_CREDITS, maximum=10, based_on=0, actor=OPERATOR, now=clock.now())
        return made.id


def read_roster(books: Books, engine: Engine, row: RosterMember) -> None:
    """A complete roster of the first course: its teacher, and that row."""
    [(course_id,), *_] = rows(engine, "select id from contexts order by id")
    teacher = RosterMember("teacher", None, None, Role.TEACHER, active=True)
    with books() as session:
        course = roster.course(session, course_id, now=clock.now())
        roster.apply(session, course, [teacher, row], began_at=clock.now(), now=clock.now())


def give_to_oneself(client: FlaskClient, engine: Engine) -> int:
    """Posts the Add form, of whatever page this person sees, for the first member; the answer's status."""
    [(member,), *_] = rows(engine, "select id from members order by id")
    page = client.get(f"/manager/members/add?only={member}").text
    token = page.partition('name="csrf_token" value="')[2].partition('"')[0]
    form = {"csrf_token": token, "members": str(member), "amount": "7"}
    return client.post("/manager/members/add", data=form).status_code


@pytest.mark.parametrize("name", PERSONAS)
@pytest.mark.usefixtures("license_id")
def test_who_comes_finds_their_place_and_holds_what_is_theirs(
    name: str, client: FlaskClient, platform: FakePlatform, engine: Engine
) -> None:
    persona = PERSONAS[name]
    answer = launch(client, platform, role=persona.roles, changes=persona.changes)
    if persona.lands:
        assert (answer.status_code, answer.headers["Location"]) == (303, persona.lands)
        assert client.get(persona.lands).status_code == 200
    else:
        assert answer.status_code == 200
        assert client.get(STUDENT).status_code == client.get(STAFF).status_code == 401
    held = rows(engine, "select received from accounts")
    assert held == ([] if persona.held is None else [(persona.held,)])


@pytest.mark.parametrize("name", PERSONAS)
@pytest.mark.usefixtures("license_id")
def test_only_teachers_of_the_course_give(
    name: str, client: FlaskClient, platform: FakePlatform, engine: Engine
) -> None:
    persona = PERSONAS[name]
    launch(client, platform, role=persona.roles, changes=persona.changes)
    launch(client.application.test_client(), platform, subject="somebody-else")
    before = rows(engine, "select sum(received) from accounts")[0][0]
    refused = 403 if persona.lands else 401
    assert give_to_oneself(client, engine) == (303 if persona.may_give else refused)
    assert rows(engine, "select sum(received) from accounts")[0][0] == before + 7 * persona.may_give
    assert client.get("/manager/settings").status_code == (200 if persona.may_give else refused)


@pytest.mark.parametrize("name", PERSONAS)
@pytest.mark.usefixtures("license_id")
def test_a_roster_row_gives_no_credits_and_takes_no_standing(
    name: str, client: FlaskClient, platform: FakePlatform, books: Books, engine: Engine
) -> None:
    persona = PERSONAS[name]
    launch(client, platform, role="Instructor", subject="teacher", memberships_url="https://lms.example/members")
    row = RosterMember("subject-1", None, None, resolve(persona.listed or persona.roles), active=True)
    read_roster(books, engine, row)
    assert rows(engine, "select sum(received) from accounts") == [(0,)]  # R8

    answer = launch(client.application.test_client(), platform, role=persona.roles, changes=persona.changes)
    read_roster(books, engine, row)
    standing = rows(
        engine,
        "select e.role from enrollments e join members m on m.id = e.member_id join people p on p.id = m.person_id"
        " where p.subject = 'subject-1' and e.active",
    )
    # R26: staff by launch or roster is staff; who holds nothing is no member at all.
    assert len(standing) == (0 if persona.held is None else 1)
    assert [Role(role).is_staff for (role,) in standing] == [persona.lands == STAFF] * len(standing)
    assert answer.headers.get("Location", "") == persona.lands


@pytest.mark.usefixtures("license_id")
def test_a_visitor_whom_a_public_course_does_not_name_is_refused_kindly(
    client: FlaskClient, platform: FakePlatform, engine: Engine
) -> None:
    answer = launch(client, platform, role=[f"{V}system/person#None"], changes={"sub": ABSENT})
    assert answer.status_code == 403
    assert "We do not know who you are" in answer.text
    assert rows(engine, "select * from people") == []


@pytest.mark.usefixtures("license_id")
def test_a_moodle_teacher_who_switches_role_to_student_sees_the_students_page_and_is_not_filled(
    client: FlaskClient, platform: FakePlatform, engine: Engine
) -> None:
    seen = json.loads((MOODLE / "launch-teacher-switched-to-student.json").read_text("utf-8"))["launch"]["claims"]
    roles = seen[f"{CLAIM}roles"]
    launch(client, platform, role=[INSTRUCTOR], subject=seen["sub"])
    assert launch(client, platform, role=roles, subject=seen["sub"]).headers["Location"] == STUDENT
    assert rows(engine, "select received from accounts") == [(0,)]
    assert rows(engine, "select role from enrollments") == [("teacher",)]


def mark(books: Books, engine: Engine, *, is_staff: bool) -> None:
    """Marks the one member of the course, or takes it back, as the teacher's form does."""
    [(license_id, context_id, member_id)] = rows(engine, "select license_id, context_id, member_id from enrollments")
    with books() as session:
        marks.mark(session, license_id, context_id, [member_id], is_staff=is_staff, by_member="teacher")


@pytest.mark.usefixtures("license_id")
def test_a_schoology_co_teacher_whom_the_teacher_marked_launches_as_an_assistant_until_it_is_taken_back(
    client: FlaskClient, platform: FakePlatform, books: Books, engine: Engine
) -> None:
    co_teacher = PERSONAS["schoology_co_teacher"].roles
    assert launch(client, platform, role=co_teacher).headers["Location"] == STUDENT
    mark(books, engine, is_staff=True)
    for _ in range(2):
        assert launch(client, platform, role=co_teacher).headers["Location"] == STAFF
        assert client.get(STAFF).status_code == 200
        assert client.get("/manager/members/add").status_code == 403
    assert rows(engine, "select role, launch_role from enrollments") == [("ta", "learner")]
    assert rows(engine, "select received from accounts") == [(5,)]  # theirs from before, and no more
    mark(books, engine, is_staff=False)
    assert client.get(STAFF).status_code == 401
    assert launch(client, platform, role=co_teacher).headers["Location"] == STUDENT


@pytest.mark.usefixtures("license_id")
def test_who_is_marked_and_has_no_role_any_more_finds_nothing(
    client: FlaskClient, platform: FakePlatform, books: Books, engine: Engine
) -> None:
    launch(client, platform)
    mark(books, engine, is_staff=True)
    assert "have no role here" in launch(client, platform, role=[]).text
    assert launch(client, platform, role=[LEARNER, TEST_USER]).status_code == 200
    assert client.get(STAFF).status_code == 401


@pytest.mark.usefixtures("license_id")
def test_a_familys_own_word_for_a_role_counts_in_its_launches_and_nowhere_else(
    client: FlaskClient, platform: FakePlatform, books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = replace(FAMILIES["sakai"], roles={"Coach of the class": Role.TEACHER})
    monkeypatch.setitem(FAMILIES, "sakai", own)
    with books() as session:
        session.execute(text("update platforms set family = 'sakai'"))
    assert launch(client, platform, role=["Coach of the class"]).headers["Location"] == STAFF
    assert resolve(["Coach of the class"], own.roles) is Role.TEACHER
    assert resolve(["Coach of the class"]) is Role.NONE
