"""Orders as an operator looks through them: of every licence, those that wait first."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from lti_tool.purchasing.orders import PURCHASE_ORDER, Order
from lti_tool.purchasing.payments import Payment

STATUSES = ("draft", "placed", "fulfilled", "cancelled", "expired", "refused")
UNPAID = "unpaid"
"""Credited, and not all of the money has come: a state of the money, not of the order."""

_REST = "rest-"
_MOST_NAMED = 5


@dataclass(frozen=True)
class Wish:
    """Which orders: of a status or `UNPAID` (None: all but quotes that nobody placed), of a licence, with such a text.

    The text is looked for in the numbers of papers and purchase orders and in the school's name, in quotes too.
    """

    status: str | None = None
    license_id: str | None = None
    text: str = ""


def listed(session: Session, wish: Wish, *, after: str = "", limit: int) -> Sequence[Order]:
    """Orders that wait, newest first, then the others, newest first; `after` is `place` of the last one seen."""
    is_rest, last = after.startswith(_REST), after.removeprefix(_REST)
    waiting = [] if is_rest else _part(session, wish, Order.status == "placed", last, limit)
    if len(waiting) == limit:
        return waiting
    rest = _part(session, wish, Order.status != "placed", last if is_rest else "", limit - len(waiting))
    return [*waiting, *rest]


def place(order: Order) -> str:
    """Where `listed` goes on after this order."""
    return order.id if order.status == "placed" else _REST + order.id


def awaiting(session: Session) -> int:
    """How many purchase orders wait to be approved."""
    waits = (Order.status == "placed", Order.method == PURCHASE_ORDER)
    return session.scalar(select(func.count()).select_from(Order).where(*waits)) or 0


def with_same_number(session: Session, order: Order) -> Sequence[Order]:
    """The licence's other orders with this purchase order's number, newest first: ordered twice, perhaps."""
    if order.po_number is None:
        return []
    query = select(Order).where(
        Order.license_id == order.license_id,
        Order.id != order.id,
        Order.status.in_(("placed", "fulfilled")),
        func.lower(Order.po_number) == order.po_number.lower(),
    )
    return session.scalars(query.order_by(Order.id.desc()).limit(_MOST_NAMED)).all()


def _part(session: Session, wish: Wish, which: ColumnElement[bool], last: str, limit: int) -> list[Order]:
    query = select(Order).where(which, *_conditions(wish))
    if last:
        query = query.where(Order.id < last)
    return list(session.scalars(query.order_by(Order.id.desc()).limit(limit)))


def _conditions(wish: Wish) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wish.status == UNPAID:
        found += [Order.status == "fulfilled", _received() < Order.total]
    elif wish.status is not None:
        found.append(Order.status == wish.status)
    elif not wish.text:
        found.append(Order.status != "draft")
    if wish.license_id is not None:
        found.append(Order.license_id == wish.license_id)
    if wish.text:
        found.append(_has(wish.text))
    return found


def _received() -> ColumnElement[int]:
    of_order = (Payment.order_id == Order.id, Payment.status == "paid", Payment.currency == Order.currency)
    return select(func.coalesce(func.sum(Payment.amount), 0)).where(*of_order).scalar_subquery()


def _has(text: str) -> ColumnElement[bool]:
    stem = text.upper()
    for paper in ("CR-", "Q-", "I-", "R-"):
        stem = stem.removeprefix(paper)
    typed = text.lower()
    return or_(
        Order.number.contains(stem, autoescape=True),
        func.lower(Order.po_number).contains(typed, autoescape=True),
        func.lower(Order.billing_organization).contains(typed, autoescape=True),
    )
