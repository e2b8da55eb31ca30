"""Orders: what a licence buys, at which price, and how far it has come (R27).

draft (a quote whose price is locked) -> placed -> fulfilled; or cancelled, expired, refused. "Paid" is no resting
state: a payment and the fulfilment it brings are one transaction (`fulfilment.settle`).
"""

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, Boolean, String, Text, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from lti_tool.db import Base, Instant
from lti_tool.errors import NotFound
from lti_tool.ids import new_id, new_support_id
from lti_tool.language import N_, _
from lti_tool.ledger.pools import open_pool
from lti_tool.price_list import Catalog
from lti_tool.purchasing import catalog as prices
from lti_tool.purchasing.catalog import Price
from lti_tool.purchasing.refusals import OrderClosed, PriceExpired, TooManyQuotes

PURCHASE_ORDER, CARD = "purchase_order", "card"

MOST_QUOTES = 200
"""Open quotes of one licence: more are a mistake, or somebody who fills the disk."""

_CLOSED = {
    "draft": N_("%(number)s is still a quote; nothing was changed."),
    "placed": N_("Order %(number)s is placed already; nothing was changed."),
    "fulfilled": N_("Order %(number)s is fulfilled already; nothing was changed."),
    "cancelled": N_("Order %(number)s is cancelled already; nothing was changed."),
    "expired": N_("Order %(number)s is expired already; nothing was changed."),
    "refused": N_("Order %(number)s is refused already; nothing was changed."),
}
_NUMBER = re.compile(r"(?:CR|Q|I|R)-(\d{4}-[0-9A-Z]{8})", re.ASCII)
_ID = re.compile(r"[0-9a-f-]{36}")


class Order(Base):
    """One purchase. Amounts are minor units of `currency`, copied from the catalogue when the draft is made (R28).

    `number` is what people know it by ("CR-2026-7F3A9KQX"). `refunded_units` went back out of the pool for money given
    back; `shortfall_units` should have, but were allotted already (R2).
    """

    __tablename__ = "orders"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    license_id: Mapped[str] = mapped_column(String(36))
    number: Mapped[str] = mapped_column(Text)
    resource: Mapped[str] = mapped_column(Text)
    quantity: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(Text)
    goods: Mapped[int] = mapped_column(BigInteger)
    tax: Mapped[int] = mapped_column(BigInteger)
    total: Mapped[int] = mapped_column(BigInteger)
    tax_rate: Mapped[int] = mapped_column(BigInteger)
    tax_exempt: Mapped[bool] = mapped_column(Boolean)
    certificate_id: Mapped[str | None] = mapped_column(String(36))
    status: Mapped[str] = mapped_column(Text)
    method: Mapped[str | None] = mapped_column(Text)
    buyer_id: Mapped[str | None] = mapped_column(String(36))
    po_number: Mapped[str | None] = mapped_column(Text)
    billing_organization: Mapped[str | None] = mapped_column(Text)
    billing_name: Mapped[str | None] = mapped_column(Text)
    billing_email: Mapped[str | None] = mapped_column(Text)
    billing_address: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    placed_at: Mapped[datetime | None] = mapped_column(Instant)
    placed_by: Mapped[str | None] = mapped_column(Text)
    fulfilled_at: Mapped[datetime | None] = mapped_column(Instant)
    due_at: Mapped[datetime | None] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    closed_by: Mapped[str | None] = mapped_column(Text)
    closed_note: Mapped[str | None] = mapped_column(Text)
    purchase_batch_id: Mapped[str | None] = mapped_column(String(36))
    refunded_units: Mapped[int] = mapped_column(BigInteger, default=0)
    shortfall_units: Mapped[int] = mapped_column(BigInteger, default=0)
    allotment_id: Mapped[str | None] = mapped_column(String(36))
    request_key: Mapped[str | None] = mapped_column(Text)

    @property
    def stem(self) -> str:
        """What the numbers of its papers share: "Q-2026-7F3A9KQX" is the quote."""
        return self.number.removeprefix("CR-")

    def is_over(self, now: datetime) -> bool:
        """Whether the price lock of a draft has ended."""
        return self.status == "expired" or (self.status == "draft" and self.expires_at <= now)


def draft(
    session: Session,
    license_id: str,
    catalog: Catalog,
    resource: str,
    quantity: int,
    *,
    buyer_id: str | None,
    now: datetime,
    allotment_id: str | None = None,
    request_key: str | None = None,
) -> Order:
    """A new quote at today's price; the same form twice gives the same draft. Raises NotForSale, TooManyQuotes."""
    same = _of_form(session, license_id, request_key)
    if same is not None:
        return same
    price = prices.price(catalog, resource, quantity)
    if _count_quotes(session, license_id, now) >= MOST_QUOTES:
        raise TooManyQuotes(
            _("The license has %(most)s open quotes. Go on with one in Purchases, or cancel some.", most=MOST_QUOTES)
        )
    open_pool(session, license_id, resource)
    order = Order(
        id=new_id(),
        license_id=license_id,
        number=f"CR-{now.year}-{new_support_id().replace('-', '')}",
        resource=resource,
        tax_exempt=False,
        status="draft",
        buyer_id=buyer_id,
        created_at=now,
        allotment_id=allotment_id,
        request_key=request_key,
    )
    put_price(order, price, catalog, now=now)
    try:
        with session.begin_nested():
            session.add(order)
    except IntegrityError:  # the same form came twice at once, and the other was faster
        same = _of_form(session, license_id, request_key)
        if same is None:
            raise
        return same
    return order


def _of_form(session: Session, license_id: str, request_key: str | None) -> Order | None:
    query = select(Order).where(Order.license_id == license_id, Order.request_key == request_key)
    return None if request_key is None else session.scalar(query)


def _count_quotes(session: Session, license_id: str, now: datetime) -> int:
    is_open = (Order.license_id == license_id, Order.status == "draft", Order.expires_at > now)
    return session.scalars(select(func.count()).select_from(Order).where(*is_open)).one()


def put_price(order: Order, price: Price, catalog: Catalog, *, now: datetime) -> None:
    """Gives a draft this price, and a new time until which it holds."""
    order.quantity = price.quantity
    order.currency = price.currency
    order.goods, order.tax, order.total = price.goods, price.tax, price.total
    order.tax_rate, order.tax_exempt = price.tax_rate, price.is_exempt
    order.expires_at = now + timedelta(days=catalog.quote_days)


def change_quantity(session: Session, order: Order, catalog: Catalog, quantity: int, *, now: datetime) -> None:
    """Prices a locked draft anew, at today's prices. Raises NotForSale, OrderClosed."""
    require(order, "draft")
    put_price(order, prices.price(catalog, order.resource, quantity, is_exempt=order.tax_exempt), catalog, now=now)
    session.flush()


def exempt(order: Order, certificate_id: str | None) -> None:
    """Prices a draft's tax anew: none for who has a certificate of exemption; None is for everybody else."""
    order.certificate_id, order.tax_exempt = certificate_id, certificate_id is not None
    order.tax = 0 if order.tax_exempt else prices.tax_on(order.goods, order.tax_rate)
    order.total = order.goods + order.tax


def require_price(order: Order, *, now: datetime) -> None:
    """Stops what needs the locked price of a draft. Raises OrderClosed, PriceExpired."""
    if order.is_over(now):
        raise PriceExpired(_("The price of this quote has expired. Start a new one; it takes a minute."))
    require(order, "draft")


def require(order: Order, *allowed: str) -> None:
    """Stops what the order's state does not allow. Raises OrderClosed."""
    if order.status not in allowed:
        raise OrderClosed(_(_CLOSED[order.status], number=order.number), status=order.status)


def find(session: Session, license_id: str, order_id: str) -> Order:
    """The order of this licence. Raises NotFound, also for another licence's."""
    found = session.get(Order, order_id)
    if found is None or found.license_id != license_id:
        raise NotFound(_("There is no such order."))
    return found


def locked(session: Session, order_id: str) -> Order:
    """The order as it is now; nobody else changes it before this transaction ends. Raises NotFound."""
    query = select(Order).where(Order.id == order_id).with_for_update(key_share=True)
    found = session.scalar(query.execution_options(populate_existing=True))
    if found is None:
        raise NotFound(_("There is no such order."))
    return found


def locked_of(session: Session, license_id: str, order_id: str) -> Order:
    """As `locked`, for an order that must be this licence's. Raises NotFound."""
    find(session, license_id, order_id)
    return locked(session, order_id)


def by_number(session: Session, text: str) -> Order:
    """The order with this id, or this number as any of its papers shows it, however it was typed. Raises NotFound."""
    typed = text.strip()
    number = _NUMBER.fullmatch(typed.upper())
    found = None
    if number is not None:
        found = session.scalar(select(Order).where(Order.number == f"CR-{number[1]}"))
    elif _ID.fullmatch(typed):
        found = session.get(Order, typed)
    if found is None:
        raise NotFound(_("There is no order with this number."))
    return found


def numbers(session: Session, order_ids: Collection[str]) -> dict[str, str]:
    """The numbers of these orders, by id."""
    rows = session.execute(select(Order.id, Order.number).where(Order.id.in_(order_ids)))
    return {row.id: row.number for row in rows}


def of_license(session: Session, license_id: str, *, before: str | None = None, limit: int = 25) -> Sequence[Order]:
    """The licence's orders, newest first; `before` is the id of the last one that was seen."""
    query = select(Order).where(Order.license_id == license_id)
    if before is not None:
        query = query.where(Order.id < before)
    return session.scalars(query.order_by(Order.id.desc()).limit(limit)).all()


def last_billed(session: Session, license_id: str) -> Order | None:
    """The licence's newest order that says whom to bill: most schools say the same each time."""
    query = select(Order).where(Order.license_id == license_id, Order.billing_organization.is_not(None))
    return session.scalars(query.order_by(Order.id.desc()).limit(1)).first()


def fulfilled_by_method(session: Session) -> Mapping[str, int]:
    """How many orders were credited, by the way in which they were paid."""
    query = select(Order.method, func.count()).where(Order.status == "fulfilled").group_by(Order.method)
    return {method: count for method, count in session.execute(query) if method is not None}


def by_numbers(session: Session, license_id: str, numbers: Collection[str]) -> dict[str, Order]:
    """The licence's orders with these numbers, by number; one query, none without numbers."""
    if not numbers:
        return {}
    query = select(Order).where(Order.license_id == license_id, Order.number.in_(numbers))
    return {order.number: order for order in session.scalars(query)}


def awaited(session: Session, license_id: str, resource: str, *, limit: int) -> Sequence[Order]:
    """Placed orders whose credits have not come, oldest first."""
    query = select(Order).where(Order.license_id == license_id, Order.resource == resource, Order.status == "placed")
    return session.scalars(query.order_by(Order.id).limit(limit)).all()


def close(order: Order, status: str, *, by: str, now: datetime, note: str | None = None) -> None:
    """Ends an open order as cancelled, expired or refused; `by` says who: manager, office, operator, provider, time."""
    require(order, "draft", "placed", "refused")
    order.status, order.closed_at, order.closed_by, order.closed_note = status, now, by, note
