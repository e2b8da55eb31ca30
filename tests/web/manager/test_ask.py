"""Asking to buy: by staff who may give and not buy; noted, changed, taken back, and answered by a manager (R24)."""

from dataclasses import replace
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from lti_tool import clock
from lti_tool.ids import new_id
from lti_tool.licenses.licenses import License
from lti_tool.lti.roles import Role
from lti_tool.members.people import Member
from lti_tool.purchasing import wishes
from lti_tool.web.session import Visit
from tests.factories import EXPORT_CREDITS, make_context, make_license, make_member
from tests.web.conftest import Enter, School
from tests.web.pages import Page, get, post

ASK = "/manager/purchase/ask"


@pytest.fixture
def rivera(school: School) -> Visit:
    """The visit of a teacher who does not manage the licence."""
    with school.books() as books:
        course = make_context(books, title="Film 10")
        license_ = books.get_one(License, school.license)
        member = make_member(books, license_, course, role=Role.TEACHER, name="Ana Rivera")
        member_id, person_id = member.id, member.person_id
    visit = school.visit(member_id, Role.TEACHER)
    return replace(visit, context_id=course.id, person_id=person_id)


def ask(client: FlaskClient, **typed: str) -> Page:
    answer = post(client, get(client, ASK).form(ASK), **typed)
    return get(client, answer.headers["Location"]) if answer.status_code == 303 else Page(answer)


def test_a_wish_is_noted_changed_and_taken_back(
    client: FlaskClient, school: School, rivera: Visit, enter: Enter
) -> None:
    enter(client, rivera)
    assert get(client, "/manager/").find("a", href=ASK)
    text = ask(client, number="50", note="for the film unit").text
    assert "It is noted. You asked for 50 credits on " in text
    assert "“for the film unit”" in text
    assert "You asked for 50 credits" in get(client, "/manager/").text
    assert "You asked for more credits" in ask(client, number="", note="").text
    gone = post(client, get(client, ASK).form(f"{ASK}/withdraw"))
    assert "You took back what you had asked for." in get(client, gone.headers["Location"]).text
    assert "You asked for" not in get(client, "/manager/").text


def test_a_manager_sees_who_asks_for_how_many_and_answers(
    client: FlaskClient, school: School, rivera: Visit, enter: Enter
) -> None:
    enter(client, rivera)
    ask(client, number="50", note="for the film unit")
    enter(client, school.as_teacher)
    page = get(client, "/manager/")
    assert "Ana Rivera asks for 50 credits" in page.text
    assert "“for the film unit”" in page.text
    assert page.find("a", href="/manager/purchase?missing=50")
    not_now = next(form for form in page.forms if form.action.endswith("/not-now"))
    for _ in range(2):
        answer = post(client, not_now)
        assert answer.status_code == 303
    assert "Answered: not now." in get(client, answer.headers["Location"]).text
    assert "Ana Rivera" not in get(client, "/manager/").text
    enter(client, rivera)
    told = "You asked for 50 credits. Grace Okonkwo answered “not now”. You can ask again at any time."
    assert told in get(client, "/manager/").text
    assert told in get(client, ASK).text
    assert "It is noted" in ask(client, number="5").text


def test_the_answer_is_that_credits_came(client: FlaskClient, school: School, rivera: Visit, enter: Enter) -> None:
    enter(client, rivera)
    told = "Credits came after you asked for 50 credits: the license has 100 left to give."
    for days, is_told in ((15, False), (1, True)):
        ask(client, number="50")
        with school.books() as books:
            answered = clock.now() - timedelta(days=days)
            wishes.meet(books, school.license, EXPORT_CREDITS.name, 100, now=answered)
        assert (told in get(client, "/manager/").text) is is_told


def test_what_is_wrong_stands_beside_its_field(client: FlaskClient, rivera: Visit, enter: Enter) -> None:
    enter(client, rivera)
    for typed, sentence in (
        ({"number": "0"}, "Enter a whole number from 1 to 100,000, or leave it empty."),
        ({"number": "1" * 300}, "Enter a whole number from 1 to 100,000, or leave it empty."),
        ({"number": "some"}, "“some” is not a whole number."),
        ({"number": "5", "note": "x" * 201}, "A note has at most 200 characters; this one has 201."),
    ):
        page = ask(client, **typed)
        assert page.status == 422
        assert sentence in page.text
        assert dict(page.form(ASK).fields)["number"] == typed["number"]
    assert "asked for" not in get(client, ASK).text


def test_a_number_that_another_page_found_missing_is_filled_in(
    client: FlaskClient, school: School, rivera: Visit, enter: Enter
) -> None:
    enter(client, rivera)
    assert dict(get(client, f"{ASK}?number=32").form(ASK).fields)["number"] == "32"
    enter(client, school.as_teacher)
    assert client.get(f"{ASK}?number=32").headers["Location"] == "/manager/purchase?missing=32"


def test_only_who_may_give_asks_and_only_a_manager_answers(
    client: FlaskClient, school: School, rivera: Visit, enter: Enter
) -> None:
    enter(client, rivera)
    ask(client, number="50")
    with school.books() as books:
        (wish,) = wishes.waiting(books, school.license, EXPORT_CREDITS.name, limit=9)
        stranger = make_license(books)
        wishes.ask(
            books,
            stranger.id,
            EXPORT_CREDITS.name,
            rivera.person_id or "",
            amount=7,
            note=None,
            most=9,
            now=clock.now(),
        )
        (foreign,) = wishes.waiting(books, stranger.id, EXPORT_CREDITS.name, limit=9)
    form = get(client, ASK).form(f"{ASK}/withdraw")
    form.action = f"{ASK}/{wish.id}/not-now"
    assert post(client, form).status_code == 403
    assistant = school.visit(school.ta, Role.TA)
    with school.books() as books:
        assistant = replace(assistant, person_id=books.get_one(Member, school.ta).person_id)
    enter(client, assistant)
    assert client.get(ASK).status_code == 403
    assert not get(client, "/manager/").find("a", href=ASK)
    with school.books() as books:
        books.get_one(License, school.license).assistants_teach = True
    assert get(client, "/manager/").find("a", href=ASK)
    assert "It is noted" in ask(client, number="3").text
    enter(client, school.as_teacher)
    form = next(form for form in get(client, "/manager/").forms if form.action.endswith("/not-now"))
    for unknown in (foreign.id, new_id()):
        form.action = f"{ASK}/{unknown}/not-now"
        assert post(client, form).status_code == 404
