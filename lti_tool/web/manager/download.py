"""POST /manager/download/{list}: members, history and purchases as CSV, by the same filters as their pages.

A download is a navigation of the browser's own, in a new tab: no script adds a header to it, and no cookie comes with
it where those are blocked. So the button's form brings its page's visit along, in no address, history or log.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from flask import Blueprint, Response, request
from sqlalchemy.orm import Session

from lti_tool.db import db, snapshot
from lti_tool.errors import Invalid
from lti_tool.language import N_, _
from lti_tool.ledger import journal
from lti_tool.lti.roles import Role
from lti_tool.members import directory, reach
from lti_tool.members.selection import Wish
from lti_tool.money import plain
from lti_tool.purchasing import orders, progress
from lti_tool.purchasing.orders import CARD, PURCHASE_ORDER, Order
from lti_tool.purchasing.progress import Progress
from lti_tool.web import csv_out
from lti_tool.web.access import MANAGER, STAFF, only
from lti_tool.web.csv_out import Cell
from lti_tool.web.manager import history, past, standing
from lti_tool.web.manager.desk import Desk, open_desk
from lti_tool.web.manager.members import wish_from
from lti_tool.web.session import by_form

_AT_ONCE = 500
"""Orders, with all that belongs to them, in memory at a time."""

_Rows = Iterator[Sequence[Cell]]
_METHODS = {PURCHASE_ORDER: N_("Purchase order"), CARD: N_("Card")}
_STATUS = {True: N_("active"), False: N_("inactive")}
_ROLES = {
    Role.TEACHER: N_("teacher"),
    Role.TA: N_("teaching assistant"),
    Role.DESIGNER: N_("course designer"),
    Role.ADMIN: N_("administrator"),
    Role.LEARNER: N_("student"),
}


def routes(blueprint: Blueprint) -> None:
    """Adds what the buttons of the pages post to."""
    for view in (members, movements, purchases):
        name = view.__name__
        path = "history" if view is movements else name
        blueprint.add_url_rule(f"/download/{path}", f"download_{path}", view, methods=["POST"])


@by_form
@only(STAFF)
def members() -> Response:
    """Everybody whom the page shows after this search, course and status, in its order."""
    desk = open_desk(db.session())
    heads = _member_heads()
    return _sent("members", desk, heads, lambda session: _members(session, desk, wish_from(request.args)))


def _member_heads() -> list[str]:
    who = [_("Name"), _("E-mail"), _("LMS id"), _("Courses"), _("Role"), _("Status"), _("Waiting")]
    return [*who, _("Received"), _("Used"), _("Reserved"), _("Available"), _("Last opened (UTC)"), _("Member id")]


def _members(session: Session, desk: Desk, wish: Wish) -> _Rows:
    for rows in directory.every(session, desk.within, desk.terms, wish, now=desk.now):
        for row in rows:
            yield (
                row.name,
                row.email,
                row.subject,
                "; ".join(row.courses),
                _(_ROLES[row.role]),
                _(_STATUS[row.active]),
                _("yes") if row.waiting else _("no"),
                *(row.received, row.used, row.reserved, row.available),
                row.opened_at,
                row.member_id,
            )


@by_form
@only(MANAGER)
def movements() -> Response:
    """Each movement of the license's credits, newest first; with a date, what each member had at that moment."""
    desk = open_desk(db.session())
    if "date" not in request.args:
        return _sent("history", desk, _movement_heads(), lambda session: _movements(session, desk))
    form = past.asked()
    at = past.moment(form, desk.now)
    if at is None:
        raise Invalid(*form.wrong.values())
    return _sent("history", desk, _past_heads(), lambda session: _past(session, desk, at))


def _movement_heads() -> list[str]:
    what = [_("When (UTC)"), _("How"), _("Who"), _("Change of the license"), _("Left in the license")]
    return [*what, _("By"), _("Note"), _("Order"), _("Member id")]


def _movements(session: Session, desk: Desk) -> _Rows:
    for moved in journal.every(session, desk.license.id, desk.resource.name):
        names = reach.names(session, desk.within, sorted({row.member_id for row in moved if row.member_id}))
        bought = orders.by_numbers(session, desk.license.id, {row.reference for row in moved if row.reference})
        acted = {row.actor_id for row in moved if row.actor_id and row.actor_kind == "person"}
        acted |= {order.buyer_id for order in bought.values() if order.buyer_id}
        persons = reach.person_names(session, acted)
        for row in moved:
            order = bought.get(row.reference)
            yield (
                row.at,
                _(history.KINDS[row.kind][0]),
                _who(row.member_id, names),
                row.amount if row.kind in history.COMES_IN else -row.amount,
                row.pool_balance_after,
                history.buyer(order, persons) if order else history.actor(row.actor_kind, row.actor_id, persons),
                row.note,
                order.number if order else None,
                row.member_id if row.member_id in names else None,
            )
        session.expunge_all()  # orders of this part; the next has others


def _who(member_id: str | None, names: Mapping[str, str]) -> str:
    return names.get(member_id) or _("Somebody in another course") if member_id else _("The license")


def _past_heads() -> list[str]:
    figures = [_("Received"), _("Used"), _("Reserved"), _("Available")]
    return [_("When (UTC)"), _("Name"), _("LMS id"), *figures, _("Member id")]


def _past(session: Session, desk: Desk, at: datetime) -> _Rows:
    wish = Wish(show="all", sort="name")
    for rows in directory.every(session, desk.within, desk.terms, wish, now=desk.now):
        for row, stood in past.stood(session, desk, rows, at):
            figures = (stood.received, stood.used, stood.held, stood.available)
            yield (at, row.name, row.subject, *figures, row.member_id)


@by_form
@only(MANAGER)
def purchases() -> Response:
    """Every order of the license, newest first."""
    desk = open_desk(db.session())
    return _sent("purchases", desk, _order_heads(), lambda session: _orders(session, desk))


def _order_heads() -> list[str]:
    what = [_("Order"), _("State"), _("Begun (UTC)"), _("Price holds until (UTC)"), _("Ordered (UTC)")]
    then = [_("Credited (UTC)"), _("Ended (UTC)"), _("By"), _("How to pay"), _("Purchase order")]
    money = [_("Currency"), _("Price"), _("Tax"), _("Total"), _("Paid"), _("Given back"), _("Invoice due (UTC)")]
    return [*what, *then, _("Credits"), _("Credits that went back"), *money]


def _orders(session: Session, desk: Desk) -> _Rows:
    before = None
    while found := orders.of_license(session, desk.license.id, before=before, limit=_AT_ONCE):
        far = progress.of_orders(session, found, now=desk.now)
        persons = reach.person_names(session, {order.buyer_id for order in found if order.buyer_id})
        for order in found:
            yield _order(order, far[order.id], history.buyer(order, persons))
        before = found[-1].id
        session.expunge_all()


def _order(order: Order, far: Progress, by: str) -> Sequence[Cell]:
    minor = (order.goods, order.tax, order.total, far.paid, far.given_back)
    return (
        order.number,
        standing.of(order, far).word,
        order.created_at,
        order.expires_at,
        order.placed_at,
        order.fulfilled_at,
        order.closed_at,
        by,
        _(_METHODS[order.method]) if order.method else None,
        order.po_number,
        order.quantity,
        order.refunded_units,
        order.currency,
        *(Decimal(plain(amount, order.currency)) for amount in minor),
        order.due_at,
    )


def _sent(name: str, desk: Desk, heads: Sequence[str], rows: Callable[[Session], _Rows]) -> Response:
    with snapshot() as session:
        return csv_out.send(f"{name}-{desk.license.name}", desk.now, heads, rows(session))
