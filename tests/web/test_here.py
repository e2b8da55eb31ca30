"""The foot of a page says whose page it is, in which role and course; a refusal names nobody."""

from dataclasses import replace

from flask.testing import FlaskClient

from lti_tool.lti.roles import Role
from lti_tool.web import here
from tests.web.conftest import Enter, School
from tests.web.pages import get


def test_a_page_says_whose_it_is(teacher: FlaskClient, client: FlaskClient, school: School, enter: Enter) -> None:
    assert "You are here as Grace Okonkwo, teacher · Biology 9" in get(teacher, "/manager/").text
    enter(client, replace(school.visit(school.ada, Role.LEARNER), alias="Learner 7F3A"))
    assert "You are here as Learner 7F3A, student · Biology 9" in get(client, "/student/").text
    enter(client, replace(school.visit(None, Role.OBSERVER), alias="", context_id=None))
    assert "You are here as observer · no course" in get(client, "/student/").text


def test_a_refusal_names_nobody(teacher: FlaskClient) -> None:
    for address in ("/student/", "/manager/nothing"):
        page = get(teacher, address)
        assert page.status in (403, 404)
        assert "You are here as" not in page.text
        assert "Grace" not in page.text


def test_staff_of_whom_nothing_is_kept_are_not_called_learners() -> None:
    assert here.alias("platform", "subject", Role.TEACHER).startswith("Visitor ")
    assert here.alias("platform", "subject", Role.LEARNER).startswith("Learner ")
    assert here.alias("platform", "subject", Role.OBSERVER) == ""
