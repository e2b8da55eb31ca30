"""Paying an order by card, for every page that has a "Pay": the address of the provider's page."""

from flask import Flask, current_app

from lti_tool import clock
from lti_tool.db import db, transaction
from lti_tool.purchasing import checkout
from lti_tool.purchasing.refusals import AskedOtherwise, NotByCard
from lti_tool.purchasing.stripe.pages import Stripe
from lti_tool.settings import Settings

_STRIPE = "creditroll_stripe"


def join(app: Flask, settings: Settings) -> None:
    """Gives the app its way to the provider; nothing is loaded or called before somebody pays."""
    app.extensions[_STRIPE] = Stripe(settings)


def pay_url(order_id: str) -> str:
    """The address at which this placed order can be paid by card; pressed again, the same as long as it is open.

    Call it outside any transaction, and find rows that were read before it anew. Raises NotFound, NotByCard,
    OrderClosed, PaymentUnderWay, PriceExpired, ProviderFault.
    """
    settings: Settings = current_app.extensions["creditroll"]
    stripe: Stripe = current_app.extensions[_STRIPE]
    if not settings.takes_cards:
        raise NotByCard("Cards are not taken here. Use a purchase order instead.")
    db.session.remove()  # nothing is open while we wait for the network
    with transaction() as session:
        order, attempt = checkout.begin_payment(session, order_id, now=clock.now())
    if attempt.url is not None:
        return attempt.url
    try:
        page = stripe.start(order, attempt)
    except AskedOtherwise:
        with transaction() as session:
            checkout.abandon(session, order_id, attempt.attempt)
        raise
    with transaction() as session:
        return checkout.record_session(session, order_id, attempt.attempt, session_id=page.id, url=page.url)
