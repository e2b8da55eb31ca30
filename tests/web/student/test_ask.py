"""A student without credits asks for some, once, and reads the answer; nobody else can ask for them."""

from dataclasses import replace

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from lti_tool import clock
from lti_tool.ledger import policies
from lti_tool.ledger.allotment import allot
from lti_tool.ledger.movements import OPERATOR
from lti_tool.lti.roles import Role
from lti_tool.members import requests
from lti_tool.members.reach import Reach
from lti_tool.members.requests import CreditRequest
from tests.factories import EXPORT_CREDITS, NOW
from tests.web.conftest import Enter, School
from tests.web.pages import Page, get, post

HOME, ASK = "/student/", "/student/ask"


@pytest.fixture
def ada(client: FlaskClient, school: School, enter: Enter) -> FlaskClient:
    """Ada's browser."""
    enter(client, school.visit(school.ada, Role.LEARNER))
    return client


def ask(client: FlaskClient, reason: str = "") -> Page:
    answer = post(client, get(client, HOME).form(ASK), reason=reason)
    return get(client, answer.headers["Location"]) if answer.status_code == 303 else Page(answer)


def kept(school: School) -> int:
    with school.books() as books:
        return books.scalar(select(func.count()).select_from(CreditRequest)) or 0


def decline(school: School, words: str | None) -> None:
    within = Reach(school.license, {school.course: "Biology 9"})
    with school.books() as books:
        where = (books, within, EXPORT_CREDITS.name)
        ids = [asking.id for asking in requests.waiting(*where, limit=9).shown]
        requests.decline(*where, ids, words=words, by=school.teacher_person, now=clock.now())


def test_who_has_none_asks_once_and_can_take_it_back(ada: FlaskClient, school: School) -> None:
    form = get(ada, HOME).form(ASK)
    page = ask(ada, "two <b>videos</b> left")
    assert "You asked " in page.text
    assert ": “two <b>videos</b> left”" in page.text
    assert not page.find("b")
    assert [found.action for found in page.forms] == [f"{ASK}/withdraw"]
    post(ada, form, reason="again")
    assert kept(school) == 1
    gone = post(ada, page.form(f"{ASK}/withdraw"))
    assert "You took it back." in get(ada, gone.headers["Location"]).text
    assert get(ada, HOME).form(ASK)


def test_who_has_some_or_gets_some_is_not_asked_what_for(ada: FlaskClient, school: School) -> None:
    form = get(ada, HOME).form(ASK)
    with school.books() as books:
        policies.save(books, school.license, EXPORT_CREDITS, maximum=5, based_on=0, actor=OPERATOR, now=NOW)
    assert get(ada, HOME).forms == []
    assert post(ada, form, reason="").headers["Location"] == HOME
    assert kept(school) == 0


def test_what_is_wrong_stands_beside_the_field(ada: FlaskClient, school: School) -> None:
    page = ask(ada, "x" * 201)
    assert (page.status, kept(school)) == (422, 0)
    assert "At most 200 characters; these are 201." in page.text
    assert dict(page.form(ASK).fields)["reason"] == "x" * 201
    for _ in range(3):
        post(ada, ask(ada).form(f"{ASK}/withdraw"))
    page = ask(ada, "once more")
    assert page.status == 422
    assert "You have asked 3 times in a day. You can ask again tomorrow." in page.text


def test_the_answer_stands_on_the_page(ada: FlaskClient, school: School) -> None:
    ask(ada)
    with school.books() as books:
        allot(
            books,
            school.license,
            EXPORT_CREDITS,
            member_ids=[school.ada],
            each=4,
            actor=school.actor,
            now=clock.now(),
            note="for two films",
        )
    text = get(ada, HOME).text
    assert "You asked, and Grace Okonkwo gave you 4 credits: “for two films”" in text
    assert "What do you need them for?" not in text


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (None, "You asked, and Grace Okonkwo cannot give you any now. You can ask again when you need to."),
        ("After <i>May</i>.", "You asked, and Grace Okonkwo cannot give you any now: “After <i>May</i>.” You can"),
    ],
)
def test_a_kind_no_is_read_and_one_can_ask_again(
    ada: FlaskClient, school: School, words: str | None, told: str
) -> None:
    ask(ada)
    decline(school, words)
    assert told in get(ada, HOME).text
    assert "You asked " in ask(ada, "it is May").text


def test_only_students_ask_and_only_for_themselves(ada: FlaskClient, school: School, enter: Enter) -> None:
    form = get(ada, HOME).form(ASK)
    observer = replace(school.visit(None, Role.OBSERVER), mentored=(school.ada,))
    for visit in (observer, school.visit(school.ta, Role.TA), school.as_teacher):
        enter(ada, visit)
        assert post(ada, form).status_code == 403
    assert kept(school) == 0
    enter(ada, school.visit(school.ada, Role.LEARNER))
    ask(ada, "two videos")
    enter(ada, observer)
    page = get(ada, HOME)
    assert "They asked " in page.text
    assert page.forms == []
