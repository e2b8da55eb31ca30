"""/operator/: does anything need me? What does, first; then where everything is."""

from flask import Blueprint, render_template

from lti_tool import clock
from lti_tool.db import db
from lti_tool.web.access import OPERATOR, only
from lti_tool.web.operator import attention
from lti_tool.web.operator import health as how


def routes(blueprint: Blueprint) -> None:
    """Adds the page."""
    blueprint.add_url_rule("/", "start", start)


@only(OPERATOR)
def start() -> str:
    """What needs the operator."""
    session, now = db.session(), clock.now()
    return render_template("operator/start.html", items=attention.items(session, how.look(session), now=now), now=now)
