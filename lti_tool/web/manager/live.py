"""GET /manager/pulse: what open pages ask now and then, to show what others changed without being loaded anew."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from lti_tool.db import db
from lti_tool.members import pulse
from lti_tool.web import access
from lti_tool.web.access import STAFF, only
from lti_tool.web.manager import desk


def routes(blueprint: Blueprint) -> None:
    """Adds the address."""
    blueprint.add_url_rule("/pulse", "pulse", beat)


@only(STAFF)
def beat() -> ResponseReturnValue:
    """The pulse as text; a page that has another one is behind."""
    session = db.session()
    within = desk.courses_of(session, access.visit())
    return pulse.pulse(session, within, desk.resource_of().name), {"Content-Type": "text/plain"}
