"""The student's page: what there is, what can still come, and if nothing can, why and who mends it (R14a)."""

from dataclasses import replace

from flask.testing import FlaskClient

from lti_tool.db import database_now
from lti_tool.ledger.accounts import freeze
from lti_tool.ledger.allotment import allot, top_up_at_launch
from lti_tool.ledger.holds import hold
from lti_tool.ledger.movements import SYSTEM
from lti_tool.ledger.policies import save
from lti_tool.ledger.transfers import post_spend
from lti_tool.lti.roles import Role
from lti_tool.members.people import Enrollment
from tests.factories import EXPORT_CREDITS, NOW
from tests.web.conftest import Enter, School
from tests.web.pages import Page, get

HOME = "/student/"


def home(client: FlaskClient, school: School, enter: Enter) -> Page:
    """Ada's page."""
    enter(client, school.visit(school.ada, Role.LEARNER))
    return get(client, HOME)


def receive(school: School, *, maximum: int = 10, use: int = 0) -> None:
    """Ada opened the tool with this maximum, and used some."""
    with school.books() as books:
        save(books, school.license, EXPORT_CREDITS, maximum=maximum, based_on=0, actor=school.actor, now=NOW)
        top_up_at_launch(books, school.license, EXPORT_CREDITS, school.ada, now=NOW)
        if use:
            post_spend(
                books,
                school.license,
                EXPORT_CREDITS.name,
                school.ada,
                amount=use,
                actor=SYSTEM,
                now=NOW,
                reference="Osmosis",
            )


def test_what_there_is_and_what_can_come(client: FlaskClient, school: School, enter: Enter) -> None:
    receive(school, use=2)
    page = home(client, school, enter)
    assert "Available 3 Used 2 More you can receive automatically 5" in page.text
    assert "Reserved" not in page.text
    assert "You can use 3 more now." in page.text
    assert "The next 5 come by themselves when you have nothing left." in page.text
    assert "You finished “Osmosis”" in page.text
    assert "You received your first credits" in page.text


def test_what_is_reserved_shows_while_it_is(client: FlaskClient, school: School, enter: Enter) -> None:
    receive(school)
    with school.books() as books:
        hold(books, school.license, EXPORT_CREDITS, school.ada, amount=2, actor=SYSTEM, now=database_now(books))
    page = home(client, school, enter)
    assert "Available 3 Reserved 2 Used 0" in page.text
    assert "if it fails, you get them back" in page.text


def test_a_hold_past_its_time_is_available_again(client: FlaskClient, school: School, enter: Enter) -> None:
    receive(school)
    with school.books() as books:
        hold(books, school.license, EXPORT_CREDITS, school.ada, amount=2, actor=SYSTEM, now=NOW.replace(year=2020))
    page = home(client, school, enter)
    assert "Available 5 Used 0" in page.text
    enter(client, school.as_teacher)
    assert "reserved 0 5available" in get(client, "/manager/members?search=vel").text


def test_the_maximum_is_reached(client: FlaskClient, school: School, enter: Enter) -> None:
    receive(school, maximum=5, use=5)
    text = home(client, school, enter).text
    assert "You have used all 5 credits" in text
    assert "5 is the most that comes by itself in this course. Your teacher, Grace Okonkwo, can give you more." in text


def test_the_license_is_empty(client: FlaskClient, school: School, enter: Enter) -> None:
    with school.books() as books:
        allot(books, school.license, EXPORT_CREDITS, member_ids=[school.emmy], each=98, actor=school.actor, now=NOW)
    receive(school)
    text = home(client, school, enter).text
    assert "The license has too few credits left" in text
    assert "Grace Okonkwo" in text


def test_nothing_comes_by_itself_here(client: FlaskClient, school: School, enter: Enter) -> None:
    text = home(client, school, enter).text
    assert "No credits yet" in text
    assert "given by hand" in text
    assert "Grace Okonkwo" in text


def test_somebody_who_left_is_told_that_it_waits(client: FlaskClient, school: School, enter: Enter) -> None:
    receive(school)
    with school.books() as books:
        books.get_one(Enrollment, (school.course, school.ada)).active = False
        freeze(books, school.license, [school.ada])
    text = home(client, school, enter).text
    assert "You have left the course. Your 5 credits are kept" in text
    assert "More you can receive automatically 0" in text


def test_the_teachers_note_is_seen(client: FlaskClient, school: School, enter: Enter) -> None:
    with school.books() as books:
        allot(
            books,
            school.license,
            EXPORT_CREDITS,
            member_ids=[school.ada],
            each=3,
            actor=school.actor,
            now=NOW,
            note="Well <b>done</b>",
        )
    page = home(client, school, enter)
    assert "from Grace Okonkwo" in page.text
    assert "“Well <b>done</b>”" in page.text
    assert not page.find("b")


def test_older_events_follow(client: FlaskClient, school: School, enter: Enter) -> None:
    with school.books() as books:
        for number in range(25):
            allot(
                books,
                school.license,
                EXPORT_CREDITS,
                member_ids=[school.ada],
                each=1,
                actor=school.actor,
                now=NOW,
                note=f"no {number:02}.",
            )
    page = home(client, school, enter)
    assert page.text.count("“no ") == 20
    older = next(found["href"] for found in page.find("a") if "before=" in found.get("href", ""))
    assert get(client, older).text.count("“no ") == 5


def test_an_observer_sees_whom_they_mentor_and_nobody_else(client: FlaskClient, school: School, enter: Enter) -> None:
    receive(school, use=2)
    enter(client, replace(school.visit(None, Role.OBSERVER), mentored=(school.ada,)))
    page = get(client, HOME)
    assert "Ada Łovelace" in page.text
    assert "Available 3 Used 2 More they can receive automatically" in page.text
    assert "Emmy" not in page.text
    assert page.forms == []


def test_an_observer_of_nobody_is_told_who_can_link_them(client: FlaskClient, school: School, enter: Enter) -> None:
    enter(client, school.visit(None, Role.OBSERVER))
    assert "Nobody is here yet." in get(client, HOME).text


def test_a_course_without_a_license_is_not_set_up(client: FlaskClient, school: School, enter: Enter) -> None:
    enter(client, replace(school.visit(None, Role.LEARNER), license_id=None))
    page = get(client, HOME)
    assert page.status == 200
    assert "Your teacher has not set this up yet" in page.text


def test_outside_a_course_there_is_nothing_to_show(client: FlaskClient, school: School, enter: Enter) -> None:
    enter(client, replace(school.visit(None, Role.LEARNER), context_id=None, license_id=None))
    assert "Open Creditroll from inside a course" in get(client, HOME).text
