"""What a paper is about, as plain values: read once from an order, its payments and the shop's own data."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from lti_tool.errors import NotFound
from lti_tool.language import _
from lti_tool.price_list import Catalog
from lti_tool.purchasing import payments
from lti_tool.purchasing.orders import PURCHASE_ORDER, Order
from lti_tool.purchasing.payments import Payment
from lti_tool.settings import Resource

QUOTE, INVOICE, RECEIPT = "quote", "invoice", "receipt"


@dataclass(frozen=True)
class Seller:
    """Who sells, as it stands in the settings."""

    name: str
    address: tuple[str, ...]
    email: str
    tax_id: str

    @property
    def contact(self) -> str:
        """Where to write to."""
        return self.email or self.name


@dataclass(frozen=True)
class Received:
    """Money that came: when, through whom ("stripe", "bank"), their reference, and how much in minor units."""

    at: datetime
    provider: str
    reference: str
    amount: int


@dataclass(frozen=True)
class Facts:
    """One paper. Amounts are minor units of `currency`; `tax_rate` is in hundredths of a percent.

    `is_over` says whether the price lock has ended without an order; `given_back` is money that was refunded or lost.
    """

    kind: str
    number: str
    order_number: str
    status: str
    is_over: bool
    license_name: str
    item: str
    about: str
    quantity: int
    currency: str
    goods: int
    tax: int
    total: int
    tax_name: str
    tax_note: str
    tax_rate: int
    is_exempt: bool
    po_number: str
    billed_to: tuple[str, ...]
    quoted_at: datetime
    expires_at: datetime
    placed_at: datetime | None
    due_at: datetime | None
    received: tuple[Received, ...]
    given_back: int
    takes_cards: bool
    seller: Seller
    locale: str

    @property
    def paid(self) -> int:
        """What came in, before anything went back."""
        return sum(one.amount for one in self.received)


def number(order: Order, kind: str) -> str:
    """The paper's own number: "Q-2026-7F3A9KQX" is the quote of order CR-2026-7F3A9KQX."""
    return f"{kind[0].upper()}-{order.stem}"


def kinds(order: Order, came: Sequence[Payment]) -> list[str]:
    """The papers that an order has by now, in the order in which a school gets them."""
    is_paid = payments.paid(came, order.currency) >= order.total
    is_billed = order.method == PURCHASE_ORDER and order.placed_at is not None
    return [QUOTE, *([INVOICE] if is_billed or is_paid else []), *([RECEIPT] if is_paid else [])]


def read(
    order: Order,
    came: Sequence[Payment],
    kind: str,
    *,
    license_name: str,
    resource: Resource | None,
    catalog: Catalog,
    takes_cards: bool,
    locale: str,
    now: datetime,
) -> Facts:
    """The facts of one paper of an order, whose resource may be gone from the settings by now.

    Raises NotFound for a paper that the order does not have, or not yet.
    """
    if kind not in kinds(order, came):
        raise NotFound(_("This order has no such paper yet."))
    return Facts(
        kind=kind,
        number=number(order, kind),
        order_number=order.number,
        status=order.status,
        is_over=order.is_over(now),
        license_name=license_name,
        item=resource.title if resource else order.resource,
        about=resource.about if resource else "",
        quantity=order.quantity,
        currency=order.currency,
        goods=order.goods,
        tax=order.tax,
        total=order.total,
        tax_name=catalog.tax_name,
        tax_note=catalog.tax_note,
        tax_rate=order.tax_rate,
        is_exempt=order.tax_exempt,
        po_number=order.po_number or "",
        billed_to=_billed_to(order),
        quoted_at=order.created_at,
        expires_at=order.expires_at,
        placed_at=order.placed_at,
        due_at=order.due_at,
        received=tuple(_received(one) for one in came if one.status == "paid" and one.currency == order.currency),
        given_back=payments.given_back(came, order.currency),
        takes_cards=takes_cards,
        seller=_seller(catalog),
        locale=locale,
    )


def _billed_to(order: Order) -> tuple[str, ...]:
    lines = [order.billing_organization, order.billing_name, *(order.billing_address or "").splitlines()]
    return tuple(line for line in [*lines, order.billing_email] if line)


def _received(payment: Payment) -> Received:
    return Received(payment.paid_at or payment.created_at, payment.provider, payment.reference, payment.amount)


def _seller(catalog: Catalog) -> Seller:
    lines = [line.strip() for line in catalog.seller_address.splitlines()]
    return Seller(catalog.seller_name, tuple(filter(None, lines)), catalog.seller_email, catalog.seller_tax_id)
