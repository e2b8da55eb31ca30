"""How far an order has come, in words that a teacher would use."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from lti_tool.purchasing import payments
from lti_tool.purchasing.orders import CARD, Order
from lti_tool.purchasing.payments import Payment
from lti_tool.web.words import money, number, when

_CLOSED_BY = {"manager": "by a manager of the license", "office": "by the office", "operator": "by the operator"}


@dataclass(frozen=True)
class Standing:
    """One word for a pill, its colour ("" is plain), and a sentence."""

    word: str
    colour: str
    says: Markup


def of(order: Order, came: Sequence[Payment], *, now: datetime) -> Standing:
    """The order's state; `came` are its payments."""
    if order.is_over(now):
        return Standing("Expired", "", Markup("The price held until {}.").format(when(order.expires_at, "day")))
    if order.status == "draft":
        return Standing("Quote", "", Markup("The price holds until {}.").format(when(order.expires_at, "day")))
    if order.status == "placed":
        return Standing("Ordered", "warn", _awaited(order, came))
    if order.status == "fulfilled":
        is_back = order.refunded_units or order.shortfall_units
        return (
            Standing("Refunded", "", _money(order, came))
            if is_back
            else Standing("Credited", "ok", _money(order, came))
        )
    if order.status == "refused":
        return Standing("Not paid", "warn", Markup("The card payment failed. Nothing was charged."))
    by = _CLOSED_BY.get(order.closed_by or "", "")
    note = Markup(": “<bdi>{}</bdi>”").format(order.closed_note) if order.closed_note else ""
    return Standing("Cancelled", "", Markup("Cancelled {}{}.").format(by, note) if by else Markup("Cancelled."))


def _awaited(order: Order, came: Sequence[Payment]) -> Markup:
    if order.method == CARD and any(one.status in ("pending", "paid") for one in came):
        return Markup("A payment is under way; the credits come when it has arrived.")
    if order.method == CARD:
        return Markup("The credits come when the card payment arrives.")
    return Markup("The credits come when the operator approves purchase order <bdi>{}</bdi>.").format(order.po_number)


def _money(order: Order, came: Sequence[Payment]) -> Markup:
    paid, returned = payments.paid(came, order.currency), payments.given_back(came, order.currency)
    if returned:
        units = f" {number(order.refunded_units)} went back out of the license." if order.refunded_units else ""
        return Markup("{} of {} was given back.{}").format(
            money(returned, order.currency), money(paid, order.currency), units
        )
    if paid >= order.total:
        return Markup("Paid.")
    if order.due_at is None:
        return Markup("Not paid yet.")
    return Markup("Not paid yet; the invoice is due {}.").format(when(order.due_at, "day"))
