"""Paying an order by card: where every "Pay" leads, and where payers come back to."""

from flask import Blueprint, Flask, current_app, render_template

from lti_tool import clock
from lti_tool.db import db, transaction
from lti_tool.language import _
from lti_tool.purchasing import checkout, orders
from lti_tool.purchasing.refusals import AskedOtherwise, NotByCard
from lti_tool.purchasing.stripe.pages import Stripe
from lti_tool.settings import Settings
from lti_tool.web.access import PUBLIC, only

blueprint = Blueprint("checkout", __name__)

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
        raise NotByCard(_("Cards are not taken here. Use a purchase order instead."))
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
        order = checkout.record_session(session, order_id, attempt.attempt, session_id=page.id, url=page.url)
    orders.require(order, "placed")  # it may have been cancelled while we asked
    return page.url


@blueprint.get("/checkout/return")
@only(PUBLIC)
def come_back() -> str:
    """Where the provider sends payers. It believes nothing, and credits nothing: the provider's own message does."""
    return render_template("checkout/return.html")
