"""A repeated request gets its first answer and does nothing twice, success or refusal (R21)."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from lti_tool.ids import new_id
from lti_tool.ledger import policies
from lti_tool.ledger.allotment import allot
from lti_tool.ledger.movements import OPERATOR
from lti_tool.licenses import idempotency
from lti_tool.licenses.licenses import License
from tests.conftest import Books
from tests.factories import EXPORT_CREDITS, NOW
from tests.web.api.conftest import Get, Post, told
from tests.web.api.test_holds import CREDITS, balance


def spend(post: Post, student: str, once: str, *, amount: int = 2, **more: object) -> Any:
    return post(f"/members/{student}/spends", once=once, resource=CREDITS, amount=amount, **more)


def test_a_spend_takes_units_for_good_and_is_in_the_journal(
    get: Get, post: Post, school: License, student: str
) -> None:
    shape = spend(post, student, new_id(), reference="film-7").get_json()
    assert (shape["status"], shape["amount"], shape["captured"], shape["expires_at"]) == ("captured", 2, 2, None)
    assert shape["balance"] == {"available": 1, "held": 0, "used": 2, "received": 3}
    last = get(f"/licenses/{school.id}/transfers").get_json()["items"][-1]
    assert (last["id"], last["kind"], last["amount"], last["reference"]) == (shape["id"], "spend", 2, "film-7")
    assert last["actor"]["kind"] == "api_key"


def test_a_repeat_gets_the_first_answer_and_takes_nothing(get: Get, post: Post, student: str) -> None:
    first = spend(post, student, "export-1")
    again = spend(post, student, "export-1")
    assert (again.status_code, again.data) == (first.status_code, first.data)
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert balance(get, student) == (1, 0, 2, 3)


def test_a_repeat_of_the_spend_that_emptied_the_account_gets_the_first_answer(
    get: Get, post: Post, student: str
) -> None:
    first, again = (spend(post, student, "the last", amount=3) for _ in range(2))
    assert (again.status_code, again.data) == (201, first.data)
    assert balance(get, student) == (0, 0, 3, 3)
    assert told(spend(post, student, "one more", amount=1)) == (409, "insufficient_credits")


def test_a_refusal_is_repeated_too_though_credits_came_meanwhile(
    books: Books, get: Get, post: Post, school: License, student: str
) -> None:
    first = spend(post, student, "too-much", amount=5)
    assert told(first) == (409, "insufficient_credits")
    with books() as session:
        allot(session, school.id, EXPORT_CREDITS, member_ids=[student], each=10, actor=OPERATOR, now=NOW)
    again = spend(post, student, "too-much", amount=5)
    assert (again.status_code, again.data) == (409, first.data)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.content_type == "application/problem+json"
    assert spend(post, student, "new-key", amount=5).status_code == 201
    assert balance(get, student) == (8, 0, 5, 13)


@pytest.mark.parametrize(
    ("wrong", "refusal"),
    [
        ({"amount": 0}, (422, "invalid")),
        ({"amount": 1.0}, (422, "invalid")),
        ({"resource": "gold"}, (422, "invalid")),
        ({"more": 1}, (422, "invalid")),
        ({"amount": float("nan")}, (400, "malformed")),
    ],
)
def test_what_asks_for_nothing_that_can_be_done_is_repeated_too_and_its_key_is_used_up(
    get: Get, post: Post, student: str, wrong: dict[str, Any], refusal: tuple[int, str]
) -> None:
    wish = {"resource": CREDITS, "amount": 1}
    first, again = (post(f"/members/{student}/spends", once="wrong", **wish | wrong) for _ in range(2))
    assert told(first) == told(again) == refusal
    assert again.data == first.data
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert told(post(f"/members/{student}/spends", once="wrong", **wish)) == (409, "idempotency_conflict")
    assert balance(get, student) == (3, 0, 0, 3)


def test_the_same_key_for_another_request_is_a_conflict(get: Get, post: Post, student: str) -> None:
    spend(post, student, "export-1")
    assert told(spend(post, student, "export-1", amount=1)) == (409, "idempotency_conflict")
    other_address = post(f"/members/{student}/holds", once="export-1", resource=CREDITS, amount=2)
    assert told(other_address) == (409, "idempotency_conflict")
    assert balance(get, student) == (1, 0, 2, 3)


def test_each_api_key_has_keys_of_its_own(get: Get, post: Post, new_key: Any, school: License, student: str) -> None:
    for _ in range(2):
        answer = spend(post, student, "export-1", amount=1, key=new_key(school, scopes=("spend",)))
        assert "Idempotency-Replayed" not in answer.headers
    assert balance(get, student) == (1, 0, 2, 3)


@pytest.fixture
def storm(app: Flask, new_key: Callable[..., str], student: str) -> Callable[..., list[tuple[int, bytes]]]:
    """Sends spends of one member at once, each under the Idempotency-Key that its number gets."""
    key = new_key(scopes=("spend",))

    def sent_at_once(number: int, once: Callable[[int], str], amount: int) -> list[tuple[int, bytes]]:
        def send(number: int) -> tuple[int, bytes]:
            headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": once(number)}
            body = {"resource": CREDITS, "amount": amount}
            sent = app.test_client().post(f"/api/v1/members/{student}/spends", headers=headers, json=body)
            return sent.status_code, sent.data

        with ThreadPoolExecutor(number) as pool:
            return list(pool.map(send, range(number)))

    return sent_at_once


@pytest.fixture
def bundles(books: Books, school: License) -> None:
    """The school's students get bundles of 5 up to 15."""
    with books() as session:
        policies.save(session, school.id, EXPORT_CREDITS, maximum=15, based_on=0, actor=OPERATOR, now=NOW)


def test_fifty_at_once_with_one_key_are_one_spend(get: Get, storm: Any, student: str) -> None:
    answers = set(storm(50, lambda _: "storm", 2))
    assert [status for status, _ in answers] == [201]
    assert balance(get, student) == (1, 0, 2, 3)


@pytest.mark.usefixtures("bundles")
def test_fifty_at_once_with_one_key_are_one_spend_though_it_needs_a_bundle(get: Get, storm: Any, student: str) -> None:
    answers = set(storm(50, lambda _: "storm", 4))
    assert [status for status, _ in answers] == [201]
    assert balance(get, student) == (4, 0, 4, 8)


@pytest.mark.usefixtures("bundles")
def test_of_many_spends_at_once_each_counts_once(get: Get, storm: Any, student: str) -> None:
    statuses = [status for status, _ in storm(40, lambda number: f"film {number // 2}", 1)]  # each is sent twice
    assert (statuses.count(201), statuses.count(409)) == (26, 14)
    assert balance(get, student) == (0, 0, 13, 13)  # 3 by hand and two bundles: a third would pass the maximum


@pytest.mark.parametrize("key", [None, "", "a" * 256, "line\tbreak", "é", "\u00a0"])
def test_a_post_without_a_usable_key_is_refused(
    client: Any, get: Get, new_key: Callable[..., str], student: str, key: str | None
) -> None:
    headers = {"Authorization": f"Bearer {new_key(scopes=('spend',))}"}
    if key is not None:
        headers["Idempotency-Key"] = key
    body = {"resource": CREDITS, "amount": 1}
    refused = client.post(f"/api/v1/members/{student}/spends", headers=headers, json=body)
    assert told(refused) == (400, "idempotency_key_missing")
    assert balance(get, student) == (3, 0, 0, 3)


def test_answers_are_kept_for_thirty_days(books: Books, get: Get, post: Post, student: str) -> None:
    spend(post, student, "export-1", amount=1)
    with books() as session:
        assert idempotency.forget(session, now=datetime.now(UTC) + timedelta(days=29)) == 0
        assert idempotency.forget(session, now=datetime.now(UTC) + timedelta(days=31)) == 1
        assert session.scalar(text("select count(*) from idempotency_keys")) == 0
    spend(post, student, "export-1", amount=1)
    assert balance(get, student) == (1, 0, 2, 3)
