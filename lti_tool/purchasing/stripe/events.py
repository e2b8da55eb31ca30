"""Stripe's messages, read once into what we act on. The names, addresses and cards in them end here, unread."""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NoReturn

_ID = re.compile(r"[A-Za-z0-9_]{1,255}", re.ASCII)
_KIND = re.compile(r"[a-z0-9_.]{1,100}", re.ASCII)
_CURRENCY = re.compile(r"[A-Za-z]{3}", re.ASCII)
_ORDER_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_MOST_MONEY = 10**13
_LAST_SECOND = 253_402_300_799
"""The end of the year 9999: no later time can be shown."""


@dataclass(frozen=True)
class Unreadable:
    """A signed message without the shape that we know; id and kind are its own, or made up for it."""

    id: str
    kind: str
    why: str


@dataclass(frozen=True)
class PageNews:
    """A hosted page was paid, completed with the money to come, refused in the end, or closed."""

    session_id: str
    order_id: str | None
    """What we opened the page for: from its metadata, which only the seller writes.

    A payer chooses the `client_reference_id` of the seller's payment links, which sell other things: it names nothing.
    """
    payment: str
    """The payment's reference: the intent, or the page itself where there is none."""
    amount: int
    currency: str
    state: str
    """paid, pending, failed, expired, or free: nothing was to be paid."""


@dataclass(frozen=True)
class RefundNews:
    """So much of a payment went back by now, all refunds together."""

    payment: str
    order_id: str | None
    returned: int
    currency: str


@dataclass(frozen=True)
class FailedRefundNews:
    """A refund that was told before did not reach the payer: the money is with us again."""

    refund_id: str
    payment: str
    amount: int
    currency: str


@dataclass(frozen=True)
class DisputeNews:
    """A payer's bank asks for the money; `state` is open, won or lost."""

    dispute_id: str
    payment: str
    amount: int
    currency: str
    state: str


News = PageNews | RefundNews | FailedRefundNews | DisputeNews


@dataclass(frozen=True)
class Event:
    """One message; `news` is None where it is of no interest. `account` names another seller whom it is about."""

    id: str
    kind: str
    made_at: datetime
    is_live: bool
    account: str | None
    news: News | None


def read_event(body: bytes) -> Event | Unreadable:
    """The message, whatever the body is: what is signed is Stripe's word, and is never lost."""
    try:
        message = json.loads(body, object_pairs_hook=_without_doubles, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return _unreadable(body, None, "it is not JSON as we read it")
    try:
        return _event(_table(message))
    except ValueError as error:
        return _unreadable(body, message, str(error))


def _event(message: Mapping[str, Any]) -> Event:
    kind = _text(message, "type", _KIND)
    read = _READERS.get(kind)
    made_at = _whole(message, "created", _LAST_SECOND)
    return Event(
        id=_text(message, "id", _ID),
        kind=kind,
        made_at=datetime.fromtimestamp(made_at, UTC),
        is_live=_truth(message, "livemode"),
        account=None if message.get("account") is None else _text(message, "account", _ID),
        news=read(kind, _table(_table(message.get("data")).get("object"))) if read else None,
    )


def _page(kind: str, page: Mapping[str, Any]) -> PageNews:
    session_id = _text(page, "id", _ID)
    status = page.get("payment_status")
    states = {"paid": "paid", "unpaid": "pending", "no_payment_required": "free"}
    if not isinstance(status, str) or status not in states:
        raise ValueError("payment_status is another")
    ends = {"checkout.session.expired": "expired", "checkout.session.async_payment_failed": "failed"}
    state = ends.get(kind) or states[status]
    is_money = state in ("paid", "pending", "failed")  # a page that only keeps a card, for one, names no amount
    return PageNews(
        session_id=session_id,
        order_id=_order_id(_table(page.get("metadata") or {}).get("order_id")),
        payment=session_id if page.get("payment_intent") is None else _text(page, "payment_intent", _ID),
        amount=_whole(page, "amount_total", _MOST_MONEY) if is_money else 0,
        currency=_text(page, "currency", _CURRENCY).upper() if is_money else "",
        state=state,
    )


def _refund(_kind: str, charge: Mapping[str, Any]) -> RefundNews:
    return RefundNews(
        payment=_payment(charge, "id"),
        order_id=_order_id(_table(charge.get("metadata") or {}).get("order_id")),
        returned=_whole(charge, "amount_refunded", _MOST_MONEY),
        currency=_text(charge, "currency", _CURRENCY).upper(),
    )


def _failed_refund(_kind: str, refund: Mapping[str, Any]) -> FailedRefundNews:
    return FailedRefundNews(
        refund_id=_text(refund, "id", _ID),
        payment=_payment(refund, "charge"),
        amount=_whole(refund, "amount", _MOST_MONEY),
        currency=_text(refund, "currency", _CURRENCY).upper(),
    )


def _dispute(kind: str, dispute: Mapping[str, Any]) -> DisputeNews:
    is_lost = _text(dispute, "status", _KIND) == "lost"
    return DisputeNews(
        dispute_id=_text(dispute, "id", _ID),
        payment=_payment(dispute, "charge"),
        amount=_whole(dispute, "amount", _MOST_MONEY),
        currency=_text(dispute, "currency", _CURRENCY).upper(),
        state="open" if kind == "charge.dispute.created" else "lost" if is_lost else "won",
    )


_READERS: dict[str, Callable[[str, Mapping[str, Any]], News]] = {
    "checkout.session.completed": _page,
    "checkout.session.async_payment_succeeded": _page,
    "checkout.session.async_payment_failed": _page,
    "checkout.session.expired": _page,
    "charge.refunded": _refund,
    "refund.failed": _failed_refund,
    "charge.dispute.created": _dispute,
    "charge.dispute.closed": _dispute,
}
KINDS = frozenset(_READERS)
"""The messages that are of interest; set the webhook to send these."""


def _payment(table: Mapping[str, Any], instead: str) -> str:
    return _text(table, "payment_intent" if table.get("payment_intent") is not None else instead, _ID)


def _order_id(value: object) -> str | None:
    return value if isinstance(value, str) and _ORDER_ID.fullmatch(value) else None


def _table(value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("a table is missing")
    return value


def _text(table: Mapping[str, Any], key: str, pattern: re.Pattern[str]) -> str:
    value = table.get(key)
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise ValueError(f"{key} is another")
    return value


def _whole(table: Mapping[str, Any], key: str, most: int) -> int:
    value = table.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        raise ValueError(f"{key} is another")
    return value


def _truth(table: Mapping[str, Any], key: str) -> bool:
    value = table.get(key)
    if not isinstance(value, bool):
        raise ValueError(f"{key} is another")
    return value


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Whoever else read the message may have taken the other one."""
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a key is there twice")
    return dict(pairs)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number of JSON")


def _unreadable(body: bytes, message: object, why: str) -> Unreadable:
    named: Mapping[str, Any] = message if isinstance(message, dict) else {}
    event_id, kind = named.get("id"), named.get("type")
    if not isinstance(event_id, str) or not _ID.fullmatch(event_id):
        event_id = f"sha256:{hashlib.sha256(body).hexdigest()}"
    if not isinstance(kind, str) or not _KIND.fullmatch(kind):
        kind = "unreadable"
    return Unreadable(event_id, kind, why)
