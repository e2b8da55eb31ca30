"""The texts of a paper, in the order in which an office reads them, and what all three kinds say alike."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from babel.dates import format_date, format_time
from babel.numbers import format_decimal, format_percent

from lti_tool import money
from lti_tool.language import _
from lti_tool.purchasing.papers.facts import Facts, Seller

_LETTER_PAPER = frozenset({"USD", "CAD", "MXN"})


@dataclass(frozen=True)
class Line:
    """A word and an amount or a fact beside it, a note below; `is_sum` is set in bold, under a rule."""

    label: str
    text: str
    note: str = ""
    is_sum: bool = False


@dataclass(frozen=True)
class Section:
    """A heading, paragraphs of lines below it, then lines with amounts."""

    heading: str
    paragraphs: tuple[tuple[str, ...], ...] = ()
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
class Mark:
    """How the paper stands ("Paid in full"); `tone` is "ok", "waiting" or "over"."""

    text: str
    tone: str


@dataclass(frozen=True)
class Content:
    """All texts of one paper, which is dated `at`; `is_letter` is the paper of North America, else it is A4."""

    title: str
    number: str
    at: datetime
    mark: Mark | None
    seller: Seller
    to_heading: str
    to: tuple[str, ...]
    details: tuple[Line, ...]
    item: Item
    sums: tuple[Line, ...]
    sections: tuple[Section, ...]
    is_letter: bool


def content(
    facts: Facts,
    *,
    title: str,
    at: datetime,
    dated: str,
    mark: Mark | None,
    to: str,
    details: Iterable[Line],
    sums: Iterable[Line] = (),
    sections: Iterable[Section] = (),
) -> Content:
    """A paper with what is its own, and the parties, the item and the sums that every kind has."""
    return Content(
        title=title,
        number=facts.number,
        at=at,
        mark=mark,
        seller=facts.seller,
        to_heading=to,
        to=facts.billed_to or (facts.license_name,),
        details=(
            Line(dated, day(facts, at)),
            *details,
            Line(_("Order"), facts.order_number),
            Line(_("License"), facts.license_name),
        ),
        item=_item(facts),
        sums=(*_sums(facts), *sums),
        sections=tuple(sections),
        is_letter=facts.currency in _LETTER_PAPER,
    )


def amount(facts: Facts, minor: int) -> str:
    """An amount as the reader writes it, with a true minus."""
    return money.shown(minor, facts.currency, facts.locale).replace("-", "\u2212")


def day(facts: Facts, moment: datetime) -> str:
    """The day of a moment, in UTC."""
    return format_date(moment.date(), "long", locale=facts.locale)


def minute(facts: Facts, moment: datetime) -> str:
    """A moment to the minute, for what ends at it."""
    return f"{day(facts, moment)}, {format_time(moment, 'short', locale=facts.locale)} UTC"


def purchase_order(facts: Facts) -> Iterator[Line]:
    """The school's own number, if it gave one."""
    if facts.po_number:
        yield Line(_("Purchase order"), facts.po_number)


def _item(facts: Facts) -> Item:
    each = money.each_shown(facts.goods, facts.quantity, facts.currency, facts.locale)
    is_exact = facts.goods * 100 % facts.quantity == 0  # it is shown with two digits more than money has, at most
    return Item(
        name=facts.item,
        about=facts.about,
        quantity=format_decimal(facts.quantity, locale=facts.locale),
        each=each if is_exact else f"≈\u00a0{each}",
        amount=amount(facts, facts.goods),
    )


def _sums(facts: Facts) -> Iterator[Line]:
    yield Line(_("Subtotal"), amount(facts, facts.goods))
    name = facts.tax_name or _("Tax")
    if facts.is_exempt:
        yield Line(name, amount(facts, facts.tax), note=_("Exempt, certificate on file"))
    else:
        rate = format_percent(Decimal(facts.tax_rate) / 10_000, "#,##0.##%", locale=facts.locale)
        yield Line(f"{name} ({rate})", amount(facts, facts.tax))
    yield Line(_("Total"), amount(facts, facts.total), is_sum=True)
