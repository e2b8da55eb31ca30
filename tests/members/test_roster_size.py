"""A roster costs few statements, as many for 5,000 people as for 5, and writes nothing where nothing is new."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, event, select

from lti_tool.ledger.accounts import Account
from lti_tool.lti.roles import Role
from lti_tool.members.people import Enrollment, Member, Person
from lti_tool.members.roster import Outcome
from tests.conftest import Books
from tests.members.rosters import School, a_class, open_school, student


@pytest.fixture
def school(books: Books) -> School:
    return open_school(books)


def test_a_roster_without_news_writes_nothing(school: School, engine: Engine) -> None:
    people = [*a_class(40), student("t", role=Role.TEACHER), student("o", role=Role.OBSERVER)]
    school.launched("admin", Role.ADMIN)
    school.apply(people)
    school.apply(people[1:])

    with _rows_changed(engine) as changed:
        assert school.apply(people[1:]) == Outcome(added=0, dropped=0)

    assert sum(changed) == 0


@pytest.mark.parametrize("again", [False, True])
def test_five_thousand_people_take_as_many_statements_as_five(school: School, engine: Engine, again: bool) -> None:
    counts = []
    for people in (a_class(5), a_class(5_000)):
        if again:
            school.apply(people, confirm=True)
        with _rows_changed(engine) as changed:
            school.apply(people, confirm=True)
        counts.append(len(changed))

    assert counts[0] == counts[1] <= 16
    assert school.count(Member) == 5_000


def test_a_roster_that_takes_more_than_one_portion_is_whole(school: School) -> None:
    people = a_class(5_001)

    assert school.apply(people) == Outcome(added=5_001, dropped=0)
    assert (school.count(Member), school.count(Account), school.count(Enrollment)) == (5_001, 5_001, 5_001)

    assert school.apply([student("s-0", "Ada"), *people[1:-1], student("new")]) == Outcome(added=1, dropped=1)
    with school.books() as session:
        assert session.scalars(select(Person.name).where(Person.subject == "s-0")).one() == "Ada"
    assert school.account("s-5000").frozen


@contextmanager
def _rows_changed(engine: Engine) -> Iterator[list[int]]:
    """For each statement of the block, how many rows it wrote."""
    changed: list[int] = []

    def note(_connection: object, cursor: Any, statement: str, *_more: Any) -> None:
        if statement.strip().upper().startswith("BEGIN"):
            return
        changed.append(0 if statement.strip().startswith("select") else max(cursor.rowcount, 0))

    event.listen(engine, "after_cursor_execute", note)
    yield changed
    event.remove(engine, "after_cursor_execute", note)
