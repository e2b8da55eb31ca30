"""How far an order has come, in words that a teacher would use."""

from dataclasses import dataclass

from markupsafe import Markup

from lti_tool.language import number
from lti_tool.purchasing.orders import Order
from lti_tool.purchasing.progress import Progress, State
from lti_tool.web.words import money, when

_CLOSED_BY = {"manager": "by a manager of the license", "office": "by the office", "operator": "by the operator"}


@dataclass(frozen=True)
class Standing:
    """One word for a pill, its colour ("" is plain), and a sentence."""

    word: str
    colour: str
    says: Markup


def of(order: Order, found: Progress) -> Standing:
    """The order's state, which is `found`."""
    day = when(order.expires_at, "day")
    approval = Markup("The credits come when the operator approves purchase order <bdi>{}</bdi>.")
    return {
        State.EXPIRED: Standing("Expired", "", Markup("The price held until {}.").format(day)),
        State.QUOTE: Standing("Quote", "", Markup("The price holds until {}.").format(day)),
        State.APPROVAL: Standing("Ordered", "warn", approval.format(order.po_number)),
        State.CARD: Standing("Ordered", "warn", Markup("The credits come when the card payment arrives.")),
        State.UNDER_WAY: Standing(
            "Ordered", "warn", Markup("A payment is under way; the credits come when it has arrived.")
        ),
        State.CREDITED: Standing("Credited", "ok", _money(order, found)),
        State.PAID_BACK: Standing("Refunded", "", _money(order, found)),
        State.REFUSED: Standing("Not paid", "warn", Markup("The card payment failed. Nothing was charged.")),
        State.CANCELLED: Standing("Cancelled", "", _called_off(order)),
    }[found.state]


def _called_off(order: Order) -> Markup:
    by = _CLOSED_BY.get(order.closed_by or "", "")
    note = Markup(": “<bdi>{}</bdi>”").format(order.closed_note) if order.closed_note else ""
    return Markup("Cancelled {}{}.").format(by, note) if by else Markup("Cancelled.")


def _money(order: Order, found: Progress) -> Markup:
    if found.given_back:
        units = f" {number(order.refunded_units)} went back out of the license." if order.refunded_units else ""
        return Markup("{} of {} was given back.{}").format(
            money(found.given_back, order.currency), money(found.paid, order.currency), units
        )
    if found.is_paid:
        return Markup("Paid.")
    if order.due_at is None:
        return Markup("Not paid yet.")
    return Markup("Not paid yet; the invoice is due {}.").format(when(order.due_at, "day"))
