"""A teacher connects a course that has no license with the code of one."""

from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from lti_tool.licenses import bindings
from lti_tool.lti.roles import Role
from tests.factories import NOW, make_context, make_license
from tests.web.conftest import Enter, School
from tests.web.pages import Page, get, post


@pytest.fixture
def unconnected(client: FlaskClient, school: School, enter: Enter) -> FlaskClient:
    """The browser of a teacher whose course no license knows."""
    with school.books() as session:
        course = make_context(session)
    enter(client, replace(school.as_teacher, context_id=course.id, license_id=None, member_id=None, manages=False))
    return client


def _code(school: School) -> str:
    with school.books() as session:
        return make_license(session).code


def test_the_code_connects_the_course(unconnected: FlaskClient, school: School) -> None:
    with school.books() as session:
        license_ = make_license(session)
        license_.code, license_id = "ABCD-EFGH-JKLM-NPQR", license_.id
    page = get(unconnected, "/manager/")
    done = post(unconnected, page.form("/manager/claim"), code="abcd efgh jklm npqr")
    assert done.status_code == 200
    assert "This course is connected" in Page(done).text
    with school.books() as session:
        assert len(bindings.describe(session, license_id)) == 1


def test_a_wrong_code_is_said_beside_the_field_and_kept(unconnected: FlaskClient) -> None:
    page = get(unconnected, "/manager/")
    refused = post(unconnected, page.form("/manager/claim"), code="WRONG")
    assert refused.status_code == 422
    (field,) = Page(refused).find("input", name="code")
    assert (field["value"], field["aria-invalid"]) == ("WRONG", "true")


def test_a_course_that_has_a_license_keeps_it(client: FlaskClient, school: School, enter: Enter) -> None:
    with school.books() as session:
        bindings.bind(session, school.license, school.deployment, school.course, now=NOW)
        code = make_license(session).code
    enter(client, replace(school.as_teacher, license_id=None, member_id=None))
    page = get(client, "/manager/")
    assert post(client, page.form("/manager/claim"), code=code).status_code == 422


@pytest.mark.parametrize("role", [Role.TA, Role.LEARNER, Role.OBSERVER])
def test_nobody_but_a_teacher_connects_a_course(client: FlaskClient, school: School, enter: Enter, role: Role) -> None:
    visit = replace(school.as_teacher, license_id=None, member_id=None, role=role, manages=False)
    enter(client, replace(visit, role=Role.TEACHER))
    form = get(client, "/manager/").form("/manager/claim")
    enter(client, visit)
    assert post(client, form, code=_code(school)).status_code in (400, 403)
