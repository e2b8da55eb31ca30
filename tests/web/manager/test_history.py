"""The history: every batch once, newest first, with what was left after it; and no names from foreign courses."""

from datetime import timedelta

from flask.testing import FlaskClient

from lti_tool.ledger.allotment import allot, top_up_at_launch
from lti_tool.ledger.issuing import grant
from lti_tool.ledger.movements import SYSTEM
from lti_tool.ledger.policies import save
from lti_tool.licenses.licenses import License
from lti_tool.lti.contexts import Context
from lti_tool.lti.platforms import Deployment
from lti_tool.web.manager.history import UNFOLDED
from tests.factories import EXPORT_CREDITS, NOW, make_context, make_member
from tests.web.conftest import School
from tests.web.pages import get

HISTORY = "/manager/history"


def test_a_line_says_who_when_why_and_what_was_left(teacher: FlaskClient, school: School) -> None:
    with school.books() as books:
        save(books, school.license, EXPORT_CREDITS, maximum=5, based_on=0, actor=school.actor, now=NOW)
        top_up_at_launch(books, school.license, EXPORT_CREDITS, school.emmy, now=NOW)
        allot(
            books,
            school.license,
            EXPORT_CREDITS,
            member_ids=[school.ada],
            each=7,
            actor=school.actor,
            now=NOW + timedelta(hours=2),
            note="for the film",
        )
    text = get(teacher, HISTORY).text
    assert "Nov 23, 11:00 AM UTC By hand Ada Łovelace by you · “for the film” − 7 88 left" in text
    assert "Automatic Emmy Noether first credits − 5 95 left" in text
    assert "Granted The license by the operator + 100 100 left" in text


def test_a_batch_unfolds_to_its_people(teacher: FlaskClient, school: School) -> None:
    with school.books() as books:
        allot(
            books,
            school.license,
            EXPORT_CREDITS,
            member_ids=[school.ada, school.emmy],
            each=5,
            actor=school.actor,
            now=NOW,
        )
    page = get(teacher, HISTORY)
    assert page.find("details")
    assert "2 people × 5 by you Ada Łovelace5 Emmy Noether5 − 10 90 left" in page.text


def test_people_of_foreign_courses_have_no_name_here(teacher: FlaskClient, school: School) -> None:
    with school.books() as books:
        other = make_context(books, books.get_one(Deployment, school.deployment), title="Chemistry")
        carl = make_member(books, books.get_one(License, school.license), other, name="Carl Secret")
        for members in ([carl.id], [carl.id, school.ada]):
            allot(books, school.license, EXPORT_CREDITS, member_ids=members, each=5, actor=school.actor, now=NOW)
    text = get(teacher, HISTORY).text
    assert "Carl" not in text
    assert text.count("Somebody in another course") == 2


def test_older_lines_follow_without_gap_or_repeat(teacher: FlaskClient, school: School) -> None:
    with school.books() as books:
        for number in range(60):
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
    seen: list[str] = []
    address = HISTORY
    while address:
        page = get(teacher, address)
        seen += [word for word in page.text.split("“") if word.startswith("no ")]
        older = [found["href"] for found in page.find("a") if "before=" in found.get("href", "")]
        address = older[0] if older else ""
    assert [word[3:5] for word in seen] == [f"{number:02}" for number in reversed(range(60))]


def test_a_large_batch_is_read_on_its_own_pages(teacher: FlaskClient, school: School) -> None:
    with school.books() as books:
        license_, course = books.get_one(License, school.license), books.get_one(Context, school.course)
        members = [make_member(books, license_, course, name=f"Student {n:03}").id for n in range(UNFOLDED + 20)]
        grant(books, school.license, EXPORT_CREDITS, amount=1_000, actor=SYSTEM, now=NOW)
        allot(books, school.license, EXPORT_CREDITS, member_ids=members, each=1, actor=school.actor, now=NOW)
    page = get(teacher, HISTORY)
    assert page.text.count("Student ") == UNFOLDED
    first = get(teacher, next(found["href"] for found in page.find("a") if "batch=" in found.get("href", "")))
    second = get(teacher, next(found["href"] for found in first.find("a") if "after=" in found.get("href", "")))
    assert first.text.count("Student ") == UNFOLDED
    assert second.text.count("Student ") == 20


def test_a_batch_of_another_license_is_not_shown(teacher: FlaskClient) -> None:
    assert "History" in get(teacher, f"{HISTORY}?batch=no-such-batch&before=x").text
