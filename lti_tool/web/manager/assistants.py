"""POST /manager/settings/assistants: whether teaching assistants may do what teachers may (R24)."""

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue

from lti_tool import clock
from lti_tool.db import db, transaction
from lti_tool.language import _
from lti_tool.ledger.refusals import StaleSetting
from lti_tool.licenses import licenses, setting_changes
from lti_tool.licenses.setting_changes import ASSISTANTS
from lti_tool.web import access
from lti_tool.web.access import MANAGER, only
from lti_tool.web.forms import Form, done
from lti_tool.web.manager import desk as desks
from lti_tool.web.manager.desk import open_desk
from lti_tool.web.manager.settings import Typed, page
from lti_tool.web.manager.stale import Stale, stale


def routes(blueprint: Blueprint) -> None:
    """Adds what the form in Settings posts to."""
    blueprint.add_url_rule("/settings/assistants", "assistants_save", save, methods=["POST"])


@only(MANAGER)
def save() -> ResponseReturnValue:
    """Treats teaching assistants as teachers from their next request on, or no longer; or says who was first."""
    visit = access.visit()
    teach = request.form.get("assistants_teach") == "1"
    based_on = Form.posted("based_on").whole("based_on", empty=0)
    try:
        with transaction() as session:
            licenses.let_assistants_teach(
                session,
                desks.license_of(visit),
                teach,
                actor=desks.actor_of(visit),
                now=clock.now(),
                based_on=based_on or 0,
            )
    except StaleSetting:
        came_between = {"assistants": _came_between(desks.license_of(visit), teach)}
        return page(open_desk(db.session()), Typed(assistants=teach, stale=came_between)), 422
    return done(url_for("manager.settings", assistants="on" if teach else "off"))


def _came_between(license_id: str, mine: bool) -> Stale:
    change = setting_changes.last(db.session(), license_id, ASSISTANTS)
    return stale(change, theirs=_in_words(not mine), mine=_in_words(mine))


def _in_words(teach: bool) -> str:
    return _("Assistants are treated as teachers") if teach else _("Assistants look, and change nothing")
