"""What open pages ask: the pulse is another one after each change that they show, and the same where there is none."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update
from sqlalchemy.orm import Session

from lti_tool.ledger import allotment, holds, policies
from lti_tool.ledger.movements import OPERATOR
from lti_tool.members.people import Enrollment
from tests.factories import EXPORT_CREDITS, NOW
from tests.web.conftest import School

PULSE = "/manager/pulse"


def beat(client: FlaskClient) -> str:
    """The pulse now."""
    answer = client.get(PULSE)
    assert answer.status_code == 200
    return answer.text


def give(books: Session, school: School) -> None:
    reached = [school.ada]
    allotment.allot(books, school.license, EXPORT_CREDITS, member_ids=reached, each=5, actor=OPERATOR, now=NOW)


def save(books: Session, school: School) -> None:
    policies.save(books, school.license, EXPORT_CREDITS, maximum=10, based_on=0, actor=OPERATOR, now=NOW)


def launch(books: Session, school: School) -> None:
    later = NOW + timedelta(hours=1)
    books.execute(update(Enrollment).where(Enrollment.member_id == school.ada).values(last_launch_at=later))


def mark(books: Session, school: School) -> None:
    books.execute(update(Enrollment).where(Enrollment.member_id == school.ada).values(role="ta"))


def leave(books: Session, school: School) -> None:
    books.execute(update(Enrollment).where(Enrollment.member_id == school.ada).values(active=False))


@pytest.mark.parametrize("change", [give, save, launch, mark, leave])
def test_each_change_that_a_page_shows_changes_the_pulse(
    teacher: FlaskClient, school: School, change: Callable[[Session, School], None]
) -> None:
    before = beat(teacher)
    assert beat(teacher) == before
    with school.books() as books:
        change(books, school)
    assert beat(teacher) != before


def test_a_hold_that_begins_and_one_that_ends_do_too(teacher: FlaskClient, school: School) -> None:
    with school.books() as books:
        give(books, school)
    empty = beat(teacher)
    with school.books() as books:
        hold = holds.hold(books, school.license, EXPORT_CREDITS, school.ada, amount=2, actor=OPERATOR, now=NOW)
    held = beat(teacher)
    with school.books() as books:
        holds.release(books, school.license, hold.id, now=NOW + timedelta(seconds=1))
    assert len({empty, held, beat(teacher)}) == 3


def test_a_page_holds_the_pulse_that_it_was_made_at(teacher: FlaskClient) -> None:
    for path in ("/manager/", "/manager/members"):
        assert f'data-pulse="{beat(teacher)}"' in teacher.get(path).text
