"""Buying with a purchase order: placed by a manager or the office, credited when the operator approves (R29).

Whatever is pressed twice, or by two people at once, happens once: each function locks the order and then looks.
"""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from lti_tool.errors import Invalid
from lti_tool.language import _
from lti_tool.ledger.movements import OPERATOR, SYSTEM, Actor
from lti_tool.licenses import licenses
from lti_tool.purchasing import fulfilment, orders, payments
from lti_tool.purchasing.billing import Billing
from lti_tool.purchasing.fulfilment import Settled
from lti_tool.purchasing.orders import PURCHASE_ORDER, Order
from lti_tool.purchasing.refusals import NotByPurchaseOrder, ReferenceUsed

BANK = "bank"
_LONGEST_REFERENCE = 100
_LONGEST_NOTE = 500
_MOST_MONEY = 10**13


def set_billing(
    session: Session, order: Order, billing: Billing, *, certificate_id: str | None = None, now: datetime
) -> None:
    """Keeps on a locked draft whom to bill, and prices its tax anew: none with a certificate of exemption.

    The same again after it was placed changes nothing. Raises OrderClosed, PriceExpired.
    """
    if order.status != "draft" and order.method == PURCHASE_ORDER and Billing.of(order) == billing:
        return
    orders.require_price(order, now=now)
    order.method = PURCHASE_ORDER
    billing.put_on(order)
    orders.exempt(order, certificate_id)
    session.flush()


def place(
    session: Session, order_id: str, *, invoice_days: int, by: str, now: datetime, actor: Actor = SYSTEM
) -> Order:
    """Places the draft that `set_billing` made ready; on a trusted licence it is credited at once (R29).

    `by` is "manager" or "office", `actor` who the books say it was. Placed so already, it stays as it is. Raises
    NotFound, OrderClosed, PriceExpired, NotByPurchaseOrder.
    """
    order = orders.locked(session, order_id)
    if order.status in ("placed", "fulfilled") and order.method == PURCHASE_ORDER:
        return order
    orders.require_price(order, now=now)
    if order.method != PURCHASE_ORDER or order.po_number is None:
        raise NotByPurchaseOrder(_("Enter the purchase order number and whom to bill first."))
    order.status, order.placed_at, order.placed_by = "placed", now, by
    order.due_at = now + timedelta(days=invoice_days)
    session.flush()
    if licenses.find(session, order.license_id).is_trusted:
        fulfilment.fulfil(session, order, actor=actor, now=now)
    fulfilment.settle(session, order.id, now=now)  # a bank pays a quote, too
    return order


def approve(session: Session, order_id: str, *, actor: Actor = OPERATOR, now: datetime) -> Order:
    """Credits a placed purchase order, once; also whatever is paid in full but was never placed, or was cancelled.

    Money that was given back pays for nothing. Raises NotFound, OrderClosed, NotByPurchaseOrder.
    """
    order = orders.locked(session, order_id)
    if order.status == "fulfilled":
        return order
    if not _is_paid(session, order):
        orders.require(order, "placed")
        if order.method != PURCHASE_ORDER:
            raise NotByPurchaseOrder(
                _("Order %(number)s is paid by card: it is credited when the payment arrives.", number=order.number)
            )
    if order.placed_at is None:  # paid for as a quote: a bank asks nobody
        order.method, order.placed_at, order.placed_by = order.method or PURCHASE_ORDER, now, "operator"
    fulfilment.fulfil(session, order, actor=actor, now=now)
    fulfilment.settle(session, order.id, now=now)
    return order


def cancel(session: Session, order_id: str, *, by: str, now: datetime, note: str | None = None) -> Order:
    """Ends a draft or a placed order without credits; a cancelled one stays so, with its first note.

    Raises NotFound, OrderClosed, Invalid.
    """
    if note is not None and len(note) > _LONGEST_NOTE:
        raise Invalid(_("A note has at most %(most)s characters.", most=_LONGEST_NOTE), field="note")
    order = orders.locked(session, order_id)
    if order.status != "cancelled":
        orders.require(order, "draft", "placed")
        orders.close(order, "cancelled", by=by, now=now, note=note)
        session.flush()
    return order


def record_payment(session: Session, order_id: str, *, amount: int, reference: str, now: datetime) -> Settled:
    """Notes money that the bank received for the order, in minor units, and settles the order.

    `reference` is what the bank statement calls it: the same again changes nothing. Raises NotFound, Invalid, and
    ReferenceUsed where it stands for another order or amount.
    """
    reference = reference.strip()
    check_payment(amount, reference)
    order = orders.locked(session, order_id)
    payment = payments.locked(session, BANK, reference, currency=order.currency, now=now)
    if payment.status != "paid":
        payment.order_id, payment.amount, payment.status, payment.paid_at = order.id, amount, "paid", now
        session.flush()
    elif (payment.order_id, payment.amount, payment.currency) != (order.id, amount, order.currency):
        raise ReferenceUsed(
            _(
                "The reference %(reference)s is noted already, for another order or amount; nothing was changed.",
                reference=reference,
            ),
            order=payment.order_id,
            amount=payment.amount,
        )
    return fulfilment.settle(session, order.id, now=now)


def check_payment(amount: int, reference: str) -> None:
    """What no bank would have said is refused before anybody is asked to confirm it. Raises Invalid."""
    if not 1 <= amount <= _MOST_MONEY:
        raise Invalid(_("The amount must be above zero, and be one that a bank would transfer."), field="amount")
    if not reference or len(reference) > _LONGEST_REFERENCE or not reference.isprintable():
        raise Invalid(
            _("A reference has 1 to %(most)s visible characters.", most=_LONGEST_REFERENCE), field="reference"
        )


def _is_paid(session: Session, order: Order) -> bool:
    received = payments.of_order(session, order.id)
    return payments.paid(received, order.currency) - payments.given_back(received, order.currency) >= order.total
