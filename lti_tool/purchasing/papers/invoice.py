"""The invoice: what is to be paid, by when and to whom, with the school's own number on it."""

from collections.abc import Iterator

from lti_tool.language import _
from lti_tool.purchasing.papers import receipt
from lti_tool.purchasing.papers.content import Content, Line, Mark, Section, amount, content, day, purchase_order
from lti_tool.purchasing.papers.facts import Facts


def invoice(facts: Facts) -> Content:
    """The texts of the invoice; one that is paid, in part too, or cancelled says so."""
    due = _due(facts)
    return content(
        facts,
        title=_("Invoice"),
        at=facts.placed_at or facts.received[0].at,
        dated=_("Invoice date"),
        mark=_mark(facts, due),
        to=_("Bill to"),
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
        return Mark(_("Cancelled: nothing to pay"), "over")
    return Mark(_("Paid in part") if facts.paid else _("To be paid"), "waiting")


def _terms(facts: Facts) -> Iterator[Line]:
    if facts.placed_at is not None and facts.due_at is not None:
        days = (facts.due_at - facts.placed_at).days
        yield Line(_("Terms"), _("Net %(days)s", days=days) if days else _("Due on receipt"))
        yield Line(_("Due"), day(facts, facts.due_at))


def _sums(facts: Facts, due: int) -> Iterator[Line]:
    """From the total down to what is due: each line counts, so that the figures add up in sight."""
    left = facts.total - facts.paid
    if facts.paid:
        yield Line(_("Paid"), amount(facts, -facts.paid))
    if left < 0:
        yield Line(_("Paid too much"), amount(facts, -left))
    if left > due:
        yield Line(_("Cancelled"), amount(facts, -left))
    yield Line(_("Amount due"), amount(facts, due), is_sum=True)


def _remit_to(facts: Facts, due: int) -> Section:
    what = {"amount": amount(facts, due), "number": facts.number}
    if facts.due_at is None:
        send = _("Send %(amount)s, and name invoice %(number)s with it.", **what)
    else:
        send = _(
            "Send %(amount)s by %(day)s, and name invoice %(number)s with it.", **what, day=day(facts, facts.due_at)
        )
    return Section(
        _("Remit to"),
        (
            (facts.seller.name, *facts.seller.address),
            (send,),
            (_("Questions: %(contact)s", contact=facts.seller.contact),),
        ),
    )
