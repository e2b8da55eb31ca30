"""Who comes in finds the place of their role in this course, or reads why there is nothing for them."""

import json
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from tests.conftest import Books
from tests.lti_platform import ABSENT, MEMBERSHIP, FakePlatform, launch, register
from tests.web.lti.conftest import give_license, rows

MOODLE = Path(__file__).parents[2] / "fixtures" / "moodle"
TEST_USER = "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"
INSTITUTION = "http://purl.imsglobal.org/vocab/lis/v2/institution/person#"


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """The same on both databases; `test_launch.py` runs on each."""
    return sqlite_url


HOMES = {
    "Learner": "/student/",
    "Mentor": "/student/",
    "Instructor": "/manager/first-steps",
    "TeachingAssistant": "/manager/",
    "ContentDeveloper": "/manager/",
    "Administrator": "/manager/",
}


@pytest.mark.parametrize("role", HOMES)
def test_everybody_is_sent_to_the_place_of_their_role(
    role: str, client: FlaskClient, platform: FakePlatform, books: Books
) -> None:
    give_license(books, platform)
    answer = launch(client, platform, role=role)
    assert (answer.status_code, answer.headers["Location"]) == (303, HOMES[role])


CASES = sorted(path.stem.removeprefix("launch-") for path in MOODLE.glob("launch-*") if '"claims"' in path.read_text())


@pytest.mark.parametrize("case", CASES)
def test_a_launch_as_moodle_made_it_is_let_in(
    case: str, client: FlaskClient, platform: FakePlatform, engine: Engine, books: Books
) -> None:
    give_license(books, platform)
    seen = json.loads((MOODLE / f"launch-{case}.json").read_text("utf-8"))["launch"]["claims"]
    ours = ("iss", "aud", "iat", "exp", "nonce")
    changes = {claim: value for claim, value in seen.items() if claim not in ours}
    for claim in ("deployment_id", "target_link_uri"):
        del changes[f"https://purl.imsglobal.org/spec/lti/claim/{claim}"]
    anonymous = {claim: ABSENT for claim in ("name", "email") if claim not in seen}
    answer = launch(client, platform, changes=changes | anonymous)
    assert answer.status_code == 303
    assert answer.headers["Location"] == ("/student/" if "student" in case else "/manager/first-steps")
    assert rows(engine, "select subject, name, email from people") == [
        (seen["sub"], seen.get("name"), seen.get("email"))
    ]
    course = seen["https://purl.imsglobal.org/spec/lti/claim/context"]
    assert rows(engine, "select context_id, label, title from contexts") == [
        (course["id"], course["label"], course["title"])
    ]


NOTHING_TO_SHOW = {
    "student_view": ([f"{MEMBERSHIP}Learner", TEST_USER], "This is the student view"),
    "no_roles": ([], "have no role here"),
    "unknown_role": (["http://purl.imsglobal.org/vocab/lis/v2/unknown/unknown#Helper"], "have no role here"),
    "administrator_of_the_institution": ([f"{INSTITUTION}Administrator"], "have no role here"),
    "faculty_elsewhere": ([f"{INSTITUTION}Faculty"], "have no role here"),
}


@pytest.mark.parametrize("case", NOTHING_TO_SHOW)
def test_who_has_no_part_in_the_course_reads_so_and_has_no_account(
    case: str, client: FlaskClient, platform: FakePlatform, engine: Engine, books: Books
) -> None:
    give_license(books, platform)
    roles, says = NOTHING_TO_SHOW[case]
    answer = launch(client, platform, role=roles)
    assert answer.status_code == 200
    assert says in answer.text
    assert "Ada Byron" in answer.text
    assert "Course context-1" in answer.text
    assert rows(engine, "select * from people") == []
    assert client.get("/student/").status_code == 401


@pytest.mark.parametrize("without", [{}, {"resource_link": ABSENT}], ids=["of a link", "of an app menu"])
def test_a_launch_outside_a_course_is_told_so(
    without: dict[str, object], client: FlaskClient, platform: FakePlatform, engine: Engine
) -> None:
    for role in ("Learner", "Instructor"):
        launch(client, platform, role=role, context=None, changes=without)
        page = client.get(f"/{'student' if role == 'Learner' else 'manager'}/")
        assert page.status_code == 200
        assert "Open Creditroll from inside a course" in page.text
    assert rows(engine, "select * from people") == rows(engine, "select * from contexts") == []


@pytest.mark.parametrize(("family", "status"), [("blackboard", 303), ("other", 400)])
def test_a_course_of_an_lms_that_is_known_to_omit_the_link_opens_without_one(
    family: str, status: int, client: FlaskClient, lms: FakePlatform, books: Books
) -> None:
    vars(lms).update(vars(FakePlatform(url=lms.url, family=family)))
    with books() as session:
        register(session, lms)
    give_license(books, lms)
    assert launch(client, lms, role="Instructor", changes={"resource_link": ABSENT}).status_code == status


def test_a_course_without_a_license_is_told_so(client: FlaskClient, platform: FakePlatform, engine: Engine) -> None:
    launch(client, platform)
    page = client.get("/student/")
    assert page.status_code == 200
    assert "Your teacher has not set this up yet" in page.text
    assert rows(engine, "select * from people") == []
