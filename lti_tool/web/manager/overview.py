"""GET /manager/: where the credits are, who waits, and what happened lately, in figures that add up."""

from dataclasses import dataclass

from flask import Blueprint, render_template, request

from lti_tool.db import db
from lti_tool.ids import new_id
from lti_tool.ledger import journal, rules
from lti_tool.members import activity, directory, reach
from lti_tool.members.directory import Counts, Wish
from lti_tool.web.access import STAFF, only
from lti_tool.web.manager import ask, copies, purchases, roster
from lti_tool.web.manager.desk import Desk, open_desk
from lti_tool.web.picture import Picture, picture

MOST_AT_ONCE = 50
"""How many waiting students one press on the overview reaches; more are given from Manage Members."""
_SHOWN = 6


def routes(blueprint: Blueprint) -> None:
    """Adds the page."""
    blueprint.add_url_rule("/", "overview", overview)


@only(STAFF)
def overview() -> str:
    """The first page of a teacher."""
    session = db.session()
    desk = open_desk(session)
    counts = directory.count(session, desk.within, desk.terms, Wish(), now=desk.now)
    waiting = (
        directory.waiting(session, desk.within, desk.terms, now=desk.now, limit=MOST_AT_ONCE) if counts.waiting else []
    )
    copy = copies.settings_offer(session, desk.visit)
    events = activity.recent(
        session, desk.within, desk.resource.name, now=desk.now, of_license=desk.visit.manages, limit=_SHOWN
    )
    asked = ask.asked_by(session, desk)
    return render_template(
        "manager/overview.html",
        desk=desk,
        buying=purchases.under_way(session, desk),
        asked=asked,
        answered_by=ask.answered_by(session, asked),
        finished=request.args.get("finished", ""),
        wish_answered="wish" in request.args,
        counts=counts,
        picture=_whole_license(desk) if desk.visit.manages else _own_courses(counts),
        frozen=directory.frozen_members(session, desk.license.id, desk.resource.name) if desk.totals.frozen else 0,
        worst=worst_case(desk, desk.setting.maximum) if desk.visit.manages else 0,
        copy=copy,
        copy_cost=worst_case(desk, copy.maximum) if copy else 0,
        copied=copies.said(),
        waiting=waiting,
        shown=_SHOWN,
        why={row.member_id: desk.terms.why_waiting(row.received) for row in waiting},
        Why=rules.Why,
        keys=[new_id() for _ in range(len(waiting) + 1)],
        events=events,
        actors=reach.person_names(session, {event.actor_id for event in events if event.actor_id}),
        roster=roster.state(session, desk, counts=counts),
        gave=given(desk),
    )


def worst_case(desk: Desk, maximum: int) -> int:
    """The most that could still go out by itself at that maximum, the pool apart: from what each received (R10)."""
    received = directory.received_by_students(db.session(), desk.license.id, desk.resource.name)
    return could_go_out(received, maximum, desk.resource.bundle)


def could_go_out(received: dict[int, int], maximum: int, bundle: int) -> int:
    """What that maximum could still cost, in units; `received` counts the students by what they have received."""
    return sum(
        people * rules.may_still_receive(received=units, maximum=maximum, bundle=bundle)
        for units, people in received.items()
    )


@dataclass(frozen=True)
class Given:
    """What a form of this person gave a moment ago: said once more above the page."""

    total: int
    people: int
    name: str


def given(desk: Desk) -> Given | None:
    """The batch that the address names after a save, if this person made it."""
    batch = journal.batch(db.session(), desk.license.id, request.args.get("gave", ""))
    if batch is None or batch.actor_id != desk.visit.person_id or batch.kind != "manual_allotment":
        return None
    name = ""
    if batch.people == 1:
        reached = journal.people(db.session(), desk.license.id, [batch.id], limit=1)[batch.id]
        ids = [transfer.member_id for transfer in reached if transfer.member_id]
        name = next(iter(reach.names(db.session(), desk.within, ids).values()), "")
    return Given(batch.total, batch.people, name)


def _whole_license(desk: Desk) -> Picture:
    totals = desk.totals
    return picture(
        "License total",
        [("free", totals.pool), ("with", totals.available), ("held", totals.held), ("used", totals.used)],
    )


def _own_courses(counts: Counts) -> Picture:
    # Licence totals belong to its managers (R24): others see what their own courses' members received.
    available = counts.available + counts.inactive_available
    reserved = counts.reserved + counts.inactive_reserved
    return picture(
        "Received in your courses",
        [("with", available), ("held", reserved), ("used", counts.used + counts.inactive_used)],
    )
