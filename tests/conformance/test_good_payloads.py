"""T1 to T9 and S1 to S10: every valid launch is let in, with a page for the person, whatever was left out."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from lti_tool.lti import platforms
from tests.conformance.conftest import LIS, STUDENT, TEACHER, Attempt
from tests.conftest import Books
from tests.factories import make_license
from tests.lti_platform import ABSENT, FakePlatform

INSTRUCTOR, LEARNER = f"{LIS}membership#Instructor", f"{LIS}membership#Learner"
EMAIL = {"email": "c.lowell@district1.com"}
NO_EMAIL = {"email": ABSENT}
NO_NAMES = {"name": ABSENT, "given_name": ABSENT, "family_name": ABSENT}
NO_CONTEXT = {"context": ABSENT}

# The place that each is let in to; None is the page for who has no part in the course.
CASES: dict[str, tuple[str | None, dict[str, Any]]] = {
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
def course(request: pytest.FixtureRequest, attempt: Attempt, validator: FakePlatform, books: Books) -> Attempt:
    """The course of the launches, with and without a licence behind it."""
    if request.param == "licensed":
        with books() as session:
            [deployment] = platforms.deployments(session, platforms.find(session, validator.id))
            make_license(session, deployment=deployment)
    return attempt


@pytest.mark.parametrize("case", CASES)
def test_a_valid_launch_is_let_in(case: str, course: Attempt, client: FlaskClient) -> None:
    home, changes = CASES[case]
    answer = course(changes)
    if home is None:
        assert answer.status_code == 200
        assert "Bio Adventures" in answer.text
        return
    assert (answer.status_code, answer.headers["Location"]) == (303, home)
    page = client.get(home)
    assert page.status_code == 200
    assert "<h1" in page.text
    if "context" in changes:
        assert "Open Creditroll from inside a course" in page.text
