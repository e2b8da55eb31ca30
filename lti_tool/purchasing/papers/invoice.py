"""The invoice: what is to be paid, by when and to whom, with the school's own number on it."""

from collections.abc import Iterator

from lti_tool.purchasing.papers import receipt
from lti_tool.purchasing.papers.content import Content, Line, Mark, Section, amount, content, day, purchase_order
from lti_tool.purchasing.papers.facts import Facts


def invoice(facts: Facts) -> Content:
    """The texts of the invoice; one that is paid, in part too, or cancelled says so."""
    due = _due(facts)
    return content(
        facts,
        title="Invoice",
        at=facts.placed_at or facts.received[0].at,
        dated="Invoice date",
        mark=_mark(facts, due),
        to="Bill to",
        details=(*purchase_order(facts), *_terms(facts)),
        sums=_sums(facts, due),
        sections=[_remit_to(facts, due)] if due else [],
    )


def _due(facts: Facts) -> int:
    return 0 if facts.status == "cancelled" else max(0, facts.total - facts.paid)


def _mark(facts: Facts, due: int) -> Mark:
    if facts.paid >= facts.total:
        return receipt.mark(facts)
    if facts.status == "cancelled":
        return Mark("Cancelled: nothing to pay", "over")
    return Mark("Paid in part" if facts.paid else "To be paid", "waiting")


def _terms(facts: Facts) -> Iterator[Line]:
    if facts.placed_at is not None and facts.due_at is not None:
        days = (facts.due_at - facts.placed_at).days
        yield Line("Terms", f"Net {days}" if days else "Due on receipt")
        yield Line("Due", day(facts, facts.due_at))


def _sums(facts: Facts, due: int) -> Iterator[Line]:
    """From the total down to what is due: each line counts, so that the figures add up in sight."""
    left = facts.total - facts.paid
    if facts.paid:
        yield Line("Paid", amount(facts, -facts.paid))
    if left < 0:
        yield Line("Paid too much", amount(facts, -left))
    if left > due:
        yield Line("Cancelled", amount(facts, -left))
    yield Line("Amount due", amount(facts, due), is_sum=True)


def _remit_to(facts: Facts, due: int) -> Section:
    by = f" by {day(facts, facts.due_at)}" if facts.due_at is not None else ""
    return Section(
        "Remit to",
        (
            (facts.seller.name, *facts.seller.address),
            (f"Send {amount(facts, due)}{by}, and name invoice {facts.number} with it.",),
            (f"Questions: {facts.seller.contact}",),
        ),
    )
