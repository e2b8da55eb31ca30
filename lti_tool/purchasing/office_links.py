"""Links that a manager sends to the school's office: whoever has one sees one order, and may place or pay it.

An order has at most one link that counts; it ends with the quote's price, when it is closed, or after 30 days.
"""

from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from lti_tool.db import Base, Instant
from lti_tool.errors import NotFound
from lti_tool.ids import new_id
from lti_tool.language import _
from lti_tool.purchasing import orders
from lti_tool.purchasing.orders import Order

_LONGEST = timedelta(days=30)


class OfficeLink(Base):
    """One link; its address is its id, signed (web/office_address.py)."""

    __tablename__ = "office_links"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    order_id: Mapped[str] = mapped_column(String(36), ForeignKey("orders.id"))
    created_by: Mapped[str | None] = mapped_column(String(36))
    created_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)


def make(session: Session, order: Order, *, person_id: str | None, now: datetime) -> OfficeLink:
    """The locked order's link: the one that it has, as long as it counts. Raises OrderClosed, PriceExpired."""
    if order.status == "draft":
        orders.require_price(order, now=now)
    orders.require(order, "draft", "placed", "fulfilled")
    ends = now + _LONGEST if order.status != "draft" else min(now + _LONGEST, order.expires_at)
    last = _unclosed(session, order.id)
    if last is not None and last.expires_at > now:
        last.expires_at = max(last.expires_at, ends)
        session.flush()
        return last
    if last is not None:
        last.closed_at = now
        session.flush()
    made = OfficeLink(id=new_id(), order_id=order.id, created_by=person_id, created_at=now, expires_at=ends)
    session.add(made)
    session.flush()
    return made


def close(session: Session, order: Order, *, now: datetime) -> None:
    """Ends the locked order's link, if it has one: from now on its address shows nothing."""
    last = _unclosed(session, order.id)
    if last is not None:
        last.closed_at = now
        session.flush()


def current(session: Session, order_id: str, *, now: datetime) -> OfficeLink | None:
    """The order's link that counts; None if it has none."""
    last = _unclosed(session, order_id)
    return last if last is not None and last.expires_at > now else None


def follow(session: Session, link_id: str, *, now: datetime) -> OfficeLink:
    """The link with this id. Raises NotFound, alike for one that never was, is closed, or is over."""
    found = session.get(OfficeLink, link_id)
    if found is None or found.closed_at is not None or found.expires_at <= now:
        raise NotFound(_("This link does not work, or no longer."))
    return found


def _unclosed(session: Session, order_id: str) -> OfficeLink | None:
    return session.scalar(select(OfficeLink).where(OfficeLink.order_id == order_id, OfficeLink.closed_at.is_(None)))
