"""How far an order has come, in words that a teacher would use."""

from dataclasses import dataclass

from markupsafe import Markup

from lti_tool.language import N_, _
from lti_tool.purchasing.orders import Order
from lti_tool.purchasing.progress import Progress, State
from lti_tool.web.sentences import marked
from lti_tool.web.words import money, when

_CLOSED_BY = {
    "manager": N_("Cancelled by a manager of the license."),
    "office": N_("Cancelled by the office."),
    "operator": N_("Cancelled by the operator."),
}
_CLOSED_WITH_NOTE = {
    "manager": N_("Cancelled by a manager of the license: “<bdi>%(note)s</bdi>”."),
    "office": N_("Cancelled by the office: “<bdi>%(note)s</bdi>”."),
    "operator": N_("Cancelled by the operator: “<bdi>%(note)s</bdi>”."),
}


@dataclass(frozen=True)
class Standing:
    """One word for a pill, its colour ("" is plain), and a sentence."""

    word: str
    colour: str
    says: Markup


def of(order: Order, found: Progress) -> Standing:
    """The order's state, which is `found`."""
    day = when(order.expires_at, "day")
    approval = N_("The credits come when the operator approves purchase order <bdi>%(number)s</bdi>.")
    under_way = N_("A payment is under way; the credits come when it has arrived.")
    word, colour, says = {
        State.EXPIRED: (N_("Expired"), "", marked(N_("The price held until %(day)s."), day=day)),
        State.QUOTE: (N_("Quote"), "", marked(N_("The price holds until %(day)s."), day=day)),
        State.APPROVAL: (N_("Ordered"), "warn", marked(approval, number=order.po_number)),
        State.CARD: (N_("Ordered"), "warn", marked(N_("The credits come when the card payment arrives."))),
        State.UNDER_WAY: (N_("Ordered"), "warn", marked(under_way)),
        State.CREDITED: (N_("Credited"), "ok", _money(order, found)),
        State.PAID_BACK: (N_("Refunded"), "", _money(order, found)),
        State.REFUSED: (N_("Not paid"), "warn", marked(N_("The card payment failed. Nothing was charged."))),
        State.CANCELLED: (N_("Cancelled"), "", _called_off(order)),
    }[found.state]
    return Standing(_(word), colour, says)


def _called_off(order: Order) -> Markup:
    by = order.closed_by or ""
    if order.closed_note and by in _CLOSED_WITH_NOTE:
        return marked(_CLOSED_WITH_NOTE[by], note=order.closed_note)
    return marked(_CLOSED_BY.get(by, N_("Cancelled.")))


def _money(order: Order, found: Progress) -> Markup:
    if found.given_back:
        back, paid = money(found.given_back, order.currency), money(found.paid, order.currency)
        if not order.refunded_units:
            return marked(N_("%(back)s of %(paid)s was given back."), back=back, paid=paid)
        words = N_("%(back)s of %(paid)s was given back. %(units)s went back out of the license.")
        return marked(words, back=back, paid=paid, units=order.refunded_units)
    if found.is_paid:
        return marked(N_("Paid."))
    if order.due_at is None:
        return marked(N_("Not paid yet."))
    return marked(N_("Not paid yet; the invoice is due %(day)s."), day=when(order.due_at, "day"))
