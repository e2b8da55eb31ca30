"""GET /operator/orders: the orders of all licences, those that wait first; found by a number or the school."""

from flask import Blueprint, render_template, request

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
    """Adds the list."""
    blueprint.add_url_rule("/orders", "orders", orders)


@only(OPERATOR)
def orders() -> str:
    """One page of orders; `?status=`, `?license=`, `?find=`, and `?after=` goes on. Raises NotFound (the licence)."""
    status = request.args.get("status", "")
    text = request.args.get("find", "").strip()[:_LONGEST_TEXT]
    license_id = request.args.get("license") or None
    wish = Wish(status if status in STATES or status == UNPAID else None, license_id, text=text)
    found = order_list.listed(db.session(), wish, after=request.args.get("after", ""), limit=PAGE + 1)
    shown = found[:PAGE]
    return render_template(
        "operator/orders.html",
        rows=list(zip(shown, describe(db.session(), shown), strict=True)),
        schools=licenses.names(db.session(), {order.license_id for order in shown}),
        license_name=licenses.find(db.session(), license_id).name if license_id else "",
        wish=wish,
        states=STATES,
        more=order_list.place(shown[-1]) if len(found) > PAGE else None,
    )
