"""The receipt: what was paid, when and how, and what of it went back."""

from collections.abc import Iterator

from lti_tool.purchasing.papers.content import Content, Line, Mark, Section, amount, content, day, purchase_order
from lti_tool.purchasing.papers.facts import Facts, Received

_WAYS = {"stripe": "Card, through Stripe", "bank": "Bank"}


def receipt(facts: Facts) -> Content:
    """The texts of the receipt; of a card there is the provider's reference only."""
    return content(
        facts,
        title="Receipt",
        at=max(one.at for one in facts.received),
        dated="Paid on",
        mark=mark(facts),
        to="Received from",
        details=purchase_order(facts),
        sections=(Section("Payments", lines=tuple(_payments(facts))), *_ours_to_return(facts)),
    )


def mark(facts: Facts) -> Mark:
    """How an order stands that was paid in full."""
    kept = facts.paid - facts.given_back
    if facts.given_back and kept < facts.total:
        return Mark("Refunded in part" if kept else "Refunded", "over")
    return Mark("Paid in full", "ok")


def _payments(facts: Facts) -> Iterator[Line]:
    for one in facts.received:
        yield Line(_how(facts, one), amount(facts, one.amount))
    if facts.given_back:
        yield Line("Given back", amount(facts, -facts.given_back))
    label = "Paid, less what was given back" if facts.given_back else "Paid"
    yield Line(label, amount(facts, facts.paid - facts.given_back), is_sum=True)


def _how(facts: Facts, one: Received) -> str:
    return f"{day(facts, one.at)}: {_WAYS.get(one.provider, one.provider)}, reference {one.reference}"


def _ours_to_return(facts: Facts) -> Iterator[Section]:
    """Money for which nothing was sold is never left unsaid (R30)."""
    above = facts.paid - facts.given_back - (0 if facts.status == "cancelled" else facts.total)
    if above > 0:
        heading = "This order is cancelled" if facts.status == "cancelled" else "Paid too much"
        yield Section(heading, ((f"{amount(facts, above)} is yours. Write to {facts.seller.contact}.",),))
