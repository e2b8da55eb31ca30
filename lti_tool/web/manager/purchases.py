"""GET /manager/purchases: every order of the licence in plain words, newest first, with its papers (R27)."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, render_template, request
from markupsafe import Markup
from sqlalchemy.orm import Session

from lti_tool.db import db
from lti_tool.language import N_
from lti_tool.members import reach
from lti_tool.purchasing import orders, progress, unfinished, wishes
from lti_tool.purchasing.orders import Order
from lti_tool.purchasing.unfinished import UnfinishedAllotment
from lti_tool.purchasing.wishes import PurchaseWish
from lti_tool.web import papers
from lti_tool.web.access import MANAGER, only
from lti_tool.web.manager import standing
from lti_tool.web.manager.desk import Desk, open_desk
from lti_tool.web.manager.standing import Standing
from lti_tool.web.papers import Link
from lti_tool.web.sentences import marked

PAGE = 20
_SHOWN = 5
"""How many orders and wishes the overview has room for."""
_LONGEST_ID = 36


@dataclass(frozen=True)
class Line:
    """One order; `by` says who began it, "by you" to the reader and "" where nobody knows."""

    order: Order
    standing: Standing
    by: Markup
    papers: list[Link]


@dataclass(frozen=True)
class Underway:
    """What the overview says of buying: orders that are awaited, open wishes, and allotments that can be finished."""

    awaited: list[tuple[Order, Markup]]
    wishes: Sequence[PurchaseWish]
    more_wishes: bool
    ready: Sequence[UnfinishedAllotment]
    names: dict[str, str]


def routes(blueprint: Blueprint) -> None:
    """Adds the page."""
    blueprint.add_url_rule("/purchases", "purchases", purchases)


@only(MANAGER)
def purchases() -> str:
    """One page of orders; `?before=` goes on after the last one seen."""
    session = db.session()
    desk = open_desk(session)
    before = request.args.get("before")
    if before is not None and len(before) > _LONGEST_ID:
        before = None
    found = orders.of_license(session, desk.license.id, before=before, limit=PAGE + 1)
    return render_template(
        "manager/purchases.html",
        desk=desk,
        lines=_lines(session, desk, found[:PAGE]),
        older=found[PAGE - 1].id if len(found) > PAGE else None,
        is_first_page=before is None,
    )


def under_way(session: Session, desk: Desk) -> Underway:
    """For the overview; those who do not manage the licence see only what they can finish themselves (R24)."""
    license_id, resource = desk.license.id, desk.resource.name
    ready = unfinished.ready(session, license_id, resource, desk.visit.person_id) if desk.may_give else []
    if not desk.visit.manages:
        return Underway([], [], False, ready, {})
    awaited = orders.awaited(session, license_id, resource, limit=_SHOWN)
    asked = wishes.waiting(session, license_id, resource, limit=_SHOWN + 1)
    found = progress.of_orders(session, awaited, now=desk.now)
    return Underway(
        awaited=[(order, standing.of(order, found[order.id]).says) for order in awaited],
        wishes=asked[:_SHOWN],
        more_wishes=len(asked) > _SHOWN,
        ready=ready,
        names=reach.person_names(session, {wish.person_id for wish in asked}),
    )


def _lines(session: Session, desk: Desk, found: Sequence[Order]) -> list[Line]:
    names = reach.person_names(session, {order.buyer_id for order in found if order.buyer_id})
    far = progress.of_orders(session, found, now=desk.now)
    return [
        Line(
            order=order,
            standing=standing.of(order, far[order.id]),
            by=_by(desk, order, names),
            papers=papers.links(order, far[order.id].received),
        )
        for order in found
    ]


def _by(desk: Desk, order: Order, names: dict[str, str]) -> Markup:
    if order.buyer_id is None or order.buyer_id not in names:
        return Markup()
    if order.buyer_id == desk.visit.person_id:
        return marked(N_("by you"))
    return marked(N_("by <bdi>%(name)s</bdi>"), name=names[order.buyer_id])
