"""The Overview's pictures: what they say is what the journal says, for whoever may see it."""

import random
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest
from flask.testing import FlaskClient

from lti_tool import clock
from lti_tool.ledger import as_of, closings, holds
from lti_tool.ledger.allotment import allot
from lti_tool.ledger.issuing import grant
from lti_tool.ledger.movements import OPERATOR
from lti_tool.lti.roles import Role
from tests.factories import EXPORT_CREDITS
from tests.web.conftest import Enter, School
from tests.web.pages import get

DAY = timedelta(days=1)


def live(school: School, *, days: int, a_day: int, first: int = 400) -> None:
    """So many days until now, on each of which about so much is used, closed as the sweep does."""
    now, chance = clock.now(), random.Random(days)
    with school.books() as session:
        where = (session, school.license, EXPORT_CREDITS)
        grant(*where, amount=first, actor=OPERATOR, now=now - days * DAY)
        for ago in range(days, -1, -1):
            if chance.random() < 0.2:
                grant(*where, amount=chance.randrange(1, 9), actor=OPERATOR, now=now - ago * DAY)
            who = [school.ada, school.emmy]
            allot(*where, member_ids=who, each=a_day, actor=school.actor, now=now - ago * DAY)
            for _ in range(a_day):
                holds.spend(*where, chance.choice(who), amount=1, actor=OPERATOR, now=now - ago * DAY)
        while due := closings.due(session, now=now):
            closings.close(session, due)


def test_the_chart_s_table_is_what_the_journal_tells_of_each_day(teacher: FlaskClient, school: School) -> None:
    live(school, days=40, a_day=2)
    text = get(teacher, "/manager/").text
    today = clock.now().date()
    with school.books() as session:
        for weeks in range(6):
            day = today - timedelta(weeks=weeks)
            midnight = datetime.combine(day + DAY, time(), UTC) - timedelta(microseconds=1)
            [past] = as_of.license_at(session, school.license, midnight)
            told = past.totals
            name = "Today" if weeks == 0 else f"{day:%b} {day.day}"
            assert f" {name} {told.issued} {told.allotted} {told.used} " in text, name


def test_it_says_how_long_the_license_lasts_and_leads_on_where_that_is_soon(
    teacher: FlaskClient, school: School
) -> None:
    live(school, days=30, a_day=4, first=250)
    page = get(teacher, "/manager/")
    assert "About 28 a week in the last 4 weeks. At this rate the license lasts until about " in page.text
    assert len(page.find("a", href="/manager/purchase")) == 2
    assert page.find("svg", role="img", class_="chart-plot")


@pytest.mark.parametrize(("days", "first"), [(30, 2_000), (5, 400)])
def test_it_names_no_day_that_is_a_year_away_or_a_guess(
    teacher: FlaskClient, school: School, days: int, first: int
) -> None:
    live(school, days=days, a_day=2, first=first)
    text = get(teacher, "/manager/").text
    assert "lasts until about" not in text
    says = "At this rate the license lasts for more than a year." if days > 14 else "is told after two weeks of use"
    assert says in text


def test_nothing_is_drawn_of_nothing(teacher: FlaskClient, school: School) -> None:
    page = get(teacher, "/manager/")
    assert "Nothing was given or used yet." in page.text
    assert not page.find("svg", class_="chart-plot")


def test_students_stand_by_what_they_have_left_and_have_received(teacher: FlaskClient, school: School) -> None:
    with school.books() as session:
        where = (session, school.license, EXPORT_CREDITS)
        allot(*where, member_ids=[school.ada], each=12, actor=school.actor, now=clock.now())
        holds.spend(*where, school.ada, amount=8, actor=OPERATOR, now=clock.now())
    text = get(teacher, "/manager/").text
    assert "Have left Have received 0 1 1 1–5 1 0 6–10 0 0 11–20 0 1 Students 2 2" in text


def test_who_does_not_manage_sees_no_picture_of_the_license(client: FlaskClient, school: School, enter: Enter) -> None:
    live(school, days=20, a_day=1)
    for visit in (school.visit(school.ta, Role.TA), replace(school.as_teacher, manages=False)):
        enter(client, visit)
        page = get(client, "/manager/")
        assert "Use over time" not in page.text
        assert "License total" not in page.text
        assert "Students by credits" in page.text
