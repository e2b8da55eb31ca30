"""Each level is told once when it is crossed, and again only after it was seen to have recovered."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from lti_tool.alerts import watch, wishes
from lti_tool.alerts.levels import EMPTY, FIFTH, WAITING, Level
from lti_tool.ledger import holds
from lti_tool.ledger.movements import OPERATOR
from lti_tool.ledger.refusals import StaleSetting
from lti_tool.members.people import Enrollment
from tests.alerts.mail import Office
from tests.factories import EXPORT_CREDITS, NOW


@pytest.mark.parametrize(
    ("level", "low"),
    [
        (Level(pool=20, issued=100, waiting=0, bundle=5), ()),
        (Level(pool=19, issued=100, waiting=0, bundle=5), (FIFTH,)),
        (Level(pool=10, issued=40, waiting=2, bundle=5), ()),
        (Level(pool=9, issued=40, waiting=2, bundle=5), (WAITING,)),
        (Level(pool=0, issued=40, waiting=1, bundle=5), (EMPTY, WAITING, FIFTH)),
        (Level(pool=0, issued=0, waiting=0, bundle=5), (EMPTY,)),
    ],
)
def test_what_is_low_and_what_is_most_urgent(level: Level, low: tuple[str, ...]) -> None:
    assert level.low == low


def test_a_crossing_is_told_once_and_again_after_it_recovered(office: Office) -> None:
    office.ask()
    office.look()
    assert office.states() == []
    office.give(81)
    office.look()
    office.look()
    assert office.states() == [(FIFTH, "waiting")]
    office.refill(50)
    office.look()
    office.give(50)
    office.look()
    assert office.states() == [(FIFTH, "waiting")] * 2


def test_two_levels_at_once_are_one_letter_of_the_more_urgent(office: Office) -> None:
    office.ask()
    office.give(100)
    office.look()
    assert office.states() == [(EMPTY, "waiting")]


def test_who_waits_is_counted_in_the_letter(office: Office) -> None:
    office.ask(WAITING)

    def open_tool(session: Session) -> None:
        for enrollment in session.query(Enrollment).filter_by(member_id=office.student):
            enrollment.last_launch_at = NOW

    office.give(96)
    office.change(open_tool)
    office.look()
    assert office.states() == [], "who has some left does not wait"
    office.change(lambda session: _use_all(session, office))
    office.look()
    [letter] = office.letters()
    assert (letter.event, letter.waiting, letter.pool, letter.issued) == (WAITING, 1, 4, 100)


def _use_all(session: Session, office: Office) -> None:
    holds.spend(session, office.license, EXPORT_CREDITS, office.student, amount=96, actor=OPERATOR, now=NOW)


def test_nobody_is_told_of_what_they_did_not_ask_for_or_saw_when_they_asked(office: Office) -> None:
    office.give(81)
    office.ask()
    office.look()
    office.ask(EMPTY)
    office.refill(50)
    office.look()
    office.give(50)
    office.look()
    assert office.states() == []


def test_who_no_longer_teaches_or_manages_is_told_nothing(office: Office) -> None:
    office.ask()
    office.name_another_manager()
    office.give(81)
    office.look()
    assert office.states() == []


def test_two_looks_at_once_write_one_letter(office: Office) -> None:
    office.ask()
    office.give(100)
    with Session(office.engine) as session:
        found = watch.level(session, office.license, EXPORT_CREDITS)
        [wish] = watch.changed(session, office.license, found, EXPORT_CREDITS.name)

    def tell(_: int) -> bool:
        with office.books() as books:
            return watch.tell(books, wish, found, now=office.now)

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(tell, range(4))) == [False, False, False, True]
    assert office.states() == [(EMPTY, "waiting")]


def test_a_wish_that_was_changed_meanwhile_is_not_overwritten(office: Office) -> None:
    office.ask(EMPTY)
    office.change(lambda session: wishes.leave(session, office.key, now=NOW + timedelta(minutes=1)))
    with pytest.raises(StaleSetting), office.books() as session:
        wishes.save(session, office.key, [FIFTH], low=(), locale="en_US", based_on=1, now=NOW)
    with office.books() as session:
        wish = wishes.find(session, office.key)
        assert wish is not None
        assert (wish.wanted, wish.version) == (frozenset(), 2)
