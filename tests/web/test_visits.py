"""Who gets in, whose forms count, and what is said to those who do not get in."""

from dataclasses import replace
from datetime import timedelta

from flask import Flask
from flask.testing import FlaskClient

from lti_tool import clock
from lti_tool.lti.roles import Role
from lti_tool.web.access import PUBLIC, only
from tests.web.conftest import Enter, School
from tests.web.pages import Page, get, post

ADD = "/manager/members/add"


def test_without_a_visit_pages_say_how_to_get_one(client: FlaskClient) -> None:
    for address in ("/manager/", "/manager/members", "/student/"):
        page = get(client, address)
        assert page.status == 401
        assert "Open it again from your course" in page.text
        assert "Nothing was lost." in page.text
        assert "Code no_session" in page.text
        assert "Support ID " in page.text


def test_a_visit_ends_with_its_time(client: FlaskClient, school: School, enter: Enter) -> None:
    enter(client, replace(school.as_teacher, ends_at=clock.now() - timedelta(seconds=1)))
    assert client.get("/manager/").status_code == 401


def test_students_and_teachers_have_their_own_pages(client: FlaskClient, school: School, enter: Enter) -> None:
    enter(client, school.visit(school.ada, Role.LEARNER))
    assert client.get("/manager/").status_code == 403
    assert client.post(ADD, data={"members": school.ada, "amount": "5"}).status_code == 403
    enter(client, school.as_teacher)
    assert client.get("/student/").status_code == 403
    for role in (Role.NONE, Role.TEST_USER):
        enter(client, school.visit(None, role))
        assert client.get("/manager/").status_code == client.get("/student/").status_code == 403


def test_a_form_without_a_token_does_nothing(teacher: FlaskClient, school: School) -> None:
    for token in ({}, {"csrf_token": "made-up"}):
        answer = teacher.post(ADD, data={"members": school.ada, "amount": "5", **token})
        assert answer.status_code == 400
        assert "This form is from an earlier visit" in Page(answer).text
    assert school.account(school.ada).received == 0


def test_a_form_of_an_earlier_visit_does_nothing(client: FlaskClient, school: School, enter: Enter) -> None:
    enter(client, school.as_teacher)
    form = get(client, f"{ADD}?only={school.ada}").form(ADD)
    enter(client, school.as_teacher)
    assert post(client, form, amount="5").status_code == 400
    assert school.account(school.ada).received == 0


def test_no_page_sets_the_cookie_again(teacher: FlaskClient) -> None:
    # Only a launch does: an answer that comes late must not bring an earlier person back.
    for address in ("/manager/", "/manager/members", "/manager/settings", "/manager/history"):
        assert "Set-Cookie" not in teacher.get(address).headers


def test_what_is_not_there_and_what_is_too_large_has_its_page(app: Flask, teacher: FlaskClient) -> None:
    assert "There is nothing here" in get(teacher, "/manager/nothing").text
    wrong = teacher.put("/manager/")
    assert wrong.status_code == 405
    assert "GET" in wrong.headers["Allow"]
    large = teacher.post(ADD, data={"members": "x" * 2_000_000})
    assert large.status_code == 413
    assert "That was too much at once" in Page(large).text


def test_a_fault_of_ours_shows_a_page_without_its_inside(app: Flask) -> None:
    @app.get("/broken")
    @only(PUBLIC)
    def broken() -> str:
        raise RuntimeError("a secret of the inside")

    answer = app.test_client().get("/broken")
    page = Page(answer)
    assert answer.status_code == 500
    assert "Something went wrong on our side" in page.text
    assert "secret" not in page.text
