"""A license's exporting service: set in Settings; and what staff see of a link that leads students straight there."""

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lti_tool import clock
from lti_tool.db import db, transaction
from lti_tool.errors import Invalid
from lti_tool.language import _
from lti_tool.ledger.refusals import StaleSetting
from lti_tool.licenses import export_services, setting_changes
from lti_tool.licenses.export_services import ExportService
from lti_tool.licenses.setting_changes import EXPORT_SERVICE
from lti_tool.web import access
from lti_tool.web.access import MANAGER, STAFF, only
from lti_tool.web.forms import Form, done
from lti_tool.web.manager import desk as desks
from lti_tool.web.manager.desk import open_desk
from lti_tool.web.manager.settings import Typed, hosts, page
from lti_tool.web.manager.stale import Stale, stale


def routes(blueprint: Blueprint) -> None:
    """Adds what the form in Settings posts to, and the page of the link."""
    blueprint.add_url_rule("/settings/export-service", "export_service_save", save, methods=["POST"])
    blueprint.add_url_rule("/export", "export", link)


@only(MANAGER)
def save() -> ResponseReturnValue:
    """Puts the service in force, or takes it away; or says why not, and nothing changed."""
    posted = Form.posted("service_label", "service_url", "based_on")
    came_between = {}
    try:
        _save(posted, removes="remove" in request.form)
    except Invalid as refused:
        posted.wrong[f"service_{refused.figures['field']}"] = refused.detail
    except StaleSetting:
        came_between["service"] = _came_between(posted, removes="remove" in request.form)
    else:
        return done(url_for("manager.settings", service="removed" if "remove" in request.form else "set"))
    return page(open_desk(db.session()), Typed(service=posted, stale=came_between)), 422


def _save(posted: Form, *, removes: bool) -> None:
    visit, now = access.visit(), clock.now()
    license_id, actor = desks.license_of(visit), desks.actor_of(visit)
    based_on = posted.whole("based_on", empty=0) or 0
    with transaction() as session:
        if removes:
            export_services.remove(session, license_id, actor=actor, now=now, based_on=based_on)
            return
        export_services.set_service(
            session,
            license_id,
            label=posted.values["service_label"],
            url=posted.values["service_url"],
            actor=actor,
            hosts=hosts(),
            now=now,
            based_on=based_on,
        )


def _came_between(posted: Form, *, removes: bool) -> Stale:
    license_id = desks.license_of(access.visit())
    change = setting_changes.last(db.session(), license_id, EXPORT_SERVICE)
    mine = None if removes else ExportService(posted.values["service_label"], posted.values["service_url"])
    theirs = export_services.find(db.session(), license_id, hosts())
    return stale(change, theirs=_in_words(theirs), mine=_in_words(mine))


def _in_words(service: ExportService | None) -> str:
    if service is None:
        return _("No button")
    return _("“%(label)s” opens %(url)s", label=service.label, url=service.url)


@only(STAFF)
def link() -> str:
    """What students get whom this link takes straight on; staff are not handed on themselves."""
    desk = open_desk(db.session())
    return render_template(
        "manager/export.html", desk=desk, service=export_services.find(db.session(), desk.license.id, hosts())
    )
