"""Large or unusual amounts are asked for twice: with the sum in words, a press of its own, and no way around it."""

from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from lti_tool.ledger import policies
from tests.factories import EXPORT_CREDITS, NOW
from tests.web.conftest import Enter, School
from tests.web.pages import Form, Page, get, post

ADD = "/manager/members/add"
SUM = "2 people × 30 = 60 of 100; 40 remain."


@pytest.fixture
def form(teacher: FlaskClient, school: School) -> Form:
    """For both students."""
    return get(teacher, f"{ADD}?member={school.ada}&member={school.emmy}").form(ADD)


def received(school: School) -> list[int]:
    return [school.account(member).received for member in (school.ada, school.emmy)]


def test_a_large_amount_is_given_by_a_second_press_alone(teacher: FlaskClient, school: School, form: Form) -> None:
    asked = Page(post(teacher, form, amount="30", note="Films"))
    assert asked.status == 200
    assert SUM in asked.text
    assert "30 for one person is unusual: it is more than 20." in asked.text
    assert "That is more than half of what is left." in asked.text
    assert "Ada Łovelace, Emmy Noether" in asked.text
    assert received(school) == [0, 0]
    first, second = (post(teacher, asked.form(ADD)) for _ in range(2))
    assert first.status_code == second.status_code == 303
    assert first.headers["Location"] == second.headers["Location"]
    assert received(school) == [30, 30]


def test_everyday_amounts_are_not_asked_for_twice(teacher: FlaskClient, school: School, form: Form) -> None:
    assert post(teacher, form, amount="20").status_code == 303
    assert received(school) == [20, 20]


@pytest.mark.parametrize("forged", ["", "1", "yes", "Ii1i", "x" * 5_000])
def test_no_yes_but_ours_counts(teacher: FlaskClient, school: School, form: Form, forged: str) -> None:
    assert SUM in Page(post(teacher, form, amount="30", confirmed=forged)).text
    assert received(school) == [0, 0]


@pytest.mark.parametrize("changed", ["amount", "note", "members", "request_key"])
def test_a_yes_counts_for_the_very_form_that_was_asked(
    teacher: FlaskClient, school: School, form: Form, changed: str
) -> None:
    asked = Page(post(teacher, form, amount="30")).form(ADD)
    other = {
        "amount": "31",
        "note": "another",
        "members": f"{school.ada} {school.teacher}",
        "request_key": "00000000-0000-7000-8000-000000000000",
    }
    again = Page(post(teacher, asked, **{changed: other[changed]}))
    assert again.status == 200
    assert "Give 6" in again.text
    assert received(school) == [0, 0]
    assert post(teacher, again.form(ADD)).status_code == 303


def test_what_is_left_is_asked_anew_where_it_changed(teacher: FlaskClient, school: School, form: Form) -> None:
    asked = Page(post(teacher, form, amount="30")).form(ADD)
    post(teacher, get(teacher, f"{ADD}?member={school.teacher}").form(ADD), amount="5")
    again = Page(post(teacher, asked))
    assert "2 people × 30 = 60 of 95; 35 remain." in again.text
    assert received(school) == [0, 0]
    assert post(teacher, again.form(ADD)).status_code == 303


def test_change_leads_back_to_the_form_as_it_was(teacher: FlaskClient, school: School, form: Form) -> None:
    asked = Page(post(teacher, form, amount="30", note="Films")).form(ADD)
    back = Page(post(teacher, asked, change="1"))
    assert back.find("input", name="amount", value="30")
    assert back.find("input", name="note", value="Films")
    assert received(school) == [0, 0]


def test_a_license_that_is_short_is_said_first(teacher: FlaskClient, form: Form) -> None:
    answer = post(teacher, form, amount="60")
    assert answer.status_code == 422
    assert "20 are missing" in Page(answer).text


def test_a_course_that_gives_much_by_itself_is_asked_later(teacher: FlaskClient, school: School, form: Form) -> None:
    with school.books() as books:
        policies.save(books, school.license, EXPORT_CREDITS, maximum=40, based_on=0, actor=school.actor, now=NOW)
    asked = Page(post(teacher, form, amount="30"))
    assert "unusual" not in asked.text
    assert "more than half of what is left" in asked.text


def test_a_yes_of_one_license_is_none_in_another_visit(
    client: FlaskClient, teacher: FlaskClient, school: School, form: Form, enter: Enter
) -> None:
    asked = Page(post(teacher, form, amount="30")).form(ADD)
    enter(client, replace(school.as_teacher))  # a new launch: the form is of the earlier one
    assert post(client, asked).status_code == 400
    assert received(school) == [0, 0]
