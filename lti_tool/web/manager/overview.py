"""GET /manager/: where the credits are, who waits, and what happened lately, in figures that add up."""

from dataclasses import dataclass

from flask import Blueprint, render_template, request
from sqlalchemy.orm import Session

from lti_tool.db import db
from lti_tool.ids import new_id
from lti_tool.language import _
from lti_tool.ledger import journal, rules
from lti_tool.members import activity, census, reach, requests
from lti_tool.web import chart
from lti_tool.web.access import STAFF, only
from lti_tool.web.manager import ask, copies, notices, pictures, purchases, roster
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
    manages = desk.visit.manages
    purses = census.purses(session, desk.within, desk.terms, of_license=manages, now=desk.now)
    heads = census.heads(session, desk.within, desk.resource.name, known=purses.active)
    copy = copies.settings_offer(session, desk.visit)
    asked = ask.asked_by(session, desk)
    events = activity.recent(session, desk.within, desk.resource.name, now=desk.now, of_license=manages, limit=_SHOWN)
    return render_template(
        "manager/overview.html",
        desk=desk,
        buying=purchases.under_way(session, desk),
        asked=asked,
        answered_by=ask.answered_by(session, asked),
        finished=request.args.get("finished", ""),
        wish_answered="wish" in request.args,
        picture=_whole_license(desk) if manages else _own_courses(desk),
        frozen=census.frozen_members(session, desk.license.id, desk.resource.name) if desk.totals.frozen else 0,
        worst=could_go_out(purses.received, desk.setting.maximum, desk.resource.bundle),
        copy=copy,
        copy_cost=could_go_out(purses.received, copy.maximum, desk.resource.bundle) if copy else 0,
        copied=copies.said(),
        purses=purses,
        purse_steps=pictures.steps(purses),
        use=pictures.use(session, desk) if manages else None,
        chart_above=chart.ABOVE,
        chart_height=chart.HEIGHT,
        asking=requests.waiting(session, desk.within, desk.resource.name, limit=MOST_AT_ONCE),
        events=events,
        actors=reach.person_names(session, {event.actor_id for event in events if event.actor_id}),
        roster=roster.state(session, desk, counts=heads),
        gave=given(desk),
        **_waiting(session, desk),
    )


def _waiting(session: Session, desk: Desk) -> dict[str, object]:
    """How many wait, the first of them, and a key for each press that gives."""
    waits = census.count_waiting(session, desk.within, desk.terms)
    rows = census.waiting(session, desk.within, desk.terms, count=waits, limit=MOST_AT_ONCE) if waits else []
    return {
        "waits": waits,
        "waiting": rows,
        "shown": _SHOWN,
        "keys": [new_id() for _key in range(len(rows) + 1)],
        "notices": notices.of(desk, waiting=waits),
    }


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
        _("License total"),
        [("free", totals.pool), ("with", totals.available), ("held", totals.held), ("used", totals.used)],
    )


def _own_courses(desk: Desk) -> Picture:
    # Licence totals belong to its managers (R24): others see what their own courses' members received.
    held = census.held(db.session(), desk.within, desk.resource.name, now=desk.now)
    return picture(
        _("Received in your courses"), [("with", held.available), ("held", held.reserved), ("used", held.used)]
    )
