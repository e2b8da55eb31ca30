"""/alerts/leave: the link in a letter, by which its reader stops them without a login (RFC 8058).

Looking changes nothing: mail programs and scanners open links by themselves.
"""

from flask import Blueprint, current_app, render_template, request
from flask.typing import ResponseReturnValue

from lti_tool import clock
from lti_tool.alerts import leaving, wishes
from lti_tool.db import db, transaction
from lti_tool.licenses import licenses
from lti_tool.settings import Settings
from lti_tool.web.access import LETTER, only

blueprint = Blueprint("alerts", __name__, url_prefix="/alerts")


@blueprint.route("/leave/<token>", methods=["GET", "POST"])
@only(LETTER)
def leave(token: str) -> ResponseReturnValue:
    """Asks, or stops the letters; a mail program's own button posts here, too."""
    settings: Settings = current_app.extensions["creditroll"]
    key = leaving.read(token, secret_key=settings.secret_key)
    wish = wishes.find(db.session(), key) if key else None
    if key is None or wish is None:
        return render_template("alerts/leave.html", state="unknown"), 404
    name = licenses.find(db.session(), key.license_id).name
    state = "asks" if wish.wanted else "stopped"
    if request.method == "POST":
        with transaction() as session:
            wishes.leave(session, key, now=clock.now())
        state = "stopped"
    return render_template("alerts/leave.html", state=state, name=name)
