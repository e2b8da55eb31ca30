"""The books of any past moment, from the journal alone: equal to what was seen then."""

import random
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from lti_tool.db import micros
from lti_tool.ledger import as_of, holds, issuing, journal, policies, pools
from lti_tool.ledger.allotment import allot
from lti_tool.ledger.movements import OPERATOR
from lti_tool.ledger.refusals import InsufficientCredits, NotActive, PoolShort
from lti_tool.ledger.rules import Standing
from tests.conftest import Books
from tests.factories import EXPORT_CREDITS, NOW
from tests.ledger.a_class import Class

OpenClass = Callable[..., Class]
SEED = 20_261_125
STEPS = 400
MOMENTS = 1_000


class Term:
    """A term that passes in steps of seconds, with whatever may happen to credits."""

    def __init__(self, class_: Class, students: list[str]) -> None:
        self.class_ = class_
        self.students = students
        self.chance = random.Random(SEED)
        self.now = NOW - timedelta(days=60)  # ids are made today, and never before what they stand for
        self.open: list[str] = []

    def step(self, session: Session) -> None:
        """One more thing happens, or is refused."""
        self.now += timedelta(seconds=self.chance.randint(1, 900))
        acts = [self.grant, self.give, self.hold, self.hold, self.spend, self.close, self.set_maximum]
        act = self.chance.choice(acts)
        with suppress(InsufficientCredits, PoolShort, NotActive):
            act(session)

    def grant(self, session: Session) -> None:
        issuing.grant(session, self.class_.license_id, EXPORT_CREDITS, amount=20, actor=OPERATOR, now=self.now)

    def give(self, session: Session) -> None:
        some = self.chance.sample(self.students, 2)
        allot(session, self.class_.license_id, EXPORT_CREDITS, member_ids=some, each=3, actor=OPERATOR, now=self.now)

    def hold(self, session: Session) -> None:
        student, lasts = self.chance.choice(self.students), timedelta(seconds=self.chance.randint(60, 20_000))
        made = holds.hold(
            session,
            self.class_.license_id,
            EXPORT_CREDITS,
            student,
            amount=self.chance.randint(1, 3),
            actor=OPERATOR,
            now=self.now,
            lasts=lasts,
        )
        self.open.append(made.id)

    def spend(self, session: Session) -> None:
        student = self.chance.choice(self.students)
        holds.spend(session, self.class_.license_id, EXPORT_CREDITS, student, amount=1, actor=OPERATOR, now=self.now)

    def close(self, session: Session) -> None:
        if not self.open:
            return
        hold_id = self.open.pop(self.chance.randrange(len(self.open)))
        if holds.find(session, self.class_.license_id, hold_id, now=self.now).status != "held":
            return
        if self.chance.random() < 0.5:
            holds.capture(session, self.class_.license_id, hold_id, actor=OPERATOR, now=self.now, amount=1)
        else:
            holds.release(session, self.class_.license_id, hold_id, now=self.now)

    def set_maximum(self, session: Session) -> None:
        version = policies.current(session, self.class_.license_id, EXPORT_CREDITS.name).version
        policies.save(
            session,
            self.class_.license_id,
            EXPORT_CREDITS,
            maximum=5 * self.chance.randint(0, 6),
            based_on=version,
            actor=OPERATOR,
            now=self.now,
        )


Seen = tuple[pools.Totals, int, dict[str, Standing]]


def seen(session: Session, class_: Class, students: list[str], now: datetime) -> Seen:
    """What everybody sees at this moment."""
    [totals] = pools.totals(session, class_.license_id, now_us=micros(now))
    maximum = policies.current(session, class_.license_id, EXPORT_CREDITS.name).maximum
    figures = {}
    for student in students:
        found = journal.standing(session, class_.license_id, EXPORT_CREDITS.name, student, now=now)
        assert found is not None
        figures[student] = found[0]
    return totals, maximum, figures


@pytest.mark.slow
def test_a_thousand_past_moments_are_as_they_were_seen(new_class: OpenClass, books: Books) -> None:
    class_ = new_class(credits=0)
    students = class_.students(6)
    term = Term(class_, students)
    snapshots: list[tuple[datetime, Seen]] = []
    for _ in range(STEPS):
        with books() as session:
            term.step(session)
        with books() as session:
            for _ in range(MOMENTS // STEPS + 1):
                term.now += timedelta(seconds=term.chance.randint(0, 3_000))
                snapshots.append((term.now, seen(session, class_, students, term.now)))
    with books() as session:
        for at, was in term.chance.sample(snapshots, MOMENTS):
            [past] = as_of.license_at(session, class_.license_id, at)
            figures = as_of.members_at(session, class_.license_id, students, at)
            told = (past.totals, past.maximum, {member: standing for (member, _), standing in figures.items()})
            assert told == was, f"seed {SEED}, at {at}"


def test_before_the_first_movement_there_was_nothing(new_class: OpenClass, books: Books) -> None:
    class_ = new_class(credits=60)
    student = class_.student(has=5)
    with books() as session:
        [past] = as_of.license_at(session, class_.license_id, NOW - timedelta(days=900))
        then = as_of.members_at(session, class_.license_id, [student], NOW - timedelta(days=900))
    assert past == as_of.Past(pools.Totals(EXPORT_CREDITS.name, 0, 0, 0, 0, 0, 0), 0)
    assert then == {(student, EXPORT_CREDITS.name): Standing(0, 0, 0, 0)}


def test_nobody_else_s_figures_are_told(new_class: OpenClass, books: Books) -> None:
    class_, other = new_class(credits=60), new_class(credits=60)
    stranger = other.student(has=5)
    with books() as session:
        assert as_of.members_at(session, class_.license_id, [stranger], NOW) == {}
