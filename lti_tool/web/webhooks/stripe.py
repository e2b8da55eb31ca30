"""POST /webhooks/stripe: Stripe tells us of payments. The only way in which a card's money becomes credits (R29)."""

import hashlib

import structlog
from flask import abort, current_app, request
from flask.typing import ResponseReturnValue
from prometheus_client import Counter

from lti_tool import clock
from lti_tool.db import transaction
from lti_tool.purchasing.stripe import effects, events, signatures
from lti_tool.purchasing.stripe.effects import HeardBefore
from lti_tool.settings import Settings
from lti_tool.web.access import PROVIDER, only

_LARGEST = 262_144
"""Bytes of a message; Stripe's about payments have some 5,000."""

_log = structlog.get_logger(__name__)
_EVENTS = Counter("creditroll_payment_events_total", "Payment providers' messages.", ["kind", "outcome"])


@only(PROVIDER)
def hear() -> ResponseReturnValue:
    """Keeps a message and lets it take effect, once, in one transaction; 200 tells Stripe to send it no more.

    Raises NotFromStripe and NotFresh before a byte of the message was believed.
    """
    settings: Settings = current_app.extensions["creditroll"]
    if not settings.takes_cards:
        abort(404)
    request.max_content_length = _LARGEST
    body, now = request.get_data(cache=False), clock.now()
    signature = request.headers.get("Stripe-Signature", "")
    signatures.verify(body, signature, settings.stripe_webhook_secrets, now=now)
    kind, outcome = _take(body, takes_live=settings.stripe_is_live)
    _EVENTS.labels(kind if kind in events.KINDS else "other", outcome).inc()
    _log.info("payment event", kind=kind, outcome=outcome)
    return "", 200


def _take(body: bytes, *, takes_live: bool) -> tuple[str, str]:
    """The message's kind and what became of it."""
    message, digest = events.read_event(body), hashlib.sha256(body).hexdigest()
    try:
        with transaction() as session:
            outcome = effects.take(session, message, takes_live=takes_live, digest=digest, now=clock.now())
    except HeardBefore:
        outcome = "repeated"
    return message.kind, outcome
