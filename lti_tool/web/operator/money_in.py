"""/operator/orders/{order}/payment: money that the bank received, typed, looked at, and then recorded once."""

from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lti_tool import clock, money
from lti_tool.db import db, transaction
from lti_tool.errors import Invalid, NotFound, Refusal
from lti_tool.purchasing import by_purchase_order
from lti_tool.web.access import OPERATOR, only
from lti_tool.web.forms import Form
from lti_tool.web.operator.order import Shown, shown


def routes(blueprint: Blueprint) -> None:
    """Adds the form, and what records."""
    blueprint.add_url_rule("/orders/<order_id>/payment", "payment", ask)
    blueprint.add_url_rule("/orders/<order_id>/payment", "payment_save", save, methods=["POST"])


@dataclass(frozen=True)
class Sum:
    """What the order will have received, in minor units, if this amount is recorded."""

    total: int
    before: int
    amount: int

    @property
    def missing(self) -> int:
        """What is still missing then; below 0 what is too much."""
        return self.total - self.before - self.amount


@only(OPERATOR)
def ask(order_id: str) -> ResponseReturnValue:
    """The form, with what is missing filled in. Raises NotFound."""
    found = shown(db.session(), order_id)
    amount = money.plain(found.missing, found.order.currency) if found.missing else ""
    return _page(found, Form({"amount": amount, "reference": ""}))


@only(OPERATOR)
def save(order_id: str) -> ResponseReturnValue:
    """Shows the sum first, and records it when that was confirmed. Raises NotFound."""
    posted, step = Form.posted("amount", "reference"), request.form.get("step")
    found = shown(db.session(), order_id)
    try:
        amount = money.typed(posted.values["amount"], found.order.currency)
        by_purchase_order.check_payment(amount, posted.values["reference"])
        if step == "record":
            return _record(found, amount, posted.values["reference"])
        return _page(found, posted, amount=None if step == "change" else amount)
    except NotFound:
        raise
    except Refusal as refusal:
        field = refusal.figures["field"] if isinstance(refusal, Invalid) else "reference"
        posted.wrong[str(field)] = refusal.detail
        return _page(found, posted, status=422)


def _record(found: Shown, amount: int, reference: str) -> ResponseReturnValue:
    with transaction() as session:
        by_purchase_order.record_payment(session, found.order.id, amount=amount, reference=reference, now=clock.now())
    return redirect(url_for("operator.order", order_id=found.order.id, done="recorded"), 303)


def _page(found: Shown, form: Form, *, amount: int | None = None, status: int = 200) -> ResponseReturnValue:
    total = None if amount is None else Sum(found.order.total, found.facts["paid"], amount)
    return render_template("operator/payment.html", shown=found, form=form, sum=total), status
