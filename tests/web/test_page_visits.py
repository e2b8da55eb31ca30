"""A page keeps to its own visit, by the header that its script sends, whatever the browser's cookie says or lacks."""

import re
from dataclasses import replace
from datetime import timedelta

import flask
import pytest
from flask import Flask
from flask.testing import FlaskClient

from lti_tool import clock
from lti_tool.lti.roles import Role
from lti_tool.web import session
from lti_tool.web.access import PUBLIC, only
from lti_tool.web.session import HEADER
from tests.web.conftest import Enter, School
from tests.web.pages import Page, get

ADD = "/manager/members/add"


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """The same on both databases."""
    return sqlite_url


def token_of(client: FlaskClient, address: str = "/manager/") -> str:
    """The visit that this browser's page holds."""
    [meta] = get(client, address).find("meta", name="creditroll-visit")
    return meta["content"]


def test_a_page_goes_on_without_any_cookie(app: Flask, teacher: FlaskClient, school: School) -> None:
    visit = {HEADER: token_of(teacher)}
    bare = app.test_client()
    assert bare.get("/manager/members").status_code == 401
    form = Page(bare.get(f"{ADD}?only={school.ada}", headers=visit)).form(ADD)
    answer = bare.post(form.action, data=dict(form.filled(amount="7")), headers=visit)
    assert answer.status_code == 303
    assert school.account(school.ada).received == 7
    again = token_of(teacher)
    assert Page(bare.get(answer.headers["Location"], headers=visit)).find("meta", name="creditroll-visit")
    assert again == visit[HEADER]


def test_a_page_stays_with_its_person_whoever_launches_beside_it(
    client: FlaskClient, school: School, enter: Enter
) -> None:
    enter(client, school.as_teacher)
    of_teacher = token_of(client)
    form = get(client, f"{ADD}?only={school.ada}").form(ADD)
    enter(client, school.visit(school.emmy, Role.LEARNER))
    of_student = token_of(client, "/student/")
    assert client.get("/manager/").status_code == 403
    assert client.get("/manager/", headers={HEADER: of_teacher}).status_code == 200
    answer = client.post(form.action, data=dict(form.filled(amount="5")), headers={HEADER: of_teacher})
    assert answer.status_code == 303
    assert school.account(school.ada).received == 5
    assert client.get("/manager/", headers={HEADER: of_student}).status_code == 403


def test_a_form_counts_only_in_the_visit_of_its_page(client: FlaskClient, school: School, enter: Enter) -> None:
    enter(client, school.as_teacher)
    form = get(client, f"{ADD}?only={school.ada}").form(ADD)
    enter(client, school.as_teacher)
    answer = client.post(form.action, data=dict(form.filled(amount="5")), headers={HEADER: token_of(client)})
    assert answer.status_code == 400
    assert "This form is from an earlier visit" in answer.text
    assert school.account(school.ada).received == 0


def test_a_header_that_says_no_visit_is_not_mended_by_the_cookie(
    client: FlaskClient, school: School, enter: Enter
) -> None:
    enter(client, school.as_teacher)
    good = token_of(client)
    cookie = client.get_cookie("__Host-creditroll", domain="tool.test")
    assert cookie
    for wrong in ("", "x", good[:-1], f"{good}x", good.replace(".", "", 1), cookie.value):
        assert client.get("/manager/", headers={HEADER: wrong}).status_code == 401, wrong


def test_a_pages_visit_ends_with_its_time(app: Flask, client: FlaskClient, school: School) -> None:
    now = clock.now()
    with app.test_request_context():
        session.begin(replace(school.as_teacher, ends_at=now - timedelta(seconds=1)))
        ended = session.token(now - timedelta(hours=1))
        assert session.token(now) == ""
    assert client.get("/manager/", headers={HEADER: ended}).status_code == 401


def test_what_a_page_holds_is_no_cookie(app: Flask, teacher: FlaskClient) -> None:
    other = app.test_client()
    other.set_cookie("__Host-creditroll", token_of(teacher), domain="tool.test", secure=True)
    assert other.get("/manager/").status_code == 401


def test_an_old_page_does_not_put_its_visit_back_into_the_cookie(
    app: Flask, client: FlaskClient, school: School, enter: Enter
) -> None:
    @app.get("/noting")
    @only(PUBLIC)
    def noting() -> str:
        flask.session["noted"] = True
        return "noted"

    enter(client, school.as_teacher)
    before = token_of(client)
    enter(client, school.visit(school.emmy, Role.LEARNER))
    for token in (before, "x"):
        for address in ("/manager/", "/manager/members", "/student/", "/noting"):
            assert "Set-Cookie" not in client.get(address, headers={HEADER: token}).headers
    assert client.get("/student/").status_code == 200


def test_the_visit_is_in_no_address_and_in_no_page_of_others(teacher: FlaskClient) -> None:
    token = token_of(teacher)
    for address in ("/manager/", "/manager/members", "/manager/settings", "/manager/history"):
        text = teacher.get(address).text
        # Once for its scripts, and where a list can be downloaded as a field: the browser sends that form by itself.
        assert text.count(token) == 1 + text.count(f'<input type="hidden" name="visit" value="{token}">')
        assert f'content="{token}"' in text
    for answer in (
        teacher.get("/nothing"),
        teacher.post("/lti/launch", data={"id_token": "a.b.c", "state": "x"}),
        teacher.post("/lti/login"),
    ):
        assert answer.status_code >= 400
        assert not re.search("creditroll-visit|hx-boost", answer.text)
