"""The closings of days: the same figures as the journal tells of each day's end, and each day closed once."""

import random
from contextlib import suppress
from datetime import date, datetime, time, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from lti_tool import clock
from lti_tool.ledger import as_of, closings, holds
from lti_tool.ledger.allotment import allot
from lti_tool.ledger.issuing import grant
from lti_tool.ledger.movements import OPERATOR
from lti_tool.ledger.refusals import InsufficientCredits, PoolShort
from tests.conftest import Books
from tests.factories import EXPORT_CREDITS, NOW
from tests.ledger.a_class import Class
from tests.ledger.test_as_of import OpenClass

DAY = timedelta(days=1)


def live(session: Session, class_: Class, students: list[str], *, seed: int, began: datetime, ended: datetime) -> None:
    """Some weeks in which anything moves on some days, and nothing on others."""
    chance, now = random.Random(seed), began
    while now < ended:
        where = (session, class_.license_id, EXPORT_CREDITS)
        with suppress(InsufficientCredits, PoolShort):
            match chance.randrange(4):
                case 0:
                    grant(*where, amount=20, actor=OPERATOR, now=now)
                case 1:
                    allot(*where, member_ids=chance.sample(students, 2), each=3, actor=OPERATOR, now=now)
                case _:
                    holds.spend(*where, chance.choice(students), amount=1, actor=OPERATOR, now=now)
        now += timedelta(hours=chance.choice([0, 1, 5, 60]), minutes=chance.randrange(60))


def sweep(session: Session, now: datetime) -> int:
    """Closes what is due, as the sweeper does; how many days those were."""
    count = 0
    while due := closings.due(session, now=now):
        closings.close(session, due)
        count += len(due)
    return count


def kept(session: Session, class_: Class) -> list[closings.Closing]:
    return closings.since(session, class_.license_id, EXPORT_CREDITS.name, date(2000, 1, 1))


def test_each_day_s_closing_is_what_the_journal_tells_of_its_end(new_class: OpenClass, books: Books) -> None:
    class_, other = new_class(credits=60), new_class(credits=7)
    students = class_.students(4)
    began = NOW - 60 * DAY  # ids are made today, and never before what they stand for
    with books() as session:
        # Closed twice on the way: each time from where the last closing stopped.
        for seed, (first, last) in enumerate([(0, 20), (20, 21), (21, 45)]):
            live(session, class_, students, seed=seed, began=began + first * DAY, ended=began + last * DAY)
            assert sweep(session, began + last * DAY)
        days = kept(session, class_)
        assert [day.day for day in days] == [days[0].day + n * DAY for n in range(len(days))]
        assert len({day.used for day in days}) > 10, "too little was used to prove anything"
        for closed in days:
            midnight = datetime.combine(closed.day + DAY, time(), NOW.tzinfo) - timedelta(microseconds=1)
            [past] = as_of.license_by_journal(session, class_.license_id, midnight)
            told = past.totals
            assert as_of.license_at(session, class_.license_id, midnight) == [past], "told by its closing"
            assert (closed.issued, closed.allotted, closed.used) == (told.issued, told.allotted, told.used), closed.day
        assert kept(session, other) == [], "that pool's first day is not over"


def test_a_day_is_closed_once_it_is_over_on_any_clock_and_only_once(new_class: OpenClass, books: Books) -> None:
    class_ = new_class(credits=60)
    midnight = datetime.combine(NOW.date() + DAY, time(), NOW.tzinfo)
    with books() as session:
        assert sweep(session, midnight + as_of.SLACK - timedelta(seconds=1)) == 0
        due = closings.due(session, now=midnight + as_of.SLACK)
        assert [(day.issued, day.allotted, day.used) for day in due] == [(60, 0, 0)]
        closings.close(session, due)
        closings.close(session, due)  # another server's sweep found the same
        assert sweep(session, midnight + as_of.SLACK) == 0
        assert kept(session, class_) == [closings.Closing(NOW.date(), 60, 0, 0)]
        assert sweep(session, midnight + as_of.SLACK + 3 * DAY) == 3, "days on which nothing moved are closed, too"
        assert kept(session, class_)[-1] == closings.Closing(NOW.date() + 3 * DAY, 60, 0, 0)


def test_a_moment_is_told_by_the_closing_before_it_and_what_moved_on_its_day(
    new_class: OpenClass, books: Books
) -> None:
    class_ = new_class(credits=0)
    students = class_.students(2)
    now = clock.now()
    earlier = now - timedelta(seconds=1)
    where = (class_.license_id, EXPORT_CREDITS)
    with books() as session:
        grant(session, *where, amount=60, actor=OPERATOR, now=earlier - 2 * DAY)
        sweep(session, now + as_of.SLACK)
        allot(session, *where, member_ids=students, each=5, actor=OPERATOR, now=now)
        for at, allotted in [(earlier - DAY, 0), (earlier, 0), (now, 10)]:
            [told] = as_of.license_at(session, class_.license_id, at)
            assert (told.totals.issued, told.totals.allotted) == (60, allotted)
            assert [told] == as_of.license_by_journal(session, class_.license_id, at)
        # Whether it is told by the closing at all shows where that is wrong.
        session.execute(text("update closings set issued = issued + 1"))
        [told] = as_of.license_at(session, class_.license_id, now)
        assert (told.totals.issued, told.totals.allotted) == (61, 10)
