"""History's date: the balances of a past moment, of the licence and of those within reach."""

import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from lti_tool.ledger import holds
from lti_tool.ledger.allotment import allot
from lti_tool.ledger.movements import OPERATOR
from lti_tool.licenses.licenses import License
from lti_tool.lti.contexts import Context
from lti_tool.lti.platforms import Deployment
from lti_tool.members.directory import PAGE
from tests.factories import EXPORT_CREDITS, NOW, make_context, make_member
from tests.web.conftest import School
from tests.web.pages import Page, get

HISTORY = "/manager/history"
DAY, CLOCK = f"{NOW:%Y-%m-%d}", f"{NOW:%H:%M}"


@pytest.mark.parametrize("asked", ["", f"?date={DAY}"], ids=["before it is asked", "when it is shown"])
def test_whose_clock_the_date_and_time_go_by_is_said_in_words(teacher: FlaskClient, asked: str) -> None:
    text = get(teacher, f"{HISTORY}{asked}").text
    assert "This date and time are in UTC, universal time, and not your clock’s" in text


def test_a_past_moment_is_shown_as_it_was(teacher: FlaskClient, school: School) -> None:
    with school.books() as books:
        for when, each in ((NOW, 5), (NOW + timedelta(days=1), 7)):
            allot(
                books, school.license, EXPORT_CREDITS, member_ids=[school.ada], each=each, actor=school.actor, now=when
            )
        holds.spend(
            books,
            school.license,
            EXPORT_CREDITS,
            school.ada,
            amount=2,
            actor=OPERATOR,
            now=NOW + timedelta(days=1),
        )
    then = get(teacher, f"{HISTORY}?date={DAY}").text
    assert "License total 100 Not allotted yet = 95 With students, unused + 5 Reserved + 0 Used + 0" in then
    assert "Ada Łovelace received 5 used 0 reserved 0 available 5" in then
    later = get(teacher, f"{HISTORY}?date={NOW + timedelta(days=1):%Y-%m-%d}&time=").text
    assert "Ada Łovelace received 12 used 2 reserved 0 available 10" in later
    before = get(teacher, f"{HISTORY}?date={NOW - timedelta(days=1):%Y-%m-%d}&time=08:00").text
    assert "The license had nothing yet at that moment." in before
    assert "Ada Łovelace received 0" in before


def test_people_of_foreign_courses_are_not_in_it(teacher: FlaskClient, school: School) -> None:
    with school.books() as books:
        other = make_context(books, books.get_one(Deployment, school.deployment), title="Chemistry")
        make_member(books, books.get_one(License, school.license), other, name="Carl Secret")
    assert "Carl" not in get(teacher, f"{HISTORY}?date={DAY}").text


def test_a_class_is_read_in_pages_without_gap_or_repeat(teacher: FlaskClient, school: School) -> None:
    with school.books() as books:
        license_, course = books.get_one(License, school.license), books.get_one(Context, school.course)
        for number in range(PAGE):
            make_member(books, license_, course, name=f"Student {number:02}")
    first = get(teacher, f"{HISTORY}?date={DAY}&time={CLOCK}")
    [further] = [found["href"] for found in first.find("a") if "page=2" in found.get("href", "")]
    seen = re.findall(r"Student \d\d", first.text) + re.findall(r"Student \d\d", get(teacher, further).text)
    assert seen == [f"Student {number:02}" for number in range(PAGE)]
    assert get(teacher, f"{HISTORY}?date={DAY}&page=99999").text.count("Student ") < PAGE


@pytest.mark.parametrize(
    ("day", "clock", "says"),
    [
        ("", "", "Choose a date"),
        ("23.11.2026", "", "“23.11.2026” is not a date"),
        ("2026-02-30", "", "“2026-02-30” is not a date"),
        ("9999-12-31", "", "still to come"),
        ("٢٠٢٦-١١-٢٣", "", "is not a date"),
        ("1" * 5000, "", "is not a date"),
        (DAY, "25:00", "“25:00” is not a time of day"),
        (DAY, "noon", "“noon” is not a time of day"),
    ],
)
def test_what_is_no_past_moment_is_refused_beside_its_field_and_kept(
    teacher: FlaskClient, day: str, clock: str, says: str
) -> None:
    answer = teacher.get(HISTORY, query_string={"date": day, "time": clock})
    assert answer.status_code == 422
    page = Page(answer)
    assert says in page.text
    [wrong] = [found for found in page.find("input") if found.get("aria-invalid") == "true"]
    assert wrong["value"] == (day if wrong["name"] == "date" else clock)
    assert f'id="{wrong["name"]}-wrong"' in answer.text


def test_the_oldest_day_of_the_calendar_is_only_empty(teacher: FlaskClient) -> None:
    assert "nothing yet" in get(teacher, f"{HISTORY}?date=0001-01-01&time=00:00").text
