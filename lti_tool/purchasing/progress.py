"""How far an order has come, in one word for the people who wait for it: from its row, its payments and its pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from sqlalchemy.orm import Session

from lti_tool.purchasing import checkout, payments
from lti_tool.purchasing.checkout import Checkout
from lti_tool.purchasing.orders import PURCHASE_ORDER, Order
from lti_tool.purchasing.payments import Payment


class State(Enum):
    """What an order waits for, or how it ended."""

    QUOTE = "quote"
    """Its price holds; nobody has ordered yet."""
    APPROVAL = "approval"
    """A purchase order that the operator has not approved yet."""
    CARD = "card"
    """Placed, and nobody has paid yet."""
    UNDER_WAY = "under_way"
    """Something was paid, and has not arrived, or not all of it: a bank transfer takes days."""
    CREDITED = "credited"
    """The units are in the pool."""
    PAID_BACK = "paid_back"
    """Credited once; then money was given back, all of it or a part."""
    REFUSED = "refused"
    """The bank said no; it can be tried again while the price holds."""
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    """Nobody placed or paid it before its price ended."""


@dataclass(frozen=True)
class Progress:
    """The state, and the money behind it in minor units; `is_paid` where the whole total came in."""

    state: State
    received: Sequence[Payment]
    paid: int
    given_back: int
    is_paid: bool
    is_disputed: bool

    @property
    def waits(self) -> bool:
        """Whether something may happen to it without anybody's press on this page."""
        return self.state in (State.QUOTE, State.APPROVAL, State.CARD, State.UNDER_WAY)

    @property
    def may_cancel(self) -> bool:
        """Whether it can still be called off: not once money is on its way."""
        return self.state in (State.QUOTE, State.APPROVAL, State.CARD)


def of(session: Session, order: Order, *, now: datetime) -> Progress:
    """How far the order is."""
    return of_orders(session, [order], now=now)[order.id]


def of_orders(session: Session, orders: Sequence[Order], *, now: datetime) -> dict[str, Progress]:
    """How far each of these orders is, by its id, in two questions for all of them."""
    ids = [order.id for order in orders]
    received, pages = payments.of_orders(session, ids), checkout.latest_of(session, ids)
    return {order.id: _judge(order, received[order.id], pages.get(order.id), now=now) for order in orders}


def _judge(order: Order, received: Sequence[Payment], page: Checkout | None, *, now: datetime) -> Progress:
    paid = payments.paid(received, order.currency)
    return Progress(
        _state(order, received, page, now=now),
        received,
        paid,
        payments.given_back(received, order.currency),
        paid >= order.total,
        any(one.is_disputed for one in received),
    )


def _state(order: Order, received: Sequence[Payment], page: Checkout | None, *, now: datetime) -> State:
    if order.is_over(now):
        return State.EXPIRED
    if order.status == "placed":
        if order.method == PURCHASE_ORDER:
            return State.APPROVAL
        return State.UNDER_WAY if checkout.is_begun(received, page) else State.CARD
    if order.status == "fulfilled":
        return State.PAID_BACK if order.refunded_units or order.shortfall_units else State.CREDITED
    return {"draft": State.QUOTE, "refused": State.REFUSED, "cancelled": State.CANCELLED}[order.status]
