"""The receipt: what was paid, when and how, and what of it went back."""

from collections.abc import Iterator

from lti_tool.language import N_, _
from lti_tool.purchasing.papers.content import Content, Line, Mark, Section, amount, content, day, purchase_order
from lti_tool.purchasing.papers.facts import Facts, Received

_WAYS = {"stripe": N_("Card, through Stripe"), "bank": N_("Bank")}


def receipt(facts: Facts) -> Content:
    """The texts of the receipt; of a card there is the provider's reference only."""
    return content(
        facts,
        title=_("Receipt"),
        at=max(one.at for one in facts.received),
        dated=_("Paid on"),
        mark=mark(facts),
        to=_("Received from"),
        details=purchase_order(facts),
        sections=(Section(_("Payments"), lines=tuple(_payments(facts))), *_ours_to_return(facts)),
    )


def mark(facts: Facts) -> Mark:
    """How an order stands that was paid in full."""
    kept = facts.paid - facts.given_back
    if facts.given_back and kept < facts.total:
        return Mark(_("Refunded in part") if kept else _("Refunded"), "over")
    return Mark(_("Paid in full"), "ok")


def _payments(facts: Facts) -> Iterator[Line]:
    for one in facts.received:
        yield Line(_how(facts, one), amount(facts, one.amount))
    if facts.given_back:
        yield Line(_("Given back"), amount(facts, -facts.given_back))
    label = _("Paid, less what was given back") if facts.given_back else _("Paid")
    yield Line(label, amount(facts, facts.paid - facts.given_back), is_sum=True)


def _how(facts: Facts, one: Received) -> str:
    way = _(_WAYS[one.provider]) if one.provider in _WAYS else one.provider
    return _("%(day)s: %(way)s, reference %(reference)s", day=day(facts, one.at), way=way, reference=one.reference)


def _ours_to_return(facts: Facts) -> Iterator[Section]:
    """Money for which nothing was sold is never left unsaid (R30)."""
    above = facts.paid - facts.given_back - (0 if facts.status == "cancelled" else facts.total)
    if above > 0:
        heading = _("This order is cancelled") if facts.status == "cancelled" else _("Paid too much")
        yours = _(
            "%(amount)s is yours. Write to %(contact)s.", amount=amount(facts, above), contact=facts.seller.contact
        )
        yield Section(heading, ((yours,),))
