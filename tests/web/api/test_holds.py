"""Holds over HTTP: set aside, then captured, released or run out (R12, R19, R20)."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from lti_tool.db import database_now
from lti_tool.ledger import holds, policies
from lti_tool.ledger.accounts import freeze
from lti_tool.ledger.allotment import allot
from lti_tool.ledger.issuing import grant
from lti_tool.ledger.movements import OPERATOR
from lti_tool.licenses.licenses import License
from tests.conftest import Books
from tests.factories import EXPORT_CREDITS, NOW
from tests.web.api.conftest import Get, Post, told

CREDITS = EXPORT_CREDITS.name


def balance(get: Get, student: str) -> tuple[int, int, int, int]:
    """Available, held, used, received."""
    figures = get(f"/members/{student}").get_json()["balances"][CREDITS]
    return figures["available"], figures["held"], figures["used"], figures["received"]


def test_a_hold_sets_units_aside_and_says_what_is_left(get: Get, post: Post, student: str) -> None:
    made = post(f"/members/{student}/holds", resource=CREDITS, amount=2, reference="film-7", expires_in=60)
    assert made.status_code == 201
    shape = made.get_json()
    assert shape | {"id": "", "expires_at": ""} == {
        "id": "",
        "status": "held",
        "amount": 2,
        "captured": 0,
        "resource": CREDITS,
        "member": student,
        "reference": "film-7",
        "expires_at": "",
        "balance": {"available": 1, "held": 2, "used": 0, "received": 3},
    }
    assert get(f"/holds/{shape['id']}").get_json() == shape
    assert balance(get, student) == (1, 2, 0, 3)


def test_a_capture_uses_what_it_says_and_frees_the_rest(get: Get, post: Post, student: str) -> None:
    hold = post(f"/members/{student}/holds", resource=CREDITS, amount=3).get_json()
    captured = post(f"/holds/{hold['id']}/capture", amount=1)
    assert captured.status_code == 200
    shape = captured.get_json()
    assert (shape["status"], shape["amount"], shape["captured"]) == ("captured", 3, 1)
    assert shape["balance"] == {"available": 2, "held": 0, "used": 1, "received": 3}
    assert balance(get, student) == (2, 0, 1, 3)


def test_a_capture_without_an_amount_uses_all(get: Get, post: Post, student: str) -> None:
    hold = post(f"/members/{student}/holds", resource=CREDITS, amount=3).get_json()
    assert post(f"/holds/{hold['id']}/capture").get_json()["captured"] == 3
    assert balance(get, student) == (0, 0, 3, 3)


def test_a_release_frees_all(get: Get, post: Post, student: str) -> None:
    hold = post(f"/members/{student}/holds", resource=CREDITS, amount=3).get_json()
    released = post(f"/holds/{hold['id']}/release")
    assert (released.status_code, released.get_json()["status"]) == (200, "released")
    assert balance(get, student) == (3, 0, 0, 3)


@pytest.mark.parametrize("first", ["capture", "release"])
def test_a_closed_hold_stays_closed(get: Get, post: Post, student: str, first: str) -> None:
    hold = post(f"/members/{student}/holds", resource=CREDITS, amount=1).get_json()
    post(f"/holds/{hold['id']}/{first}")
    before = balance(get, student)
    for second in ("capture", "release"):
        assert told(post(f"/holds/{hold['id']}/{second}")) == (409, "hold_not_open")
    assert balance(get, student) == before


def test_capturing_more_than_is_held_is_refused_and_the_hold_stays(get: Get, post: Post, student: str) -> None:
    hold = post(f"/members/{student}/holds", resource=CREDITS, amount=2).get_json()
    assert told(post(f"/holds/{hold['id']}/capture", amount=3)) == (422, "invalid")
    assert balance(get, student) == (1, 2, 0, 3)


def test_a_hold_past_its_time_is_over_though_nobody_tidied_up(
    books: Books, get: Get, post: Post, school: License, student: str
) -> None:
    with books() as session:
        long_ago = NOW - timedelta(days=3_000)
        hold = holds.hold(session, school.id, EXPORT_CREDITS, student, amount=2, actor=OPERATOR, now=long_ago)
    assert get(f"/holds/{hold.id}").get_json()["status"] == "expired"
    assert get(f"/holds/{hold.id}").get_json()["balance"] == {"available": 3, "held": 0, "used": 0, "received": 3}
    assert told(post(f"/holds/{hold.id}/capture")) == (409, "hold_not_open")
    assert post(f"/members/{student}/holds", resource=CREDITS, amount=3).status_code == 201


def test_too_few_credits_are_refused_with_the_figures(get: Get, post: Post, student: str) -> None:
    refused = post(f"/members/{student}/holds", resource=CREDITS, amount=4)
    assert told(refused) == (409, "insufficient_credits")
    figures = refused.get_json()
    assert {name: figures[name] for name in ("available", "max_per_member", "received", "pool")} == {
        "available": 3,
        "max_per_member": 0,
        "received": 3,
        "pool": 97,
    }
    assert balance(get, student) == (3, 0, 0, 3)


def test_bundles_come_first_where_maximum_and_pool_allow(
    books: Books, get: Get, post: Post, school: License, student: str
) -> None:
    with books() as session:
        policies.save(session, school.id, EXPORT_CREDITS, maximum=15, based_on=0, actor=OPERATOR, now=NOW)
    held = post(f"/members/{student}/holds", resource=CREDITS, amount=9)
    assert held.get_json()["balance"] == {"available": 4, "held": 9, "used": 0, "received": 13}
    assert post(f"/members/{student}/spends", resource=CREDITS, amount=9).status_code == 409  # R12: no bundle strands
    assert balance(get, student) == (4, 9, 0, 13)


def test_who_left_the_course_can_neither_hold_nor_spend_but_ends_what_was_under_way(
    books: Books, get: Get, post: Post, school: License, student: str
) -> None:
    hold = post(f"/members/{student}/holds", resource=CREDITS, amount=1).get_json()
    with books() as session:
        freeze(session, school.id, [student])
    for call in ("holds", "spends"):
        assert told(post(f"/members/{student}/{call}", resource=CREDITS, amount=1)) == (409, "member_not_active")
    assert post(f"/holds/{hold['id']}/capture").status_code == 200
    assert balance(get, student) == (2, 0, 1, 3)


def test_one_member_has_only_so_many_open_holds(
    books: Books, get: Get, post: Post, school: License, student: str
) -> None:
    with books() as session:
        grant(session, school.id, EXPORT_CREDITS, amount=100, actor=OPERATOR, now=NOW)
        allot(session, school.id, EXPORT_CREDITS, member_ids=[student], each=150, actor=OPERATOR, now=NOW)
        for _ in range(holds.MOST_OPEN - 1):
            later = NOW + timedelta(days=9_000)
            holds.hold(session, school.id, EXPORT_CREDITS, student, amount=1, actor=OPERATOR, now=later)
    assert post(f"/members/{student}/holds", resource=CREDITS, amount=1).status_code == 201
    assert told(post(f"/members/{student}/holds", resource=CREDITS, amount=1)) == (409, "too_many_holds")


def test_a_key_of_another_license_finds_neither_member_nor_hold(
    get: Get, post: Post, new_key: Any, neighbour: License, student: str
) -> None:
    hold = post(f"/members/{student}/holds", resource=CREDITS, amount=1).get_json()
    foreign = new_key(neighbour, scopes=("spend",))
    for address in (f"/members/{student}/holds", f"/members/{student}/spends", f"/members/{uuid4()}/spends"):
        assert told(post(address, key=foreign, resource=CREDITS, amount=1)) == (404, "not_found")
    for address in (f"/holds/{hold['id']}/capture", f"/holds/{hold['id']}/release", f"/holds/{uuid4()}/release"):
        assert told(post(address, key=foreign)) == (404, "not_found")
    assert told(get(f"/holds/{hold['id']}", key=foreign)) == (404, "not_found")
    assert balance(get, student) == (2, 1, 0, 3)


def test_a_key_that_may_only_read_changes_nothing(get: Get, post: Post, new_key: Any, student: str) -> None:
    reader = new_key()
    refused = post(f"/members/{student}/spends", key=reader, resource=CREDITS, amount=1)
    assert told(refused) == (403, "forbidden")
    assert balance(get, student) == (3, 0, 0, 3)


def test_r19_a_spend_tells_of_no_hold_past_its_time(books: Books, post: Post, school: License, student: str) -> None:
    with books() as session:
        an_hour_ago = database_now(session) - timedelta(hours=1)
        where = (session, school.id, EXPORT_CREDITS, student)
        holds.hold(*where, amount=1, actor=OPERATOR, now=an_hour_ago, lasts=timedelta(seconds=1))
    spent = post(f"/members/{student}/spends", resource=CREDITS, amount=1)
    assert spent.get_json()["balance"] == {"available": 2, "held": 0, "used": 1, "received": 3}
