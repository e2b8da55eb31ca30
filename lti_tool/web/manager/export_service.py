"""A license's exporting service: set in Settings; and what staff see of a link that leads students straight there."""

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lti_tool import clock
from lti_tool.db import db, transaction
from lti_tool.errors import Invalid
from lti_tool.licenses import export_services
from lti_tool.web import access
from lti_tool.web.access import MANAGER, STAFF, only
from lti_tool.web.forms import Form, done
from lti_tool.web.manager import desk as desks
from lti_tool.web.manager.desk import open_desk
from lti_tool.web.manager.settings import hosts, page_with


def routes(blueprint: Blueprint) -> None:
    """Adds what the form in Settings posts to, and the page of the link."""
    blueprint.add_url_rule("/settings/export-service", "export_service_save", save, methods=["POST"])
    blueprint.add_url_rule("/export", "export", link)


@only(MANAGER)
def save() -> ResponseReturnValue:
    """Puts the service in force, or takes it away; or says beside the field why not, and nothing changed."""
    visit = access.visit()
    license_id = desks.license_of(visit)
    posted = Form.posted("service_label", "service_url")
    if "remove" in request.form:
        with transaction() as session:
            export_services.remove(session, license_id)
        return done(url_for("manager.settings", service="removed"))
    try:
        with transaction() as session:
            export_services.set_service(
                session,
                license_id,
                label=posted.values["service_label"],
                url=posted.values["service_url"],
                actor=desks.actor_of(visit),
                hosts=hosts(),
                now=clock.now(),
            )
    except Invalid as refused:
        posted.wrong[f"service_{refused.figures['field']}"] = refused.detail
        return page_with(open_desk(db.session()), posted), 422
    return done(url_for("manager.settings", service="set"))


@only(STAFF)
def link() -> str:
    """What students get whom this link takes straight on; staff are not handed on themselves."""
    desk = open_desk(db.session())
    return render_template(
        "manager/export.html", desk=desk, service=export_services.find(db.session(), desk.license.id, hosts())
    )
