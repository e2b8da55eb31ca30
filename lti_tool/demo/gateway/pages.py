"""What people see of the stand-in: the page that an order is paid on, and everything that happened behind it."""

import re
from decimal import Decimal
from urllib.parse import urlsplit

from babel.numbers import get_currency_precision
from flask import Blueprint, abort, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from lti_tool.demo.gateway.desk import this_desk
from lti_tool.demo.gateway.errors import StripeError
from lti_tool.demo.gateway.parameters import NewRefund
from lti_tool.demo.gateway.things import Session

_MOST_SHOWN = 50
_OLD_S = 3600
_ANOTHER_SECRET = "whsec_of_somebody_else"  # noqa: S105 - what a forger would sign with
_AMOUNT = re.compile(r"\d{1,8}(\.\d{1,3})?", re.ASCII)

routes = Blueprint("pages", __name__)


@routes.before_request
def refuse_other_sites() -> None:
    """A page of another site must not press these buttons: browsers say where a form is from."""
    here = this_desk().config.url
    if request.method == "POST" and request.headers.get("Origin", here) != here:
        abort(403, "This form is not from here.")


@routes.get("/pay/<session_id>")
def pay_page(session_id: str) -> str:
    """Stripe's hosted page: what is bought, and the ways to pay, or what became of it."""
    session = this_desk().till.session(session_id)
    _goes_on_to(session)
    return render_template("pay.html", session=session)


@routes.post("/pay/<session_id>")
def pay(session_id: str) -> Response:
    """`way`: card, bank or declined. Whoever has paid is sent on, once the tool was told."""
    till, way = this_desk().till, request.form.get("way")
    session = till.session(session_id)
    _goes_on_to(session)
    if way == "declined":
        till.decline(session_id)
        return redirect(url_for("pages.pay_page", session_id=session_id), 303)
    ways = {"card": till.pay, "bank": till.pay_later}
    if way not in ways:
        abort(400, "There is no such way to pay.")
    ways[way](session_id)
    return redirect(session.success_url, 303)


@routes.get("/")
def front() -> str:
    """All payments and events, newest first."""
    courier = this_desk().courier
    events = list(reversed(courier.all()))
    return render_template(
        "payments.html",
        sessions=this_desk().till.sessions()[:_MOST_SHOWN],
        events=events[:_MOST_SHOWN],
        held=sum(event.is_held for event in events),
        is_holding=courier.is_holding,
    )


@routes.post("/sessions/<session_id>")
def change_session(session_id: str) -> Response:
    """`what`: the bank transfer settles or fails, or nobody can pay any more; then back to where it was pressed."""
    till, what = this_desk().till, request.form.get("what")
    if what == "expire":
        till.expire(session_id)
    elif what == "settle":
        till.settle(session_id)
    elif what == "fail":
        till.fail(session_id)
    else:
        abort(400, "There is no such button.")
    at_pay_page = request.form.get("from") == "pay"
    return redirect(url_for("pages.pay_page", session_id=session_id) if at_pay_page else url_for("pages.front"), 303)


@routes.post("/payments/<payment_id>")
def change_payment(payment_id: str) -> Response:
    """`what`: refund (an `amount` as people write it, or all), dispute, won or lost."""
    till, what = this_desk().till, request.form.get("what")
    if what == "refund":
        amount = _minor(request.form.get("amount", ""), till.payment(payment_id).session.currency)
        till.refund(NewRefund(payment_intent=payment_id, amount=amount))
    elif what == "dispute":
        till.dispute(payment_id)
    elif what in ("won", "lost"):
        till.close_dispute(payment_id, won=what == "won")
    else:
        abort(400, "There is no such button.")
    return redirect(url_for("pages.front"), 303)


@routes.post("/events/<event_id>")
def change_event(event_id: str) -> Response:
    """`what`: again, forged (by another secret), old (signed an hour ago), release or drop."""
    courier, what = this_desk().courier, request.form.get("what")
    if what == "again":
        courier.send(event_id)
    elif what == "forged":
        courier.send(event_id, secret=_ANOTHER_SECRET)
    elif what == "old":
        courier.send(event_id, age_s=_OLD_S)
    elif what == "release":
        courier.release([event_id])
    elif what == "drop":
        courier.drop(event_id)
    else:
        abort(400, "There is no such button.")
    return redirect(url_for("pages.front"), 303)


@routes.post("/events")
def change_events() -> Response:
    """`what`: hold from now on, release as they came, or the newest first."""
    courier, what = this_desk().courier, request.form.get("what")
    if what == "hold":
        courier.hold()
    elif what == "release":
        courier.release()
    elif what == "reverse":
        courier.release([event.id for event in reversed(courier.all()) if event.is_held])
        courier.release()
    else:
        abort(400, "There is no such button.")
    return redirect(url_for("pages.front"), 303)


@routes.errorhandler(StripeError)
def refused(refusal: StripeError) -> tuple[str, int]:
    """In words, for people."""
    is_forgotten = refusal.code == "resource_missing"
    page = render_template(
        "refused.html", title="This cannot be done", message=refusal.message, is_forgotten=is_forgotten
    )
    return page, refusal.status


def _goes_on_to(session: Session) -> None:
    """The form of this page ends at the seller's: browsers want to know (CSP 3 #directive-form-action)."""
    parts = urlsplit(session.success_url)
    g.goes_on_to = f"{parts.scheme}://{parts.netloc}"


def _minor(text: str, currency: str) -> int | None:
    """What somebody typed, in minor units; None for nothing. Raises StripeError."""
    if not text.strip():
        return None
    found = _AMOUNT.fullmatch(text.strip())
    amount = Decimal(found[0] if found else 0).scaleb(get_currency_precision(currency.upper()))
    if amount < 1 or amount != int(amount):
        raise StripeError("Enter an amount like 12.50, or nothing for all that is left.")
    return int(amount)
