"""POST /office/{token}/card: the office pays by card instead; the provider's page opens from a plain link."""

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from lti_tool import clock
from lti_tool.db import db, transaction
from lti_tool.errors import NotFound, Refusal
from lti_tool.language import _
from lti_tool.purchasing import checkout, orders
from lti_tool.purchasing.refusals import NotByCard
from lti_tool.web.access import OFFICE, only
from lti_tool.web.office.desk import open_desk, order_of, require_seen
from lti_tool.web.office.quote import as_kept, page
from lti_tool.web.pace import TooOften
from lti_tool.web.paying import pay_url


def routes(blueprint: Blueprint) -> None:
    """Adds what the button posts to."""
    blueprint.add_url_rule("/<token>/card", "card", pay, methods=["POST"])


@only(OFFICE)
def pay(token: str) -> ResponseReturnValue:
    """Places the quote as one that a card pays, if it is not placed yet, and asks for the page to pay at."""
    try:
        if not open_desk(db.session(), token).takes_cards:
            raise NotByCard(_("This order cannot be paid by card now."))
        with transaction() as session:
            order = orders.locked(session, order_of(session, token).id)
            require_seen(order, request.form.get("seen", ""))
            checkout.place(session, order.id, by="office", now=clock.now())
        pay_url(order.id)
    except (NotFound, TooOften):
        raise
    except Refusal as refused:
        desk = open_desk(db.session(), token)
        form = as_kept(desk.order)
        form.wrong["card"] = refused.detail
        return page(desk, form), refused.status
    return redirect(url_for("office.quote", token=token, _anchor="card"), 303)
