"""/operator/platforms/{platform}/addresses: addresses of an LMS that were mistyped are replaced."""

from flask import Blueprint, current_app, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from lti_tool.db import db, transaction
from lti_tool.errors import Invalid
from lti_tool.lti import platforms
from lti_tool.settings import Settings
from lti_tool.web.access import OPERATOR, only
from lti_tool.web.forms import Form
from lti_tool.web.operator import changes

FIELDS = ("auth_login_url", "auth_token_url", "jwks_url")


def routes(blueprint: Blueprint) -> None:
    """Adds the form, and what saves it."""
    blueprint.add_url_rule("/platforms/<platform_id>/addresses", "correct_platform", ask)
    blueprint.add_url_rule("/platforms/<platform_id>/addresses", "correct_platform_save", save, methods=["POST"])


@only(OPERATOR)
def ask(platform_id: str) -> ResponseReturnValue:
    """The addresses as they are. Raises NotFound."""
    found = platforms.find(db.session(), platform_id)
    return _page(platform_id, Form({field: getattr(found, field) for field in FIELDS}))


@only(OPERATOR)
def save(platform_id: str) -> ResponseReturnValue:
    """Replaces them, and goes back to the platform; or says which cannot be. Raises NotFound."""
    settings: Settings = current_app.extensions["creditroll"]
    posted = Form.posted(*FIELDS)
    try:
        with transaction() as session:
            found = platforms.find(session, platform_id)
            platforms.correct(found, allow_private_hosts=settings.allow_private_hosts, **posted.values)
    except Invalid as refusal:
        posted.wrong[str(refusal.figures["field"])] = refusal.detail
        return _page(platform_id, posted), 422
    changes.note("corrected platform", platform_id)
    return redirect(url_for("operator.platform", platform_id=platform_id, done="corrected"), 303)


def _page(platform_id: str, form: Form) -> str:
    return render_template("operator/correct.html", platform=platforms.find(db.session(), platform_id), form=form)
