"""/operator/enter/{token}: a link of the command line lets its holder in, once; and the way out again.

Opening the address does nothing yet, since mail programs and browsers open addresses by themselves: a press does.
"""

from flask import Blueprint, current_app, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from lti_tool import clock, operator_link
from lti_tool.db import db, transaction
from lti_tool.language import _
from lti_tool.lti import one_time
from lti_tool.lti.refusals import NonceUsed
from lti_tool.operator_link import Link
from lti_tool.settings import Settings
from lti_tool.web import access, errors, operator_visit
from lti_tool.web.access import LINK_HOLDER, OPERATOR, only


def routes(blueprint: Blueprint) -> None:
    """Adds the way in and the way out."""
    blueprint.add_url_rule("/enter/<token>", "door", door)
    blueprint.add_url_rule("/enter/<token>", "enter", enter, methods=["POST"])
    blueprint.add_url_rule("/leave", "leave", leave, methods=["POST"])


@only(LINK_HOLDER)
def door(token: str) -> ResponseReturnValue:
    """The button that goes in; says at once if the link is of no use any more."""
    link = _link(token)
    if link is None or one_time.is_spent(db.session(), link.once):
        return _over()
    return render_template("operator/enter.html", ends_at=link.ends_at)


@only(LINK_HOLDER)
def enter(token: str) -> ResponseReturnValue:
    """Spends the link; of any number of presses at once, one gets a visit."""
    now = clock.now()
    link = _link(token)
    if link is None:
        return _over()
    try:
        with transaction() as session:
            one_time.spend(session, link.once, expires_at=link.ends_at)
    except NonceUsed:
        return _over()
    response = redirect(url_for("operator.start"), 303)
    operator_visit.begin(response, now=now)
    return response


@only(OPERATOR)
def leave() -> ResponseReturnValue:
    """Ends the visit, and says so."""
    response = make_response(render_template("operator/left.html"))
    try:
        with transaction() as session:
            operator_visit.end(session, access.operator(), response)
    except NonceUsed:
        pass  # pressed twice: it has ended
    return response


def _link(token: str) -> Link | None:
    settings: Settings = current_app.extensions["creditroll"]
    return operator_link.read(settings.secret_key, token, now=clock.now())


def _over() -> ResponseReturnValue:
    words = errors.Words(
        _("This link is of no use any more"),
        _("It was used already, is older than ten minutes, or is not complete."),
        (_("Run “creditroll operator link” where Creditroll runs."), _("Open the new address within ten minutes.")),
    )
    return errors.page(words, code="operator_link_over", status=403, template="operator/refusal.html")
