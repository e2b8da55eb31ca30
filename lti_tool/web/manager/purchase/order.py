"""/manager/purchase/{order}: what became of an order and what happens next; while it waits, it looks by itself."""

from dataclasses import dataclass

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from lti_tool import clock
from lti_tool.db import db
from lti_tool.language import N_, _
from lti_tool.purchasing import checkout, orders, progress, unfinished
from lti_tool.purchasing.orders import PURCHASE_ORDER, Order
from lti_tool.purchasing.progress import Progress, State
from lti_tool.purchasing.refusals import NotByCard, OrderClosed, PaymentUnderWay, PriceExpired, ProviderFault
from lti_tool.web import access, papers
from lti_tool.web.access import MANAGER, only
from lti_tool.web.forms import done
from lti_tool.web.manager import office
from lti_tool.web.manager.desk import Desk, license_of
from lti_tool.web.manager.purchase.shop import catalog_of, open_order, page_of, settings_of
from lti_tool.web.paying import pay_url
from lti_tool.web.sentences import marked
from lti_tool.web.words import money, when

_SOON_S, _LATER_S = 3, 15
"""How often the page looks: a card is paid while somebody waits, an approval takes a school day."""


_TO_SEND = (State.QUOTE, State.APPROVAL, State.CARD)
"""Where somebody at the office may have something to do."""


@dataclass(frozen=True)
class Step:
    """A line of "What happens next"; `note` is muted."""

    is_done: bool
    words: Markup
    note: Markup | str


def routes(blueprint: Blueprint) -> None:
    """Adds the page, what it asks while it waits, and its "Pay"."""
    blueprint.add_url_rule("/purchase/<order_id>", "order", page)
    blueprint.add_url_rule("/purchase/<order_id>/state", "order_state", state)
    blueprint.add_url_rule("/purchase/<order_id>/pay", "order_pay", pay, methods=["POST"])


@only(MANAGER)
def page(order_id: str) -> str:
    """The order in whichever state it is."""
    return _page("manager/purchase/order.html", order_id)


@only(MANAGER)
def state(order_id: str) -> ResponseReturnValue:
    """The part of the page that may have changed; nothing (204) while it is what the page shows already."""
    # Many pages ask this, every few seconds: the figures of the whole licence are counted only where there is news.
    order = orders.find(db.session(), license_of(access.visit()), order_id)
    if request.args.get("seen") == _mark(order, progress.of(db.session(), order, now=clock.now())):
        return Response(status=204)
    return _page("manager/purchase/_order.html", order_id, is_news=True)


@only(MANAGER)
def pay(order_id: str) -> ResponseReturnValue:
    """Opens the provider's page, which the order's page then links to; or says why there is none."""
    order = orders.find(db.session(), license_of(access.visit()), order_id)
    try:
        pay_url(order.id)
    except (OrderClosed, PaymentUnderWay):
        return done(page_of(order_id))  # which says the same, and what follows from it
    except (PriceExpired, NotByCard, ProviderFault) as refused:
        return _page("manager/purchase/order.html", order_id, wrong=refused.detail), refused.status
    return done(page_of(order_id))


def _page(template: str, order_id: str, *, wrong: str = "", is_news: bool = False) -> str:
    session, now = db.session(), clock.now()
    desk, order = open_order(order_id)
    found = progress.of(session, order, now=now)
    sent = office.sent(session, order)
    return render_template(
        template,
        desk=desk,
        order=order,
        catalog=catalog_of(),
        progress=found,
        State=State,
        may_go_on=order.resource == settings_of().resource.name,
        mark=_mark(order, found),
        every_s=_SOON_S if found.state in (State.CARD, State.UNDER_WAY) else _LATER_S,
        next_steps=list(_next(desk, order, found)),
        pay_at=checkout.open_url(session, order.id, now=now) if found.state is State.CARD else None,
        takes_cards=settings_of().takes_cards,
        papers=papers.links(order),
        office=sent,
        looks=found.waits and (sent is not None or found.state is not State.QUOTE),
        may_send=found.state in _TO_SEND or (found.state is State.CREDITED and not found.is_paid),
        allotment=unfinished.of_order(session, order, desk.visit.person_id),
        wrong=wrong,
        is_news=is_news,
    )


def _mark(order: Order, found: Progress) -> str:
    """What a page shows of the order, in short: as long as it is the same, there is nothing to tell."""
    money_of = (found.paid, found.given_back, found.is_disputed)
    return "-".join(map(str, (found.state.value, order.placed_by, order.quantity, order.total, *map(int, money_of))))


def _next(desk: Desk, order: Order, found: Progress) -> list[Step]:
    """What happened and what will, in its order; nothing for an order that ended without credits."""
    if found.state in (State.CANCELLED, State.EXPIRED, State.REFUSED):
        return []
    if found.state is State.QUOTE:
        return _of_quote(desk, order, found)
    placed = Step(True, marked(N_("Order placed")), _by(order))
    returned = _given_back(desk, order, found)
    if order.method == PURCHASE_ORDER:
        return [placed, _approval(order), _becomes(desk, order, found), _invoice(order, found), *returned]
    how = {State.CARD: _("on a page of Stripe’s, in a new tab"), State.UNDER_WAY: _("the money is under way")}
    paid = Step(found.is_paid, marked(N_("Paid")), how.get(found.state, ""))
    return [placed, paid, _becomes(desk, order, found), *returned]


def _of_quote(desk: Desk, order: Order, found: Progress) -> list[Step]:
    until = marked(N_("its price holds until %(day)s"), day=when(order.expires_at, "long"))
    return [
        Step(True, marked(N_("Quote made")), until),
        Step(False, marked(N_("Order placed")), _("by you, or by the school office with the link")),
        _becomes(desk, order, found),
    ]


def _by(order: Order) -> Markup:
    assert order.placed_at is not None
    words = {"office": N_("by the school office %(moment)s"), "operator": N_("by the operator %(moment)s")}
    return marked(words.get(order.placed_by or "", "%(moment)s"), moment=when(order.placed_at))


def _approval(order: Order) -> Step:
    approved = marked(N_("Purchase order approved"))
    if order.fulfilled_at is not None:
        return Step(True, approved, when(order.fulfilled_at))
    return Step(False, approved, _("usually within one school day"))


def _becomes(desk: Desk, order: Order, found: Progress) -> Step:
    if order.fulfilled_at is not None:
        came = marked(N_("%(credits)s came"), credits=desk.resource.count(order.quantity))
        if found.state is not State.CREDITED:
            return Step(True, came, when(order.fulfilled_at))
        return Step(True, came, _("the license total is now %(total)s", total=desk.issued))
    words = N_("License total becomes <strong>%(total)s</strong>")
    becomes = marked(words, total=desk.issued + order.quantity)
    return Step(False, becomes, _("it is still %(total)s", total=desk.issued))


def _invoice(order: Order, found: Progress) -> Step:
    paid = marked(N_("Invoice paid"))
    if found.is_paid:
        return Step(True, paid, money(found.paid, order.currency))
    assert order.due_at is not None
    return Step(False, paid, marked(N_("due %(day)s, by your school"), day=when(order.due_at, "long")))


def _given_back(desk: Desk, order: Order, found: Progress) -> list[Step]:
    """Money that went back, and what it took out of the licence: less than was paid for where students had it."""
    if not found.given_back:
        return []
    note = _("nothing went back out of the license")
    if order.refunded_units:
        note = _("%(credits)s went back out of the license", credits=desk.resource.count(order.refunded_units))
    back = marked(N_("%(money)s given back"), money=money(found.given_back, order.currency))
    return [Step(True, back, note)]
