"""GET /operator/orders: the orders of all licences, those that wait first; found by a number or the school."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lti_tool.db import db
from lti_tool.licenses import licenses
from lti_tool.purchasing import order_list
from lti_tool.purchasing.describing import describe
from lti_tool.purchasing.order_list import UNPAID, Wish
from lti_tool.web.access import OPERATOR, only
from lti_tool.web.operator.words import STATES

PAGE = 50
_LONGEST_TEXT = 120


def routes(blueprint: Blueprint) -> None:
    """Adds the list, also as what the bare address leads to."""
    blueprint.add_url_rule("/orders", "orders", orders)
    blueprint.add_url_rule("", "start", start)


@only(OPERATOR)
def start() -> ResponseReturnValue:
    """To the list."""
    return redirect(url_for("operator.orders"), 303)


@only(OPERATOR)
def orders() -> str:
    """One page of orders; `?status=`, `?find=`, and `?after=` goes on."""
    status = request.args.get("status", "")
    text = request.args.get("find", "").strip()[:_LONGEST_TEXT]
    wish = Wish(status if status in STATES or status == UNPAID else None, text=text)
    found = order_list.listed(db.session(), wish, after=request.args.get("after", ""), limit=PAGE + 1)
    shown = found[:PAGE]
    return render_template(
        "operator/orders.html",
        rows=zip(shown, describe(db.session(), shown), strict=True),
        schools=licenses.names(db.session(), {order.license_id for order in shown}),
        wish=wish,
        states=STATES,
        more=order_list.place(shown[-1]) if len(found) > PAGE else None,
        is_first_page="after" not in request.args,
    )
