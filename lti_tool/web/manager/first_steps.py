"""/manager/first-steps: what is done already, and the one thing that a license's first teacher has to decide.

Leaving is off, as before; whoever leaves finds the page again by the Overview and Settings.
"""

from dataclasses import dataclass

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lti_tool import clock
from lti_tool.db import db, transaction
from lti_tool.language import _, number
from lti_tool.ledger.refusals import StaleSetting
from lti_tool.licenses import first_steps
from lti_tool.members import census, counts
from lti_tool.members.selection import Wish
from lti_tool.web import access
from lti_tool.web.access import MANAGER, only
from lti_tool.web.forms import Form, done
from lti_tool.web.manager import desk as desks
from lti_tool.web.manager import roster
from lti_tool.web.manager.desk import Desk, open_desk
from lti_tool.web.manager.overview import could_go_out
from lti_tool.web.manager.settings import save_maximum, stale_maximum
from lti_tool.web.manager.stale import Stale

_BUNDLES = (0, 1, 2)
"""The maxima that are offered, in bundles; any other is a matter of Settings."""
_EXAMPLES = 2


@dataclass(frozen=True)
class Option:
    """One answer to the question, with what it could cost, in units."""

    maximum: int
    could_go_out: int
    remain: int
    """Below 0, so many are missing."""


def routes(blueprint: Blueprint) -> None:
    """Adds the page and what it posts to."""
    blueprint.add_url_rule("/first-steps", "first_steps", page)
    blueprint.add_url_rule("/first-steps", "first_steps_save", save, methods=["POST"])


@only(MANAGER)
def page() -> str:
    """The steps as they stand; while the class list is being read its step moves."""
    return _page(open_desk(db.session()), Form())


@only(MANAGER)
def save() -> ResponseReturnValue:
    """Saves the answer, or leaves it for later, and goes on to the Overview."""
    posted = Form.posted("maximum", "based_on")
    visit = access.visit()
    license_id, resource = desks.license_of(visit), desks.resource_of()
    if "later" in request.form:
        assert visit.person_id is not None, "who manages a license is a person"
        with transaction() as session:
            first_steps.skip(session, license_id, visit.person_id, now=clock.now())
        return done(url_for("manager.overview"))
    chosen = {str(bundles * resource.bundle): bundles * resource.bundle for bundles in _BUNDLES}
    maximum = chosen.get(posted.values["maximum"])
    if maximum is None:
        posted.wrong["maximum"] = _("Choose one, or decide later.")
        return _page(open_desk(db.session()), posted), 422
    try:
        save_maximum(license_id, maximum, posted.whole("based_on", empty=0) or 0)
    except StaleSetting:
        desk = open_desk(db.session())
        return _page(desk, posted, stale_maximum(desk, maximum)), 422
    return done(url_for("manager.overview", decided=1))


def _page(desk: Desk, form: Form, came_between: Stale | None = None) -> str:
    session = db.session()
    received = census.received_by_students(session, desk.license.id, desk.resource.name)
    found = counts.count(session, desk.within, desk.terms, Wish(), now=desk.now)
    based_on = str(desk.setting.version) if came_between else form.values.get("based_on")
    return render_template(
        "manager/first_steps.html",
        desk=desk,
        form=form,
        came_between=came_between,
        based_on=based_on or str(desk.setting.version),
        students=sum(received.values()),
        is_untouched=not any(received),
        options=[_option(desk, received, bundles * desk.resource.bundle) for bundles in _BUNDLES],
        examples=census.example_students(session, desk.within, limit=_EXAMPLES),
        counts=found,
        roster=roster.state(session, desk, counts=found),
        in_force=number(desk.setting.maximum),
    )


def _option(desk: Desk, received: dict[int, int], maximum: int) -> Option:
    cost = could_go_out(received, maximum, desk.resource.bundle)
    return Option(maximum, cost, desk.pool - cost)
