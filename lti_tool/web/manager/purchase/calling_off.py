"""/manager/purchase/{order}/cancel: ends a quote or an order before anything was credited, after asking once more."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from lti_tool import clock
from lti_tool.db import db, transaction
from lti_tool.purchasing import by_purchase_order, orders, progress
from lti_tool.web import access
from lti_tool.web.access import MANAGER, only
from lti_tool.web.forms import done
from lti_tool.web.manager.desk import license_of
from lti_tool.web.manager.purchase.shop import open_order, page_of


def routes(blueprint: Blueprint) -> None:
    """Adds the question and its answer."""
    blueprint.add_url_rule("/purchase/<order_id>/cancel", "order_cancel", ask)
    blueprint.add_url_rule("/purchase/<order_id>/cancel", "order_cancelled", cancel, methods=["POST"])


@only(MANAGER)
def ask(order_id: str) -> ResponseReturnValue:
    """What cancelling means; the order's page instead where it cannot be cancelled any more."""
    desk, order = open_order(order_id)
    if not progress.of(db.session(), order, now=clock.now()).may_cancel:
        return done(page_of(order_id))
    return render_template("manager/purchase/cancel.html", desk=desk, order=order)


@only(MANAGER)
def cancel(order_id: str) -> ResponseReturnValue:
    """Cancels it, unless it is credited or money is on its way; the order's page says which."""
    now = clock.now()
    with transaction() as session:
        order = orders.locked_of(session, license_of(access.visit()), order_id)
        if progress.of(session, order, now=now).may_cancel:
            by_purchase_order.cancel(session, order.id, by="manager", now=now)
    return done(page_of(order_id))
