"""Allotments that wait for credits: as they were typed, for who made them, and no more of them than needed."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lti_tool.errors import NotFound
from lti_tool.ids import new_id
from lti_tool.licenses.licenses import License
from lti_tool.purchasing import unfinished
from lti_tool.purchasing.fulfilment import settle
from lti_tool.purchasing.unfinished import MOST_PEOPLE, UnfinishedAllotment
from tests.factories import EXPORT_CREDITS, NOW, make_license, make_order, make_payment, make_person, make_platform

CREDITS = EXPORT_CREDITS.name


@pytest.fixture
def school(session: Session) -> License:
    return make_license(session)


@pytest.fixture
def grace(session: Session) -> str:
    return make_person(session, make_platform(session).id, name="Grace Okonkwo").id


def keep(
    session: Session, school: License, person: str, *, key: str | None = None, people: int = 2, minutes: int = 0
) -> str | None:
    return unfinished.keep(
        session,
        school.id,
        CREDITS,
        key=key or new_id(),
        person_id=person,
        member_ids=[f"member-{number}" for number in range(people)],
        amount=25,
        note="for the film",
        back="show=waiting",
        now=NOW + timedelta(minutes=minutes),
    )


def kept(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(UnfinishedAllotment)) or 0


def test_the_same_form_refused_again_is_kept_once_as_it_was_typed_last(
    session: Session, school: License, grace: str
) -> None:
    key = keep(session, school, grace)
    assert key is not None
    keep(session, school, grace, key=key, people=3)
    found = unfinished.find(session, school.id, grace, key)
    session.refresh(found)
    assert (found.people, len(found.member_ids.split()), found.amount, found.note) == (3, 3, 25, "for the film")
    assert kept(session) == 1


def test_nobody_reaches_or_changes_what_another_person_or_license_keeps(
    session: Session, school: License, grace: str
) -> None:
    key = keep(session, school, grace)
    assert key is not None
    stranger, elsewhere = make_person(session, make_platform(session).id).id, make_license(session)
    assert keep(session, school, stranger, key=key, people=9) is None
    for license_id, person in ((school.id, stranger), (elsewhere.id, grace), (school.id, None)):
        with pytest.raises(NotFound):
            unfinished.find(session, license_id, person, key)
        assert unfinished.for_order(session, license_id, person, key) is None
        unfinished.close(session, license_id, person, key, now=NOW)
    found = unfinished.find(session, school.id, grace, key)
    session.refresh(found)
    assert (found.people, found.closed_at) == (2, None)
    assert unfinished.for_order(session, school.id, grace, key) == key


def test_more_people_than_a_batch_may_have_are_not_kept(session: Session, school: License, grace: str) -> None:
    assert keep(session, school, grace, people=MOST_PEOPLE + 1) is None
    assert keep(session, school, grace, people=MOST_PEOPLE) is not None
    assert kept(session) == 1


def test_only_the_latest_are_kept_and_those_that_an_order_remembers(
    session: Session, school: License, grace: str
) -> None:
    first = keep(session, school, grace)
    make_order(session, school).allotment_id = first
    session.flush()
    keys = [keep(session, school, grace, minutes=minute) for minute in range(1, 15)]
    left = set(session.scalars(select(UnfinishedAllotment.id)))
    assert left == {first, *keys[-10:]}


def test_it_is_ready_once_credits_came_and_until_it_is_closed(session: Session, school: License, grace: str) -> None:
    key = keep(session, school, grace)
    assert key is not None
    order = make_order(session, school)
    order.allotment_id = key
    session.flush()
    assert list(unfinished.ready(session, school.id, CREDITS, grace)) == []
    assert unfinished.of_order(session, order, grace) is None
    make_payment(session, order)
    settle(session, order.id, now=NOW)
    assert [one.id for one in unfinished.ready(session, school.id, CREDITS, grace)] == [key]
    assert unfinished.of_order(session, order, grace) is not None
    assert unfinished.of_order(session, order, "somebody else") is None
    unfinished.close(session, school.id, grace, key, now=NOW)
    session.expire_all()
    assert list(unfinished.ready(session, school.id, CREDITS, grace)) == []
    assert unfinished.of_order(session, order, grace) is None
    assert unfinished.for_order(session, school.id, grace, key) is None
