"""POST /manager/copy: a teacher answers what is offered for a copied course: the same license, or its settings."""

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lti_tool import clock
from lti_tool.db import database_now, db, micros, transaction
from lti_tool.ledger import pools
from lti_tool.ledger.refusals import StaleSetting
from lti_tool.licenses.bindings import AlreadyBound
from lti_tool.lti.roles import Role
from lti_tool.members import copies
from lti_tool.members.copies import OfferGone, Original, Settings
from lti_tool.web import access, plain
from lti_tool.web.access import LMS_TEACHER, only
from lti_tool.web.forms import Form, done
from lti_tool.web.manager import desk as desks
from lti_tool.web.session import Visit

ENDPOINT = "manager.copy"


def routes(blueprint: Blueprint) -> None:
    """Adds what the buttons of an offer post to."""
    blueprint.add_url_rule("/copy", "copy", answer, methods=["POST"])


@only(LMS_TEACHER)
def answer() -> ResponseReturnValue:
    """Does what was offered, or remembers that it is not wanted; an old page's press changes nothing."""
    visit = access.visit()
    if visit.context_id is None:
        return plain.no_course()
    posted = Form.posted("offer", "answer")
    takes = posted.values["answer"] == "take"
    try:
        with transaction() as session:
            connected = _do(session, visit, posted.values["offer"], takes=takes)
    except (OfferGone, StaleSetting, AlreadyBound) as late:
        if visit.license_id is not None:
            return done(url_for("manager.overview", copied="gone"))
        if takes and (license_ := copies.license_of(db.session(), visit.context_id)):
            return plain.connected(license_.name)  # pressed twice
        posted.wrong["form"] = late.detail
        return set_up_page(posted), 422
    if connected is not None:
        return plain.connected(connected)
    return done(url_for("manager.overview", copied="settings") if takes else url_for("manager.overview"))


def _do(session: Session, visit: Visit, key: str, *, takes: bool) -> str | None:
    """Takes or declines the offer; the name of the license that the course was connected to, if it was."""
    now, course_id, person_id = clock.now(), visit.context_id, visit.person_id
    offer = offered(session, visit)
    if offer is None or course_id is None or person_id is None:
        raise copies.gone()
    if not takes:
        copies.decline(session, course_id, offered=offer, key=key, now=now)
    elif isinstance(offer, Original):
        return copies.use_license(session, course_id, person_id, key=key, now=now).name
    else:
        resource = desks.resource_of()
        copies.take_settings(session, course_id, offer.here.id, person_id, resource, key=key, now=now)
    return None


def offered(session: Session, visit: Visit) -> Original | Settings | None:
    """What the visit's teacher is offered for its course, if that is a copy."""
    if visit.context_id is None or visit.person_id is None or visit.role is not Role.TEACHER:
        return None
    if visit.license_id is None:
        return copies.license_offer(session, visit.context_id, visit.person_id)
    if not visit.manages:
        return None
    return copies.settings_offer(session, visit.context_id, visit.license_id, visit.person_id, desks.resource_of())


def set_up_page(form: Form) -> str:
    """How a course without a license gets one: by its code, or as a copy by the license of the earlier course."""
    session, resource = db.session(), desks.resource_of()
    offer = offered(session, access.visit())
    left = 0
    if isinstance(offer, Original):
        totals = pools.totals(session, offer.license.id, now_us=micros(database_now(session)))
        left = sum(each.pool for each in totals if each.resource == resource.name)
    return render_template("plain/how_to_set_up.html", form=form, offer=offer, left=left, resource=resource)


def settings_offer(session: Session, visit: Visit) -> Settings | None:
    """What the overview offers."""
    offer = offered(session, visit)
    return offer if isinstance(offer, Settings) else None


def said() -> str:
    """What an answer led to, for the notice above the overview: "settings", "gone" or nothing."""
    return request.args.get("copied", "")
