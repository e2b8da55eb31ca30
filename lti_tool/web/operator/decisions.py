"""/operator/orders/{order}/approve and /cancel: each shows first what a press will do, and does it once."""

from typing import Literal

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lti_tool import clock
from lti_tool.db import db, transaction
from lti_tool.errors import Invalid, NotFound, Refusal
from lti_tool.language import _
from lti_tool.purchasing import by_purchase_order, certificates, orders
from lti_tool.web.access import OPERATOR, only
from lti_tool.web.forms import Form
from lti_tool.web.operator.order import shown

Decision = Literal["approve", "cancel"]


def routes(blueprint: Blueprint) -> None:
    """Adds the two pages and what they do."""
    blueprint.add_url_rule("/orders/<order_id>/approve", "approve", ask_to_approve)
    blueprint.add_url_rule("/orders/<order_id>/approve", "approve_now", approve, methods=["POST"])
    blueprint.add_url_rule("/orders/<order_id>/cancel", "cancel", ask_to_cancel)
    blueprint.add_url_rule("/orders/<order_id>/cancel", "cancel_now", cancel, methods=["POST"])
    blueprint.add_url_rule("/orders/<order_id>/certificate", "refuse_certificate", refuse_certificate, methods=["POST"])


@only(OPERATOR)
def ask_to_approve(order_id: str) -> ResponseReturnValue:
    """What approving does: the licence's total before and after. Raises NotFound."""
    return _page("approve", order_id, Form())


@only(OPERATOR)
def approve(order_id: str) -> ResponseReturnValue:
    """Credits the order, and goes back to it; or says why not. Raises NotFound."""
    return _decide("approve", order_id, Form())


@only(OPERATOR)
def ask_to_cancel(order_id: str) -> ResponseReturnValue:
    """What cancelling does, with room for why. Raises NotFound."""
    return _page("cancel", order_id, Form())


@only(OPERATOR)
def cancel(order_id: str) -> ResponseReturnValue:
    """Ends the order, and goes back to it; or says why not. Raises NotFound."""
    return _decide("cancel", order_id, Form.posted("note"))


@only(OPERATOR)
def refuse_certificate(order_id: str) -> ResponseReturnValue:
    """Lets the order's certificate exempt nothing more, and goes back to the order. Raises NotFound."""
    with transaction() as session:
        found = orders.by_number(session, order_id)
        if found.certificate_id is None:
            raise NotFound(_("This order has no certificate of exemption."))
        certificates.refuse(session, found.certificate_id, now=clock.now())
    return redirect(url_for("operator.order", order_id=order_id), 303)


def _decide(decision: Decision, order_id: str, posted: Form) -> ResponseReturnValue:
    try:
        with transaction() as session:
            _do(session, decision, orders.by_number(session, order_id).id, posted.values.get("note") or None)
    except NotFound:
        raise
    except Refusal as refusal:
        posted.wrong["note" if isinstance(refusal, Invalid) else "form"] = refusal.detail
        return _page(decision, order_id, posted, status=refusal.status)
    done = "approved" if decision == "approve" else "cancelled"
    return redirect(url_for("operator.order", order_id=order_id, done=done), 303)


def _do(session: Session, decision: Decision, order_id: str, note: str | None) -> None:
    if decision == "approve":
        by_purchase_order.approve(session, order_id, now=clock.now())
    else:
        by_purchase_order.cancel(session, order_id, by="operator", note=note, now=clock.now())


def _page(decision: Decision, order_id: str, form: Form, *, status: int = 200) -> ResponseReturnValue:
    found = shown(db.session(), order_id)
    return render_template(f"operator/{decision}.html", shown=found, form=form), status
