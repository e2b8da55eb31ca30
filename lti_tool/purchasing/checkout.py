"""Paying by card: one page of the provider's for each attempt at an order, whoever presses "Pay" how often.

An attempt is written down before the provider is asked, with all that the request depends on: what is cut off between
the two goes on with the same page, since the provider answers the same question once (`Checkout.request_key`).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, ForeignKey, Text, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from lti_tool.db import Base, Instant
from lti_tool.language import _
from lti_tool.purchasing import fulfilment, orders, payments
from lti_tool.purchasing.orders import CARD, Order
from lti_tool.purchasing.payments import Payment
from lti_tool.purchasing.refusals import NotByCard, PaymentUnderWay, PriceExpired

_LONGEST = timedelta(hours=23)
"""A page's life: Stripe allows 24 hours by its own clock, which may be a little behind ours."""
_SHORTEST = timedelta(minutes=32)
"""Stripe allows no page that lives less than 30 minutes; the rest is for clocks and slow lines."""


class Checkout(Base):
    """One attempt at paying an order; `session_id` and `url` are the provider's, once it has answered.

    asked -> open -> complete or expired. No card data is here, nor anybody's name.
    """

    __tablename__ = "checkout_sessions"

    order_id: Mapped[str] = mapped_column(ForeignKey("orders.id"), primary_key=True)
    attempt: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    session_id: Mapped[str | None] = mapped_column(Text)
    url: Mapped[str | None] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    created_at: Mapped[datetime] = mapped_column(Instant)
    checked_at: Mapped[datetime] = mapped_column(Instant)

    @property
    def request_key(self) -> str:
        """What makes the provider open one page for this attempt, however often it is asked."""
        return f"{self.order_id}:{self.attempt}"

    def is_usable(self, now: datetime) -> bool:
        """Whether the attempt can still lead to a payment: its page is open, or may yet be made."""
        if self.status == "asked":  # too late for a page; and nobody has ever seen one
            return now + _SHORTEST <= self.expires_at
        return self.status == "open" and now < self.expires_at


def choose(session: Session, order: Order, *, now: datetime) -> None:
    """Keeps on a locked draft that a card is to pay it, with tax. Raises OrderClosed, PriceExpired."""
    orders.require_price(order, now=now)
    order.method = CARD
    orders.exempt(order, None)
    session.flush()


def place(session: Session, order_id: str, *, by: str, now: datetime) -> Order:
    """Places a draft that a card is to pay, with tax: a card may be somebody's own. `by` is "manager" or "office".

    Placed so already, it stays as it is. Raises NotFound, OrderClosed, PriceExpired.
    """
    order = orders.locked(session, order_id)
    if order.status in ("placed", "fulfilled", "refused") and order.method == CARD:
        return order
    orders.require_price(order, now=now)
    orders.exempt(order, None)
    order.method, order.status, order.placed_at, order.placed_by = CARD, "placed", now, by
    session.flush()
    fulfilment.settle(session, order.id, now=now)  # a bank pays a quote, too
    return order


def begin_payment(session: Session, order_id: str, *, now: datetime) -> tuple[Order, Checkout]:
    """The order and the attempt to ask the provider about; its page is known already where `url` is set.

    An order that the bank refused may be paid again while its price holds. Raises NotFound, NotByCard, OrderClosed,
    PaymentUnderWay, PriceExpired.
    """
    order = orders.locked(session, order_id)
    orders.require(order, "placed", "refused")
    if order.method != CARD:
        raise NotByCard(_("Order %(number)s is not to be paid by card.", number=order.number))
    last = latest(session, order.id)
    _require_unpaid(session, order, last)
    if last is not None and last.is_usable(now):
        return order, last
    if last is not None and last.status in ("asked", "open"):
        last.status = "expired"
    following = _next(order, last, now)
    order.status, order.closed_at, order.closed_by = "placed", None, None
    session.add(following)
    session.flush()
    return order, following


def record_session(session: Session, order_id: str, attempt: int, *, session_id: str, url: str) -> Order:
    """Keeps the page that the provider opened for the attempt, and returns the order as it is by now. Raises NotFound.

    It is kept though the order ended meanwhile, so that the sweep has it closed.
    """
    order = orders.locked(session, order_id)
    row = session.get_one(Checkout, (order_id, attempt))
    if row.status == "asked":
        row.session_id, row.url, row.status = session_id, url, "open"
        session.flush()
    return order


def abandon(session: Session, order_id: str, attempt: int) -> None:
    """Gives up an attempt whose page nobody has seen, so that the next one begins anew."""
    orders.locked(session, order_id)
    row = session.get_one(Checkout, (order_id, attempt))
    if row.status == "asked":
        row.status = "expired"
        session.flush()


def mark_complete(session: Session, session_id: str) -> None:
    """The page was paid, or a payment was begun on it: it never opens again, whatever is told later."""
    session.execute(update(Checkout).where(Checkout.session_id == session_id).values(status="complete"))


def mark_expired(session: Session, session_id: str) -> bool:
    """The page was closed unpaid; False if it is none of ours. One that was completed stays so."""
    ours = update(Checkout).where(Checkout.session_id == session_id)
    session.execute(ours.where(Checkout.status == "open").values(status="expired"))
    return session.scalar(select(Checkout.order_id).where(Checkout.session_id == session_id)) is not None


def refuse(session: Session, order: Order, *, now: datetime) -> None:
    """The bank said no to the payment of a locked order, which waits for another try, or for nothing more (R27)."""
    last = latest(session, order.id)
    is_tried_again = last is not None and last.is_usable(now)
    is_all_failed = all(one.status == "failed" for one in payments.of_order(session, order.id))
    if order.status == "placed" and is_all_failed and not is_tried_again:
        orders.close(order, "refused", by="provider", now=now)
        session.flush()


def latest(session: Session, order_id: str) -> Checkout | None:
    """The order's last attempt."""
    return latest_of(session, [order_id]).get(order_id)


def latest_of(session: Session, order_ids: Sequence[str]) -> dict[str, Checkout]:
    """The last attempt of each of these orders that had any, by the order's id."""
    query = select(Checkout).where(Checkout.order_id.in_(order_ids)).order_by(Checkout.attempt)
    return {attempt.order_id: attempt for attempt in session.scalars(query)}


def open_url(session: Session, order_id: str, *, now: datetime) -> str | None:
    """Where the order can be paid at this moment; None if "Pay" has to be pressed (again) first."""
    last = latest(session, order_id)
    return last.url if last is not None and last.is_usable(now) else None


def is_begun(received: Sequence[Payment], last: Checkout | None) -> bool:
    """Whether a payment came or is on its way, or must be, since the order's last page was completed."""
    is_completed = last is not None and last.status == "complete" and not received
    return is_completed or any(one.status != "failed" for one in received)


def _require_unpaid(session: Session, order: Order, last: Checkout | None) -> None:
    """Stops a second payment where a first one came or is on its way."""
    if is_begun(payments.of_order(session, order.id), last):
        raise PaymentUnderWay(
            _(
                "A payment for order %(number)s is under way. Your credits come by themselves once it has arrived.",
                number=order.number,
            )
        )


def _next(order: Order, last: Checkout | None, now: datetime) -> Checkout:
    ends = min(now + _LONGEST, order.expires_at).replace(microsecond=0)  # the provider counts whole seconds
    if ends - now < _SHORTEST:
        raise PriceExpired(
            _("The price of this order ends too soon to pay by card. Start a new one; it takes a minute.")
        )
    return Checkout(
        order_id=order.id,
        attempt=1 if last is None else last.attempt + 1,
        status="asked",
        expires_at=ends,
        created_at=now,
        checked_at=now,
    )
