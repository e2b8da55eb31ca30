"""What time ends: quotes and card orders whose price lock is over, and pages to pay on that nobody told us of (R29).

A page that the provider calls paid without having told us is listed, and credits nothing: only the signed message does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, or_, select, update
from sqlalchemy.orm import Session

from lti_tool.purchasing import checkout, orders, payments
from lti_tool.purchasing.checkout import Checkout
from lti_tool.purchasing.orders import CARD, Order
from lti_tool.purchasing.payments import Payment, PaymentProblem

_AS_IT_IS = {"synchronize_session": False}
_PORTION = 200
_MOST_PAGES = 10
_UNHEARD = timedelta(minutes=10)
"""How long we wait for the provider's word before we ask; and then between one time and the next."""


@dataclass(frozen=True)
class DuePage:
    """An open page to ask the provider about; a needless one is to be closed, since its order wants no money."""

    order_id: str
    session_id: str
    expires_at: datetime
    is_needless: bool


@dataclass(frozen=True)
class SeenPage:
    """How the provider says that a page stands: open, complete or expired; `payment` is its reference, if any."""

    status: str
    is_paid: bool
    payment: str | None


def expire(session: Session, *, now: datetime) -> int:
    """Ends a portion of quotes and unpaid card orders whose price holds no longer; how many."""
    candidates = select(Order.id).where(_is_over(now)).order_by(Order.expires_at).limit(_PORTION)
    ids = session.scalars(candidates.with_for_update(skip_locked=True)).all()
    # Asked again now that nobody else changes them: a payment may have come before the lock.
    over = update(Order).where(Order.id.in_(ids), _is_over(now))
    ended = session.execute(
        over.values(status="expired", closed_at=now, closed_by="time").returning(Order.id), execution_options=_AS_IT_IS
    )
    return len(ended.all())


def _is_over(now: datetime) -> ColumnElement[bool]:
    is_paying = exists().where(Payment.order_id == Order.id, Payment.status != "failed")
    has_page = exists().where(Checkout.order_id == Order.id, Checkout.status == "open")
    is_unheard = exists().where(
        PaymentProblem.order_id == Order.id,
        PaymentProblem.code == "webhook_missing",
        PaymentProblem.closed_at.is_(None),
    )
    return and_(
        Order.status.in_(("draft", "placed")),
        Order.expires_at <= now,
        or_(Order.status == "draft", Order.method == CARD),
        ~is_paying,
        ~has_page,
        ~is_unheard,
    )


def due_pages(session: Session, *, now: datetime) -> Sequence[DuePage]:
    """The open pages to ask about now, a few at a time; nobody else is given them for a while."""
    is_needless = Order.status.not_in(("placed", "refused"))
    due = (
        select(Checkout, is_needless)
        .join(Order, Order.id == Checkout.order_id)
        .where(Checkout.status == "open", or_(Checkout.checked_at <= now - _UNHEARD, is_needless))
        .order_by(Checkout.checked_at)
        .limit(_MOST_PAGES)
        .with_for_update(skip_locked=True, of=Checkout)
    )
    found = []
    for page, needless in session.execute(due):
        page.checked_at = now
        assert page.session_id is not None  # the database holds open ones to it
        found.append(DuePage(page.order_id, page.session_id, page.expires_at, bool(needless)))
    session.flush()
    return found


def see(session: Session, page: DuePage, seen: SeenPage, *, now: datetime) -> None:
    """Takes note of how the page stands, unless its message came meanwhile."""
    order = orders.locked(session, page.order_id)
    if seen.status == "expired":
        checkout.mark_expired(session, page.session_id)
    if seen.status != "complete":
        return
    received = {one.reference: one.status for one in payments.of_order(session, order.id)}
    heard = received.get(seen.payment or page.session_id)
    checkout.mark_complete(session, page.session_id)
    if heard is None or (seen.is_paid and heard != "paid"):
        detail = (
            f"Order {order.number} was {'paid' if seen.is_paid else 'completed'} at the provider,"
            f" but its message never came ({page.session_id})."
        )
        payments.note_problem(session, "webhook_missing", page.session_id, detail, now=now, order_id=order.id)


def forget(session: Session, page: DuePage, *, now: datetime) -> None:
    """The provider does not know the page: once its time is over, it counts as closed."""
    if page.expires_at <= now:
        checkout.mark_expired(session, page.session_id)
