"""/operator/audit: whether the books balance, by the last audit; and another one, in the background."""

from flask import Blueprint, current_app, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from lti_tool import clock
from lti_tool.db import db, transaction
from lti_tool.jobs import JOBS, Jobs
from lti_tool.licenses import licenses
from lti_tool.purchasing import last_audit
from lti_tool.purchasing.last_audit import CHECKS
from lti_tool.web.access import OPERATOR, only
from lti_tool.web.operator import changes


def routes(blueprint: Blueprint) -> None:
    """Adds the page, and what begins an audit."""
    blueprint.add_url_rule("/audit", "audit", audit)
    blueprint.add_url_rule("/audit", "audit_again", again, methods=["POST"])


@only(OPERATOR)
def audit() -> str:
    """The last audit, or how far the one under way is."""
    session = db.session()
    last = last_audit.find(session)
    faults = last.faults if last else ()
    return render_template(
        "operator/audit.html",
        last=last,
        now=clock.now(),
        checks=len(CHECKS),
        schools=licenses.names(session, {fault.license_id for fault in faults if fault.license_id}),
    )


@only(OPERATOR)
def again() -> ResponseReturnValue:
    """Begins an audit in the background; one that is under way goes on."""
    with transaction() as session:
        is_new = last_audit.ask(session, now=clock.now())
    if is_new:
        jobs: Jobs = current_app.extensions[JOBS]
        jobs.audit()
        changes.note("began", "an audit")
    return redirect(url_for("operator.audit"), 303)
