"""/manager/purchase/{order}/review: everything once more, and the one press that places the order, once (R27)."""

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lti_tool import clock
from lti_tool.db import db, transaction
from lti_tool.errors import Refusal
from lti_tool.language import _
from lti_tool.purchasing import by_purchase_order, checkout, orders
from lti_tool.purchasing.orders import CARD, Order
from lti_tool.purchasing.refusals import (
    NotByCard,
    NotByPurchaseOrder,
    OrderClosed,
    PaymentUnderWay,
    PriceExpired,
    ProviderFault,
)
from lti_tool.web import access
from lti_tool.web.access import MANAGER, only
from lti_tool.web.forms import done
from lti_tool.web.manager.desk import Desk, actor_of, license_of, open_desk
from lti_tool.web.manager.purchase.shop import catalog_of, find_draft, page_of, settings_of
from lti_tool.web.paying import pay_url


class Stale(Refusal):
    """The draft is not what its review showed; nothing was placed."""

    code = "order_changed"


def routes(blueprint: Blueprint) -> None:
    """Adds the page and what places the order."""
    blueprint.add_url_rule("/purchase/<order_id>/review", "purchase_review", review)
    blueprint.add_url_rule("/purchase/<order_id>/review", "purchase_place", place, methods=["POST"])


@only(MANAGER)
def review(order_id: str) -> ResponseReturnValue:
    """What is about to be ordered; a draft that does not say how it is paid goes back one step."""
    desk = open_desk(db.session())
    order = find_draft(desk, order_id)
    if order is None:
        return done(page_of(order_id))
    if order.method is None or (order.method == CARD and not settings_of().takes_cards):
        return done(url_for("manager.purchase_payment", order_id=order.id))
    return _page(desk, order)


@only(MANAGER)
def place(order_id: str) -> ResponseReturnValue:
    """Places it, and goes on to the order's page, which says what became of it whoever pressed how often."""
    visit, now = access.visit(), clock.now()
    try:
        with transaction() as session:
            order = orders.locked_of(session, license_of(visit), order_id)
            if order.status == "draft":
                _require_seen(order)
            if order.method == CARD:
                checkout.place(session, order.id, by="manager", now=now)
            else:
                by_purchase_order.place(
                    session,
                    order.id,
                    invoice_days=catalog_of().invoice_days,
                    by="manager",
                    actor=actor_of(visit),
                    now=now,
                )
        if order.method == CARD:
            pay_url(order.id)
    except Stale:
        desk = open_desk(db.session())
        return _page(desk, orders.find(db.session(), desk.license.id, order_id), is_stale=True), 409
    except (NotByPurchaseOrder, NotByCard):
        return done(url_for("manager.purchase_payment", order_id=order_id))
    except (OrderClosed, PriceExpired, PaymentUnderWay, ProviderFault):
        pass  # the order's page knows, and offers what can be done
    return done(page_of(order_id))


def _page(desk: Desk, order: Order, *, is_stale: bool = False) -> str:
    return render_template(
        "manager/purchase/review.html",
        desk=desk,
        order=order,
        catalog=catalog_of(),
        seen=_seen(order),
        is_stale=is_stale,
    )


def _require_seen(order: Order) -> None:
    """Stops a press for what its page did not show, and a card where none is taken. Raises Stale, NotByCard."""
    if request.form.get("seen") != _seen(order):
        raise Stale(_("This order was changed since you looked. Nothing was placed."))
    if order.method == CARD and not settings_of().takes_cards:
        raise NotByCard(_("Cards are not taken here."))


def _seen(order: Order) -> str:
    return f"{order.quantity} {order.total} {order.currency} {order.method} {order.po_number or ''}"
