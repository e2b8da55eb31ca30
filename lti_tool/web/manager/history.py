"""GET /manager/history: every batch of the licence, newest first: who, when, why, and what was left after it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import Blueprint, render_template, request
from markupsafe import Markup

from lti_tool.db import db
from lti_tool.language import N_, _
from lti_tool.ledger import journal
from lti_tool.ledger.transfers import Batch, Transfer
from lti_tool.members import reach
from lti_tool.purchasing import orders
from lti_tool.purchasing.orders import Order
from lti_tool.web.access import MANAGER, only
from lti_tool.web.manager import past
from lti_tool.web.manager.desk import Desk, open_desk
from lti_tool.web.sentences import marked

PAGE = 25
UNFOLDED = 100
"""How many people a batch unfolds to at first; the others follow on its own page."""

COMES_IN = ("grant", "purchase")
"""What the license gets more by; by all others, less."""

KINDS = {
    "grant": (N_("Granted"), ""),
    "purchase": (N_("Purchase"), "ok"),
    "refund": (N_("Refund"), ""),
    "auto_allotment": (N_("Automatic"), ""),
    "manual_allotment": (N_("By hand"), ""),
}
"""What a batch is called, and the colour of its pill."""


@dataclass(frozen=True)
class Share:
    """What one person of a batch got; `name` is empty where the person is in none of the reader's courses (R24)."""

    name: str
    amount: int
    is_first: bool
    """Their first credits ever."""


@dataclass(frozen=True)
class Line:
    """One batch with its first people; `by` says who did it, "by you" to the reader; "" where nobody did.

    Of a purchase or refund, `order` is what it belongs to, and `by` is who bought.
    """

    batch: Batch
    shares: list[Share]
    by: Markup
    order: Order | None

    @property
    def change(self) -> int:
        """What the licence's own balance changed by."""
        return self.batch.total if self.batch.kind in COMES_IN else -self.batch.total

    @property
    def kind(self) -> tuple[str, str]:
        """The words of its pill, and the colour."""
        words, colour = KINDS[self.batch.kind]
        return _(words), colour


def routes(blueprint: Blueprint) -> None:
    """Adds the page."""
    blueprint.add_url_rule("/history", "history", history)


@only(MANAGER)
def history() -> str | tuple[str, int]:
    """One page of batches; `?before=` goes on after the last one seen, `?batch=` shows all people of one.

    `?date=` and `?time=` show the balances of a past moment instead.
    """
    desk = open_desk(db.session())
    form = past.asked()
    if "date" in request.args:
        return past.page(desk, form)
    if chosen := journal.batch(db.session(), desk.license.id, request.args.get("batch", "")):
        return _one(desk, chosen)
    batches = journal.batches(
        db.session(), desk.license.id, desk.resource.name, before=_number(request.args.get("before")), limit=PAGE + 1
    )
    people = journal.people(db.session(), desk.license.id, [batch.id for batch in batches[:PAGE]], limit=UNFOLDED)
    return render_template(
        "manager/history.html",
        desk=desk,
        form=form,
        lines=_lines(desk, batches[:PAGE], people),
        older=batches[PAGE - 1].pool_version if len(batches) > PAGE else None,
        is_first_page="before" not in request.args,
    )


def _one(desk: Desk, batch: Batch) -> str:
    after = request.args.get("after", "")
    people = journal.people(db.session(), desk.license.id, [batch.id], after=after, limit=UNFOLDED + 1)[batch.id]
    return render_template(
        "manager/batch.html",
        desk=desk,
        line=_lines(desk, [batch], {batch.id: people[:UNFOLDED]})[0],
        more=people[UNFOLDED - 1].id if len(people) > UNFOLDED else None,
    )


def _lines(desk: Desk, batches: Sequence[Batch], people: dict[str, list[Transfer]]) -> list[Line]:
    ids = {transfer.member_id for transfers in people.values() for transfer in transfers if transfer.member_id}
    names = reach.names(db.session(), desk.within, sorted(ids))
    bought = _orders(desk, people)
    persons = {batch.actor_id for batch in batches if batch.actor_id and batch.actor_kind == "person"}
    persons |= {order.buyer_id for order in bought.values() if order.buyer_id}
    actors = reach.person_names(db.session(), persons)
    return [
        Line(
            batch,
            _shares(people.get(batch.id, []), names),
            _bought_by(desk, order, actors) if (order := bought.get(batch.id)) else _by(desk, batch, actors),
            order,
        )
        for batch in batches
    ]


def _orders(desk: Desk, people: dict[str, list[Transfer]]) -> dict[str, Order]:
    """The order of each batch that has one: its only row names the order's number."""
    numbers = {
        batch_id: transfers[0].reference
        for batch_id, transfers in people.items()
        if transfers and transfers[0].reference and transfers[0].kind in ("purchase", "refund")
    }
    found = orders.by_numbers(db.session(), desk.license.id, set(numbers.values()))
    return {batch_id: found[number] for batch_id, number in numbers.items() if number in found}


def _shares(transfers: Sequence[Transfer], names: dict[str, str]) -> list[Share]:
    return sorted(
        (
            Share(names.get(transfer.member_id, ""), transfer.amount, transfer.member_version == 1)
            for transfer in transfers
            if transfer.member_id
        ),
        key=lambda share: (not share.name, share.name.casefold()),
    )


def buyer(order: Order, persons: Mapping[str, str]) -> str:
    """Who placed the order, by name; "" while nobody did, or nobody knows."""
    if order.placed_by == "manager":
        return persons.get(order.buyer_id or "") or _("a manager")
    return {"office": _("the office"), "operator": _("the operator")}.get(order.placed_by or "", "")


def actor(kind: str, actor_id: str | None, persons: Mapping[str, str]) -> str:
    """Who caused a movement, by name; "" for what happens by itself."""
    if kind == "person":
        return persons.get(actor_id or "") or _("a teacher")
    return {"operator": _("the operator"), "api_key": _("a program")}.get(kind, "")


def _bought_by(desk: Desk, order: Order, persons: dict[str, str]) -> Markup:
    if order.placed_by == "manager":
        if order.buyer_id == desk.visit.person_id:
            return marked(N_("bought by you"))
        if name := persons.get(order.buyer_id or ""):
            return marked(N_("bought by <bdi>%(name)s</bdi>"), name=name)
    words = {
        "manager": N_("bought by a manager"),
        "office": N_("bought by the office"),
        "operator": N_("bought by the operator"),
    }
    return marked(words[order.placed_by]) if order.placed_by in words else Markup()


def _by(desk: Desk, batch: Batch, persons: dict[str, str]) -> Markup:
    if batch.actor_kind == "person":
        if batch.actor_id == desk.visit.person_id:
            return marked(N_("by you"))
        if name := persons.get(batch.actor_id or ""):
            return marked(N_("by <bdi>%(name)s</bdi>"), name=name)
    words = {"person": N_("by a teacher"), "operator": N_("by the operator"), "api_key": N_("by a program")}
    return marked(words[batch.actor_kind]) if batch.actor_kind in words else Markup()


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 16 else None
