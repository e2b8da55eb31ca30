"""Messages of Stripe as tests need them: what they say, and the bytes and signatures that carry it.

Made from Stripe's documents alone, and signed by our own hand: nothing of the product or of the stand-in is in here.
"""

import hashlib
import hmac
import json
import time
from dataclasses import dataclass
from itertools import count
from typing import Any

SECRET, NEXT_SECRET, OLD_SECRET = "whsec_in_force", "whsec_next", "whsec_retired"
SETTINGS = {"stripe_secret_key": "sk_test_of_nobody", "stripe_webhook_secrets": [SECRET, NEXT_SECRET]}

_numbers = count(1)


@dataclass(frozen=True)
class Page:
    """A hosted page: completed with the money ("paid") or before it ("unpaid"), refused in the end, or expired."""

    payment: str
    order_id: str | None
    amount: int
    currency: str = "usd"
    state: str = "paid"
    was_pending: bool = False


@dataclass(frozen=True)
class Refund:
    """So much of a payment went back by now."""

    payment: str
    order_id: str | None
    returned: int
    currency: str = "usd"


@dataclass(frozen=True)
class Dispute:
    """A bank asks for money; `state` is open, lost or won. Nothing in it names an order."""

    payment: str
    id: str
    amount: int
    state: str
    currency: str = "usd"


@dataclass(frozen=True)
class Other:
    """A message that must change nothing: of a kind, or about a thing, that is none of our business."""

    kind: str
    thing: Any
    around: tuple[tuple[str, Any], ...] = ()
    listed_as: str | None = None
    """The problem that it must be listed as."""


News = Page | Refund | Dispute | Other


@dataclass(frozen=True)
class Message:
    """One event: `id` is Stripe's, `body` the bytes that are signed and sent each time."""

    id: str
    news: News
    body: bytes


def message(news: News) -> Message:
    """An event that was made a moment ago."""
    event_id = f"evt_{next(_numbers)}_{time.time_ns()}"
    kind, thing = _shape(news)
    envelope = {
        "id": event_id,
        "object": "event",
        "created": int(time.time()),
        "data": {"object": thing},
        "livemode": False,
        "type": kind,
        **(dict(news.around) if isinstance(news, Other) else {}),
    }
    return Message(event_id, news, json.dumps(envelope, indent=2).encode())


def signature(body: bytes, secret: str = SECRET, *, age_s: int = 0) -> str:
    """The header that proves a body, made `age_s` seconds ago; negative is in the future."""
    at = int(time.time()) - age_s
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


def _shape(news: News) -> tuple[str, Any]:
    match news:
        case Page():
            return _page(news)
        case Refund():
            metadata = {"order_id": news.order_id} if news.order_id else {}
            return "charge.refunded", {
                "id": f"ch_of_{news.payment}",
                "object": "charge",
                "payment_intent": news.payment,
                "amount_refunded": news.returned,
                "currency": news.currency,
                "metadata": metadata,
            }
        case Dispute():
            return "charge.dispute.created" if news.state == "open" else "charge.dispute.closed", {
                "id": news.id,
                "object": "dispute",
                "charge": f"ch_of_{news.payment}",
                "payment_intent": news.payment,
                "amount": news.amount,
                "currency": news.currency,
                "status": "needs_response" if news.state == "open" else news.state,
                "metadata": {},
            }
        case Other():
            return news.kind, news.thing


def _page(news: Page) -> tuple[str, Any]:
    kind = {"failed": "async_payment_failed", "expired": "expired"}.get(news.state, "completed")
    if news.was_pending and news.state == "paid":
        kind = "async_payment_succeeded"
    return f"checkout.session.{kind}", {
        "id": f"cs_of_{news.payment}",
        "object": "checkout.session",
        "client_reference_id": news.order_id,
        "amount_total": news.amount,
        "currency": news.currency,
        "payment_intent": None if news.state == "expired" else news.payment,
        "payment_status": "paid" if news.state == "paid" else "unpaid",
        "metadata": {"order_id": news.order_id} if news.order_id else {},
    }
