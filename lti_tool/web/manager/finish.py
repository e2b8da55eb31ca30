"""/manager/members/finish/<id>: an allotment that the license was too small for, once more before Save.

It is the form that was refused, with all that was typed in it, and saves as that form would have: once (R17).
"""

from uuid import UUID

from flask import Blueprint, url_for
from flask.typing import ResponseReturnValue

from lti_tool import clock
from lti_tool.db import db, transaction
from lti_tool.language import _
from lti_tool.members import reach
from lti_tool.purchasing import unfinished
from lti_tool.web import access
from lti_tool.web.access import TEACHER, only
from lti_tool.web.forms import Form, done
from lti_tool.web.manager import add, picked
from lti_tool.web.manager import desk as desks
from lti_tool.web.manager.desk import Desk, open_desk
from lti_tool.web.manager.picked import NAMED, Picked


def routes(blueprint: Blueprint) -> None:
    """Adds the form, and what ends it without giving anything."""
    blueprint.add_url_rule("/members/finish/<uuid:allotment_id>", "finish", form)
    blueprint.add_url_rule("/members/finish/<uuid:allotment_id>/close", "finish_close", close, methods=["POST"])


@only(TEACHER)
def form(allotment_id: UUID) -> ResponseReturnValue:
    """The same people, amount and note; who has left meanwhile is named, and not in the form (R20)."""
    session = db.session()
    desk = open_desk(session)
    kept = unfinished.find(session, desk.license.id, desk.visit.person_id, str(allotment_id))
    if kept.closed_at is not None:
        return done(url_for("manager.overview", finished="before"))
    ids = kept.member_ids.split()
    here = picked.of_ids(desk, ids)
    values = {"amount": str(kept.amount), "note": kept.note or "", "back": kept.back, "request_key": kept.id}
    shown = Form(values)
    if not here.ids:
        shown.wrong["form"] = _("Everybody whom this was for has left your courses since. Nobody got anything.")
    return add.show(desk, here, shown, status=200, gone=_gone(desk, ids, here.ids))


@only(TEACHER)
def close(allotment_id: UUID) -> ResponseReturnValue:
    """Offers it no more; nothing was given, and nothing is."""
    visit = access.visit()
    with transaction() as session:
        license_id = desks.license_of(visit)
        kept = unfinished.find(session, license_id, visit.person_id, str(allotment_id))
        unfinished.close(session, license_id, visit.person_id, kept.id, now=clock.now())
    return done(url_for("manager.overview", finished="no"))


def _gone(desk: Desk, ids: list[str], here: list[str]) -> Picked | None:
    """Who is not in the form any more; those in none of this person's courses have no name here (R24)."""
    left = sorted(set(ids) - set(here))
    return Picked(left, list(reach.names(db.session(), desk.within, left).values())[:NAMED]) if left else None
