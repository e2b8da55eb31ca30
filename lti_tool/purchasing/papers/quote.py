"""The quote: what it would cost, until when that holds, and how to order."""

from collections.abc import Iterator

from lti_tool.language import _
from lti_tool.purchasing.papers.content import Content, Line, Mark, Section, content, day, minute
from lti_tool.purchasing.papers.facts import Facts


def quote(facts: Facts) -> Content:
    """The texts of the quote; one that was ordered from, has expired or was cancelled says so."""
    is_open = facts.status == "draft" and not facts.is_over
    return content(
        facts,
        title=_("Quote"),
        at=facts.quoted_at,
        dated=_("Date"),
        mark=_mark(facts),
        to=_("Prepared for"),
        details=[Line(_("Valid until"), minute(facts, facts.expires_at))],
        sections=[Section(_("How to order"), tuple((way,) for way in _ways_to_order(facts)))] if is_open else [],
    )


def _mark(facts: Facts) -> Mark | None:
    if facts.status == "cancelled":
        return Mark(_("Cancelled"), "over")
    if facts.is_over or facts.status == "refused":
        return Mark(_("Expired"), "over")
    if facts.placed_at is not None:
        return Mark(_("Ordered on %(day)s", day=day(facts, facts.placed_at)), "ok")
    return None


def _ways_to_order(facts: Facts) -> Iterator[str]:
    yield _(
        "With a purchase order: send one that names quote %(number)s to %(contact)s, or enter its number in "
        "Creditroll, on the page of order %(order)s.",
        number=facts.number,
        contact=facts.seller.contact,
        order=facts.order_number,
    )
    if facts.takes_cards:
        yield _(
            "By card: open the order in Creditroll, or the link to it that you were sent, and choose to pay by card."
        )
    yield _(
        "This quote is not an order yet, and replaces any earlier one of this number. Its price holds until the date "
        "above; after that, start a new one."
    )
    if facts.tax and facts.tax_note:
        yield facts.tax_note
