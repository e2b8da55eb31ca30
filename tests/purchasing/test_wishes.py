"""Asking to buy: one open wish a person, answered by a manager, by credits that came, or taken back."""

import pytest
from sqlalchemy.orm import Session

from lti_tool.errors import Invalid, NotFound
from lti_tool.licenses.licenses import License
from lti_tool.purchasing import wishes
from lti_tool.purchasing.fulfilment import settle
from tests.factories import EXPORT_CREDITS, NOW, make_license, make_order, make_payment, make_person, make_platform

CREDITS = EXPORT_CREDITS.name


@pytest.fixture
def school(session: Session) -> License:
    return make_license(session)


@pytest.fixture
def rivera(session: Session) -> str:
    return make_person(session, make_platform(session).id, name="Ana Rivera").id


def ask(session: Session, school: License, person: str, amount: int | None, note: str | None = None) -> None:
    wishes.ask(session, school.id, CREDITS, person, amount=amount, note=note, most=1_000, now=NOW)


def test_asking_again_changes_the_wish(session: Session, school: License, rivera: str) -> None:
    ask(session, school, rivera, 50, "for the film unit")
    ask(session, school, rivera, None)
    (only,) = wishes.waiting(session, school.id, CREDITS, limit=9)
    assert (only.person_id, only.amount, only.note) == (rivera, None, None)


def test_a_wish_is_open_until_it_is_taken_back_and_can_be_made_anew(
    session: Session, school: License, rivera: str
) -> None:
    ask(session, school, rivera, 50)
    for _ in range(2):
        wishes.withdraw(session, school.id, CREDITS, rivera, now=NOW)
    assert wishes.waiting(session, school.id, CREDITS, limit=9) == []
    before = wishes.latest(session, school.id, CREDITS, rivera)
    assert before is not None
    assert before.answer == "withdrawn"
    ask(session, school, rivera, 20)
    after = wishes.latest(session, school.id, CREDITS, rivera)
    assert after is not None
    assert (after.amount, after.answer) == (20, None)


def test_the_first_answer_stands(session: Session, school: License, rivera: str) -> None:
    ask(session, school, rivera, 50)
    (wish,) = wishes.waiting(session, school.id, CREDITS, limit=9)
    manager, other = (make_person(session, make_platform(session).id).id for _ in range(2))
    for one in (manager, other):
        wishes.decline(session, school.id, wish.id, by=one, now=NOW)
    wishes.withdraw(session, school.id, CREDITS, rivera, now=NOW)
    session.refresh(wish)
    assert (wish.answer, wish.closed_by) == ("not_now", manager)


def test_a_wish_of_another_license_cannot_be_answered(session: Session, school: License, rivera: str) -> None:
    ask(session, school, rivera, 50)
    (wish,) = wishes.waiting(session, school.id, CREDITS, limit=9)
    stranger = make_license(session)
    assert wishes.waiting(session, stranger.id, CREDITS, limit=9) == []
    with pytest.raises(NotFound):
        wishes.decline(session, stranger.id, wish.id, by=rivera, now=NOW)


def test_what_is_out_of_measure_is_refused_with_its_field(session: Session, school: License, rivera: str) -> None:
    for amount, note, field in ((0, None, "number"), (1_001, None, "number"), (5, "x" * 201, "note")):
        with pytest.raises(Invalid) as refused:
            ask(session, school, rivera, amount, note)
        assert refused.value.figures["field"] == field
    assert wishes.latest(session, school.id, CREDITS, rivera) is None


def test_credits_that_come_answer_all_who_asked_for_no_more(session: Session, school: License, rivera: str) -> None:
    platform = make_platform(session).id
    undecided, ambitious = (make_person(session, platform).id for _ in range(2))
    elsewhere = make_license(session)
    for license_, person, amount in (
        *((school, rivera, 100), (school, undecided, None), (school, ambitious, 101)),
        (elsewhere, rivera, 5),
    ):
        ask(session, license_, person, amount)
    order = make_order(session, school, quantity=100)
    make_payment(session, order)
    settle(session, order.id, now=NOW)
    answers = {
        (license_.id, wish.person_id): wish.answer
        for license_, person in ((school, rivera), (school, undecided), (school, ambitious), (elsewhere, rivera))
        if (wish := wishes.latest(session, license_.id, CREDITS, person))
    }
    assert answers == {
        (school.id, rivera): "bought",
        (school.id, undecided): "bought",
        (school.id, ambitious): None,
        (elsewhere.id, rivera): None,
    }
