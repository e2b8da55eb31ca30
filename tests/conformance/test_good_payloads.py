"""T1 to T9 and S1 to S10: every valid launch is let in, with a page for the person, whatever was left out."""

import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.conformance.conftest import LIS, STUDENT, TEACHER, Sent, with_license, words
from tests.conftest import Books
from tests.lti_platform import ABSENT, FakePlatform

INSTRUCTOR, LEARNER = f"{LIS}membership#Instructor", f"{LIS}membership#Learner"
EMAIL = {"email": "c.lowell@district1.com"}
NO_EMAIL = {"email": ABSENT}
NO_NAMES = {"name": ABSENT, "given_name": ABSENT, "family_name": ABSENT}
NO_CONTEXT = {"context": ABSENT}

# The place that each is let in to; None is the page for who has no part in the course.
GOOD: dict[str, tuple[str | None, dict[str, Any]]] = {
    "T1_standard": ("/manager/", TEACHER | EMAIL | {"roles": [INSTRUCTOR]}),
    "T2_multiple_roles": (
        "/manager/",
        TEACHER | {"roles": [INSTRUCTOR, f"{LIS}institution/person#Staff", f"{LIS}institution/person#Other"]},
    ),
    "T3_short_role": ("/manager/", TEACHER | {"roles": ["Instructor"]}),
    "T4_unknown_role": (None, TEACHER | {"roles": [f"{LIS}unknown/unknown#Helper"]}),
    "T5_no_role": (None, TEACHER | {"roles": [""]}),
    "T6_only_email": ("/manager/", TEACHER | NO_NAMES | EMAIL | {"roles": [INSTRUCTOR]}),
    "T7_only_names": ("/manager/", TEACHER | NO_EMAIL | {"roles": [INSTRUCTOR]}),
    "T8_no_pii": ("/manager/", TEACHER | NO_NAMES | NO_EMAIL | {"roles": [INSTRUCTOR]}),
    "T9_no_context": ("/manager/", TEACHER | NO_NAMES | EMAIL | NO_CONTEXT | {"roles": [INSTRUCTOR]}),
    "S1_standard": ("/student/", STUDENT | EMAIL | {"roles": [LEARNER]}),
    "S2_multiple_roles": (
        "/student/",
        STUDENT | {"roles": [LEARNER, f"{LIS}institution/person#Student", f"{LIS}institution/person#Mentor"]},
    ),
    "S3_short_role": ("/student/", STUDENT | {"roles": ["Learner"]}),
    "S4_unknown_role": ("/student/", STUDENT | {"roles": [LEARNER, f"{LIS}uknownrole/unknown#Unknown"]}),
    "S5_no_role": (None, STUDENT | {"roles": [""]}),
    "S6_only_email": ("/student/", STUDENT | NO_NAMES | EMAIL | {"roles": [LEARNER]}),
    "S7_only_names": ("/student/", STUDENT | NO_EMAIL | {"roles": [LEARNER]}),
    "S8_no_pii": ("/student/", STUDENT | NO_NAMES | NO_EMAIL | {"roles": [LEARNER]}),
    "S9_no_context": ("/student/", STUDENT | NO_NAMES | EMAIL | NO_CONTEXT | {"roles": [LEARNER]}),
    "S10_only_resource_link": ("/student/", STUDENT | NO_NAMES | NO_EMAIL | NO_CONTEXT | {"roles": [LEARNER]}),
    "empty_list_of_roles": (None, STUDENT | {"roles": []}),
}


@pytest.fixture(params=["licensed", "not_licensed"])
def course(request: pytest.FixtureRequest, attempt: Sent, validator: FakePlatform, books: Books) -> Sent:
    """The course of the launches, with and without a licence behind it."""
    if request.param == "licensed":
        with_license(books, validator)
    return attempt


@pytest.fixture
def licensed(attempt: Sent, validator: FakePlatform, books: Books) -> Sent:
    """Launches of a deployment with a licence."""
    with_license(books, validator)
    return attempt


@pytest.mark.parametrize("case", GOOD)
def test_a_valid_launch_is_let_in_and_shows_who_is_there_as_what_in_which_course(
    case: str, course: Sent, client: FlaskClient
) -> None:
    home, changes = GOOD[case]
    page = course(changes)
    if home is not None:
        assert (page.status_code, page.headers["Location"]) == (303, home)
        page = client.get(home)
    assert page.status_code == 200
    assert "<h1" in page.text
    told = words(page.text)
    assert ("no course" if "context" in changes else "Bio Adventures") in told
    if home is None:
        assert "Role none" in told
        assert f"Name {changes['name']}" in told
        return
    assert re.search(r"You are here as [A-Z].*, (teacher|student) ·", told)
    assert ("teacher" if home == "/manager/" else "student") in told
    if "context" in changes:
        assert "Open Creditroll from inside a course" in told


@pytest.mark.parametrize(("person", "role"), [(TEACHER, INSTRUCTOR), (STUDENT, LEARNER)])
def test_whoever_has_a_name_is_called_by_it_and_whoever_has_none_by_a_pseudonym_that_stays(
    person: dict[str, str], role: str, licensed: Sent, client: FlaskClient
) -> None:

    def called(changes: dict[str, Any]) -> str:
        home = licensed(person | {"roles": [role]} | changes).headers["Location"]
        found = re.search(r"You are here as (.+), (teacher|student) · (.+)$", words(client.get(home).text))
        assert found
        return found[1]

    assert called(NO_NAMES | {"sub": "nameless"}) == called(NO_NAMES | {"sub": "nameless"}) != person["name"]
    assert called({}) == person["name"]
