"""Who asks for credits: seen on every page that shows who waits, and answered together, with credits or without."""

from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from lti_tool.ids import new_id
from lti_tool.ledger.allotment import allot
from lti_tool.licenses.licenses import License
from lti_tool.lti.roles import Role
from lti_tool.members import requests
from lti_tool.members.people import Member
from lti_tool.purchasing.unfinished import UnfinishedAllotment
from tests.factories import EXPORT_CREDITS, NOW, make_context, make_license, make_member
from tests.web.conftest import Enter, School
from tests.web.pages import Page, get, post

REQUESTS = "/manager/requests"
DECLINE = f"{REQUESTS}/decline"


@pytest.fixture
def asked(school: School) -> School:
    """The school after both of its students asked."""
    with school.books() as books:
        for member_id, reason in ((school.ada, "two <b>videos</b> left"), (school.emmy, None)):
            requests.ask(books, school.license, EXPORT_CREDITS, member_id, reason=reason, now=NOW)
    return school


def give(client: FlaskClient, **typed: str) -> Page:
    answer = post(client, get(client, REQUESTS).form(REQUESTS), **typed)
    return get(client, answer.headers["Location"]) if answer.status_code == 303 else Page(answer)


def test_the_overview_and_the_list_say_who_asks_and_why(teacher: FlaskClient, asked: School) -> None:
    page = get(teacher, "/manager/")
    assert "2 students ask for credits." in page.text
    assert ": “two <b>videos</b> left”" in page.text
    assert page.find("a", href=REQUESTS)
    assert get(teacher, "/manager/members").text.count("asks") == 2
    page = get(teacher, REQUESTS)
    assert "2 students ask for credits" in page.text
    assert not page.find("b")


def test_all_who_ask_get_the_same_by_one_save(teacher: FlaskClient, asked: School) -> None:
    form = get(teacher, REQUESTS).form(REQUESTS)
    for _ in range(2):  # pressed twice, given once (R17)
        answer = post(teacher, form, amount="4", note="for the finals")
    assert "You gave 8 credits to 2 people." in get(teacher, answer.headers["Location"]).text
    assert (asked.account(asked.ada).balance, asked.account(asked.emmy).balance) == (4, 4)
    assert asked.pool() == 92
    assert "Nobody asks for credits" in get(teacher, REQUESTS).text
    assert "ask for credits" not in get(teacher, "/manager/").text


def test_an_open_page_hears_of_a_request(teacher: FlaskClient, school: School) -> None:
    before = teacher.get("/manager/pulse").text
    with school.books() as books:
        requests.ask(books, school.license, EXPORT_CREDITS, school.ada, reason=None, now=NOW)
    assert teacher.get("/manager/pulse").text != before


def test_only_who_is_ticked_gets_any(teacher: FlaskClient, asked: School) -> None:
    form = get(teacher, REQUESTS).form(REQUESTS)
    form.fields.remove(next(found for found in form.fields if found[0] == "request"))
    post(teacher, form, amount="3")
    assert "1 student asks for credits" in get(teacher, REQUESTS).text
    assert asked.pool() == 97
    form.fields = [found for found in form.fields if found[0] != "request"]
    page = Page(post(teacher, form, amount="3", request_key=new_id()))
    assert (page.status, "Pick at least one person." in page.text) == (422, True)


def test_what_the_license_lacks_can_be_bought(teacher: FlaskClient, asked: School) -> None:
    page = give(teacher, amount="60", note="finals")
    assert page.status == 422
    assert "2 people × 60 = 120, but the license has 100: 20 are missing." in page.text
    with asked.books() as books:
        [kept] = books.query(UnfinishedAllotment)
        assert set(kept.member_ids.split()) == {asked.ada, asked.emmy}
    assert page.find("a", href=f"/manager/purchase?missing=20&for={kept.id}")
    assert asked.pool() == 100


def test_a_large_amount_is_asked_for_twice(teacher: FlaskClient, asked: School) -> None:
    page = give(teacher, amount="40")
    assert "2 people × 40 = 80 of 100; 20 remain." in page.text
    assert asked.pool() == 100
    again = Page(post(teacher, page.form(REQUESTS), change="1"))
    assert dict(again.form(REQUESTS).fields)["amount"] == "40"
    assert post(teacher, page.form(REQUESTS)).status_code == 303
    assert (asked.account(asked.ada).balance, asked.pool()) == (40, 20)


@pytest.mark.parametrize("amount", ["0", "many", "10001"])
def test_what_is_wrong_stands_beside_its_field(teacher: FlaskClient, asked: School, amount: str) -> None:
    page = give(teacher, amount=amount)
    assert page.status == 422
    assert dict(page.form(REQUESTS).fields)["amount"] == amount
    assert page.find("input", id="amount", aria_invalid="true")


def test_who_was_answered_meanwhile_is_told_apart(teacher: FlaskClient, asked: School) -> None:
    form = get(teacher, REQUESTS).form(REQUESTS)
    with asked.books() as books:
        allot(books, asked.license, EXPORT_CREDITS, member_ids=[asked.emmy], each=1, actor=asked.actor, now=NOW)
    page = Page(post(teacher, form))
    assert page.status == 422
    assert "Nobody got anything by this press." in page.text
    assert [name for name, _ in page.form(REQUESTS).fields].count("request") == 1
    assert asked.account(asked.ada).balance == 0


def test_a_kind_no_with_a_sentence(teacher: FlaskClient, asked: School) -> None:
    address = next(found["href"] for found in get(teacher, REQUESTS).find("a") if f"{DECLINE}?request" in found["href"])
    form = get(teacher, address).form(DECLINE)
    assert "At most 200 characters; these are 201." in Page(post(teacher, form, words="x" * 201)).text
    answer = post(teacher, form, words="After the holidays.")
    assert "Answered. They read it on their page and can ask again." in get(teacher, answer.headers["Location"]).text
    assert "1 student asks for credits" in get(teacher, REQUESTS).text
    rest = get(teacher, f"{DECLINE}?all=1").form(DECLINE)
    assert post(teacher, rest).status_code == 303
    assert teacher.get(f"{DECLINE}?all=1").headers["Location"] == REQUESTS


def test_who_may_not_give_looks_and_answers_nothing(client: FlaskClient, asked: School, enter: Enter) -> None:
    enter(client, asked.as_teacher)
    form = get(client, REQUESTS).form(REQUESTS)
    assistant = asked.visit(asked.ta, Role.TA)
    with asked.books() as books:
        assistant = replace(assistant, person_id=books.get_one(Member, asked.ta).person_id)
    enter(client, assistant)
    page = get(client, REQUESTS)
    assert "“two <b>videos</b> left”" in page.text
    assert page.forms == []
    assert post(client, form).status_code == 403
    assert client.get(f"{DECLINE}?all=1").status_code == 403


def test_who_teaches_another_course_reads_nothing_of_it(client: FlaskClient, asked: School, enter: Enter) -> None:
    with asked.books() as books:
        course = make_context(books, title="Film 10")
        other = make_member(books, books.get_one(License, asked.license), course, role=Role.TEACHER, name="Ana Rivera")
        stranger = make_license(books, context=course)
        theirs = make_member(books, stranger, course, name="Zsazsa")
        requests.ask(books, stranger.id, EXPORT_CREDITS, theirs.id, reason="secret", now=NOW)
    enter(client, asked.as_teacher)
    form = get(client, REQUESTS).form(REQUESTS)
    assert "secret" not in get(client, REQUESTS).text
    enter(client, replace(asked.visit(other.id, Role.TEACHER), context_id=course.id, person_id=other.person_id))
    page = get(client, REQUESTS)
    assert "Nobody asks for credits" in page.text
    token = dict(get(client, "/manager/purchase/ask").form("/manager/purchase/ask").fields)["csrf_token"]
    assert "Nobody got anything" in Page(post(client, form, csrf_token=token)).text
    assert asked.account(asked.ada).balance == 0
