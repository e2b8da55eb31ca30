"""What stands on a paper: its facts in words, in the order in which an office reads them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal, format_percent

from lti_tool import money
from lti_tool.purchasing.papers.facts import INVOICE, QUOTE, Facts, Received, Seller

OK, WAITING, OVER = "ok", "waiting", "over"


@dataclass(frozen=True)
class Line:
    """A word and an amount or a fact beside it; `is_sum` is set in bold, under a rule."""

    label: str
    text: str
    is_sum: bool = False


@dataclass(frozen=True)
class Section:
    """A heading with sentences below it, then lines with amounts."""

    heading: str
    sentences: tuple[str, ...] = ()
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True)
class Item:
    """What is bought: its name, what it does, how many, price each, amount."""

    name: str
    about: str
    quantity: str
    each: str
    amount: str


@dataclass(frozen=True)
class Content:
    """All texts of one paper. `mark` says how it stands ("Paid"), `tone` is OK, WAITING or OVER."""

    title: str
    number: str
    mark: str
    tone: str
    seller: Seller
    to_heading: str
    to: tuple[str, ...]
    details: tuple[Line, ...]
    item: Item
    sums: tuple[Line, ...]
    sections: tuple[Section, ...]
    is_letter: bool


def content(facts: Facts) -> Content:
    """The paper's texts."""
    title, mark, details, sums, sections = {QUOTE: _quote, INVOICE: _invoice}.get(facts.kind, _receipt)(facts)
    return Content(
        title=title,
        number=facts.number,
        mark=mark[0],
        tone=mark[1],
        seller=facts.seller,
        to_heading="Prepared for" if facts.kind == QUOTE else "Bill to",
        to=facts.billed_to or (facts.license_name,),
        details=(*details, Line("Order", facts.order_number), Line("License", facts.license_name)),
        item=_item(facts),
        sums=(*_sums(facts), *sums),
        sections=sections,
        is_letter=facts.currency in _LETTER_PAPER,
    )


_LETTER_PAPER = frozenset({"USD", "CAD", "MXN"})
Parts = tuple[str, tuple[str, str], tuple[Line, ...], tuple[Line, ...], tuple[Section, ...]]


def _quote(facts: Facts) -> Parts:
    is_open = facts.status == "draft" and not facts.is_over
    details = (Line("Date", _day(facts, facts.quoted_at)), Line("Valid until", _moment(facts, facts.expires_at)))
    sections = (Section("How to order", tuple(_ways_to_order(facts))),) if is_open else ()
    return "Quote", _quote_mark(facts), details, (), sections


def _quote_mark(facts: Facts) -> tuple[str, str]:
    if facts.status == "cancelled":
        return "Cancelled", OVER
    if facts.is_over or facts.status == "refused":
        return "Expired", OVER
    if facts.placed_at is not None:
        return f"Ordered on {_day(facts, facts.placed_at)}", OK
    return "", WAITING


def _ways_to_order(facts: Facts) -> Iterator[str]:
    yield (
        f"With a purchase order: send one that names quote {facts.number} to {facts.seller.email}, or enter its number "
        f"in Creditroll, on the page of order {facts.order_number}."
    )
    if facts.takes_cards:
        yield "By card: open the order in Creditroll, or the link to it that you were sent, and choose to pay by card."
    yield "This quote is not an order yet. Its price holds until the date above; after that, start a new one."
    if facts.tax and facts.tax_note:
        yield facts.tax_note


def _invoice(facts: Facts) -> Parts:
    due = max(0, facts.total - facts.paid)
    is_cancelled = facts.status == "cancelled"
    details = (
        Line("Invoice date", _day(facts, facts.placed_at or facts.received[0].at)),
        *([Line("Purchase order", facts.po_number)] if facts.po_number else []),
        *_terms(facts),
    )
    sums = (
        *([Line("Paid", _money(facts, -facts.paid))] if facts.paid else []),
        Line("Amount due", _money(facts, 0 if is_cancelled else due), is_sum=True),
    )
    sections = (_remit_to(facts, due),) if due and not is_cancelled else ()
    return "Invoice", _invoice_mark(facts, due), details, sums, sections


def _invoice_mark(facts: Facts, due: int) -> tuple[str, str]:
    if facts.status == "cancelled":
        return "Cancelled, nothing is to be paid", OVER
    if not due:
        return _receipt_mark(facts)
    return "Paid in part" if facts.paid else "To be paid", WAITING


def _terms(facts: Facts) -> Iterator[Line]:
    if facts.placed_at is not None and facts.due_at is not None:
        days = (facts.due_at - facts.placed_at).days
        yield Line("Terms", f"Net {days}" if days else "Due on receipt")
        yield Line("Due", _day(facts, facts.due_at))


def _remit_to(facts: Facts, due: int) -> Section:
    by = f" by {_day(facts, facts.due_at)}" if facts.due_at is not None else ""
    return Section(
        "Remit to",
        (
            ", ".join((facts.seller.name, *facts.seller.address)),
            f"Send {_money(facts, due)}{by}, and name invoice {facts.number} with it. Questions: {facts.seller.email}",
        ),
    )


def _receipt(facts: Facts) -> Parts:
    details = (
        Line("Paid on", _day(facts, max(one.at for one in facts.received))),
        *([Line("Purchase order", facts.po_number)] if facts.po_number else []),
    )
    lines = [Line(_how(facts, one), _money(facts, one.amount)) for one in facts.received]
    if facts.given_back:
        lines.append(Line("Given back", _money(facts, -facts.given_back)))
    label = "Paid, less what was given back" if facts.given_back else "Paid"
    lines.append(Line(label, _money(facts, facts.paid - facts.given_back), is_sum=True))
    return "Receipt", _receipt_mark(facts), details, (), (Section("Payments", lines=tuple(lines)), *_unsettled(facts))


def _receipt_mark(facts: Facts) -> tuple[str, str]:
    kept = facts.paid - facts.given_back
    if facts.given_back and kept < facts.total:
        return ("Refunded in part" if kept else "Refunded"), OVER
    return "Paid in full", OK


def _unsettled(facts: Facts) -> Iterator[Section]:
    """Money that we hold without having sold anything for it is never left unsaid (R30)."""
    above = facts.paid - facts.given_back - facts.total
    if above > 0:
        yield Section("Paid too much", (f"{_money(facts, above)} is yours: write to {facts.seller.email}.",))
    elif facts.status == "cancelled" and not facts.given_back:
        yield Section("This order is cancelled", (f"The money is yours: write to {facts.seller.email}.",))


def _how(facts: Facts, one: Received) -> str:
    way = {"stripe": "Card, through Stripe", "bank": "Bank"}.get(one.provider, one.provider)
    return f"{_day(facts, one.at)}: {way}, reference {one.reference}"


def _item(facts: Facts) -> Item:
    each = money.each_shown(facts.goods, facts.quantity, facts.currency, facts.locale)
    is_exact = facts.goods * 100 % facts.quantity == 0  # more digits than that are not shown
    return Item(
        name=facts.item,
        about=facts.about,
        quantity=format_decimal(facts.quantity, locale=facts.locale),
        each=each if is_exact else f"about {each}",
        amount=_money(facts, facts.goods),
    )


def _sums(facts: Facts) -> Iterator[Line]:
    yield Line("Subtotal", _money(facts, facts.goods))
    rate = format_percent(Decimal(facts.tax_rate) / 10_000, "#,##0.##%", locale=facts.locale)
    name = facts.tax_name or "Tax"
    exempt = f"{name}: exempt, certificate on file"
    yield Line(exempt if facts.is_exempt else f"{name} ({rate})", _money(facts, facts.tax))
    yield Line("Total", _money(facts, facts.total), is_sum=True)


def _money(facts: Facts, minor: int) -> str:
    return money.shown(minor, facts.currency, facts.locale).replace("-", "\u2212")


def _day(facts: Facts, moment: datetime) -> str:
    return format_date(moment.date(), "long", locale=facts.locale)


def _moment(facts: Facts, moment: datetime) -> str:
    return format_datetime(moment, "long", locale=facts.locale)
