"""Brings an order and the books to what its payments say: the only place where money becomes units, and back.

`settle` looks at what is there now, not at the message that came last; so it may run twice, in any order and at any
time, and ends the same (R27).
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from lti_tool import money
from lti_tool.ledger import issuing
from lti_tool.ledger.movements import SYSTEM, Actor
from lti_tool.purchasing import orders, payments, wishes
from lti_tool.purchasing.orders import Order


@dataclass(frozen=True)
class Settled:
    """What this call changed, in units; both 0 where everything was as it should be."""

    order: Order
    credited: int = 0
    taken_back: int = 0


def settle(session: Session, order_id: str, *, now: datetime) -> Settled:
    """Credits an order that is paid in full, once; takes back units for money that was given back. Raises NotFound."""
    order = orders.locked(session, order_id)
    received = payments.of_order(session, order_id)
    paid = payments.paid(received, order.currency)
    credited = 0
    if paid >= order.total and order.status != "fulfilled":
        credited = _honour(session, order, paid, now)
    _watch_parts(session, order, paid, now)
    if paid > order.total:
        detail = f"Order {order.number} was paid twice, or with too much: {paid} instead of {order.total}."
        _note_sum(session, "overpaid", order, paid, detail, now=now)
    surplus = max(0, paid - order.total)
    returned = payments.given_back(received, order.currency) - surplus
    taken = _take_back(session, order, max(0, returned), now) if order.status == "fulfilled" else 0
    return Settled(order, credited, taken)


def fulfil(session: Session, order: Order, *, actor: Actor, now: datetime) -> int:
    """Puts what was bought into the pool and says so on the order, which the caller has locked; returns the units."""
    posted = issuing.purchase(
        session,
        order.license_id,
        order.resource,
        amount=order.quantity,
        order=order.id,
        number=order.number,
        actor=actor,
        now=now,
    )
    order.status, order.fulfilled_at, order.purchase_batch_id = "fulfilled", now, posted.batch_id
    order.closed_at = order.closed_by = order.closed_note = None
    session.flush()
    payments.close_problems(session, "paid_after_cancel", order.id, note="credited", now=now)
    wishes.meet(session, order.license_id, order.resource, order.quantity, now=now)
    return posted.total


def _watch_parts(session: Session, order: Order, paid: int, now: datetime) -> None:
    """A part of the money is listed until the rest has come."""
    if paid == 0:
        return
    if paid < order.total:
        came, asked = money.shown(paid, order.currency), money.shown(order.total, order.currency)
        detail = f"Order {order.number} is paid in part: {came} of {asked}."
        _note_sum(session, "partial", order, paid, detail, now=now)
    else:
        payments.close_problems(session, "partial", order.id, note="more came", now=now)


def _note_sum(session: Session, code: str, order: Order, paid: int, detail: str, *, now: datetime) -> None:
    """Lists the sum that came by now, in place of a smaller one: what comes later is news though that was closed."""
    subject = f"{order.id}:{paid}"
    payments.close_problems(session, code, order.id, but=subject, note="more came", now=now)
    payments.note_problem(session, code, subject, detail, now=now, order_id=order.id)


def _honour(session: Session, order: Order, paid: int, now: datetime) -> int:
    """Money for an expired order is taken at its word; for a cancelled one, or a mere quote, somebody decides (R30)."""
    if order.status == "cancelled" or order.placed_at is None:
        detail = f"Order {order.number} was paid though it is {order.status}. Approve it, or give the money back."
        _note_sum(session, "paid_after_cancel", order, paid, detail, now=now)
        return 0
    if order.status == "expired":
        detail = f"Order {order.number} was paid after it had expired; it was credited at its old price."
        payments.note_problem(session, "paid_late", order.id, detail, now=now, order_id=order.id)
    return fulfil(session, order, actor=SYSTEM, now=now)


def _take_back(session: Session, order: Order, returned: int, now: datetime) -> int:
    # Rounded down: a part of a unit is never taken from a school.
    owed = order.quantity * min(returned, order.total) // order.total
    missing = owed - order.refunded_units - order.shortfall_units
    if missing < 0:  # a second payment came after the first one was given back: nothing brings units back by itself
        detail = f"Order {order.number} was paid again after its refund: {-missing} too many units were taken back."
        subject = f"{order.id}:{-missing}"
        payments.note_problem(session, "paid_after_refund", subject, detail, now=now, order_id=order.id)
    if missing <= 0:
        return 0
    taken = issuing.refund(
        session, order.license_id, order.resource, amount=missing, number=order.number, actor=SYSTEM, now=now
    )
    order.refunded_units += taken
    order.shortfall_units += missing - taken
    session.flush()
    if missing > taken:
        detail = f"Order {order.number}: {missing - taken} of the units that were given back had been allotted already."
        payments.note_problem(
            session, "refund_shortfall", f"{order.id}:{order.shortfall_units}", detail, now=now, order_id=order.id
        )
    return taken
