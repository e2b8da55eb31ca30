"""GET /licenses/{license}/transfers: the journal, in order, from wherever the reader left off."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from lti_tool.ledger import allotment, holds
from lti_tool.ledger.movements import OPERATOR, Actor, Movement
from lti_tool.ledger.transfers import post
from lti_tool.licenses.licenses import License
from lti_tool.lti.contexts import Context
from lti_tool.purchasing.fulfilment import settle
from tests.conftest import Books
from tests.factories import EXPORT_CREDITS, NOW, make_member, make_order, make_payment
from tests.web.api.conftest import Get


@pytest.fixture
def ada(books: Books, school: License, course: Context) -> str:
    """A member who was given 9, exported for 2, and whose school gave 10 back."""
    with books() as session:
        member = make_member(session, school, course)
        allotment.allot(
            session,
            school.id,
            EXPORT_CREDITS,
            member_ids=[member.id],
            each=9,
            actor=Actor("person", member.person_id),
            now=NOW,
            note="For the anthology",
        )
    with books() as session:
        holds.spend(
            session,
            school.id,
            EXPORT_CREDITS,
            member.id,
            amount=2,
            actor=Actor("api_key", "exporter"),
            now=NOW,
            reference="story 7",
        )
    with books() as session:
        post(session, Movement(school.id, EXPORT_CREDITS.name, "refund", amount_each=10, actor=OPERATOR, at=NOW))
    return member.id


def test_each_kind_says_from_where_to_where(get: Get, school: License, ada: str) -> None:
    shown = get(f"/licenses/{school.id}/transfers").get_json()["items"]
    assert [(one["kind"], one["amount"], one["from"], one["to"], one["member"]) for one in shown] == [
        ("grant", 100, "outside", "pool", None),
        ("manual_allotment", 9, "pool", ada, ada),
        ("spend", 2, ada, "used", ada),
        ("refund", 10, "pool", "outside", None),
    ]


def test_a_movement_says_when_why_and_by_whom_without_a_name(get: Get, school: License, ada: str) -> None:
    _, given, spent, _ = get(f"/licenses/{school.id}/transfers").get_json()["items"]
    assert set(given) == {
        *("id", "at", "kind", "resource", "amount", "from", "to", "member", "actor", "note", "reference", "batch")
    }
    assert given["at"] == "2026-11-23T09:00:00.000000Z"
    assert datetime.fromisoformat(given["at"]) == NOW.astimezone(UTC)
    assert given["actor"]["kind"] == "person"
    assert (given["note"], given["reference"]) == ("For the anthology", None)
    assert given["batch"]
    assert spent["actor"] == {"kind": "api_key", "id": "exporter"}
    assert (spent["note"], spent["reference"], spent["batch"]) == (None, "story 7", None)
    assert "Ada" not in get(f"/licenses/{school.id}/transfers").text


def test_what_was_bought_and_given_back_names_its_order(get: Get, books: Books, school: License) -> None:
    with books() as session:
        order = make_order(session, school)
        payment = make_payment(session, order)
        settle(session, order.id, now=NOW)
        payment.refunded = payment.amount
        settle(session, order.id, now=NOW)
    _, bought, returned = get(f"/licenses/{school.id}/transfers").get_json()["items"]
    for shown, kind, source, target in (
        (bought, "purchase", "outside", "pool"),
        (returned, "refund", "pool", "outside"),
    ):
        assert (shown["kind"], shown["amount"], shown["from"], shown["to"]) == (kind, 100, source, target)
        assert (shown["reference"], shown["member"]) == (order.number, None)
        assert shown["batch"]


def test_after_goes_on_behind_a_known_transfer_and_a_cursor_behind_a_page(get: Get, school: License, ada: str) -> None:
    address = f"/licenses/{school.id}/transfers"
    every = [one["id"] for one in get(address).get_json()["items"]]
    assert [one["id"] for one in get(address, after=every[1]).get_json()["items"]] == every[2:]
    assert get(address, after=every[-1]).get_json() == {"items": [], "next": None}

    page = get(address, after=every[0], limit=1).get_json()
    rest = get(address, after=every[0], limit=2, cursor=page["next"]).get_json()
    assert [one["id"] for one in page["items"] + rest["items"]] == every[1:]
    assert rest["next"] is None


def test_a_page_that_was_read_stays_the_same_while_the_journal_grows(
    get: Get, books: Books, school: License, ada: str
) -> None:
    address = f"/licenses/{school.id}/transfers"
    first = get(address, limit=3).get_json()
    with books() as session:
        holds.spend(session, school.id, EXPORT_CREDITS, ada, amount=1, actor=OPERATOR, now=NOW)
    assert get(address, limit=3).get_json() == first
    assert len(get(address, cursor=first["next"]).get_json()["items"]) == 2


def test_after_something_that_is_no_transfer_of_the_license_is_refused(
    get: Get, school: License, neighbour: License, ada: str
) -> None:
    foreign = get(f"/licenses/{neighbour.id}/transfers").get_json()["items"][0]["id"]
    for after in (foreign, uuid4(), "yesterday", ""):
        refused = get(f"/licenses/{school.id}/transfers", after=after)
        assert refused.status_code == 422, after
        assert refused.get_json()["field"] == "after"
