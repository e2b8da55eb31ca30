"""/operator/rosters: courses whose roster could not be read, why, and reading it again."""

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lti_tool import clock
from lti_tool.db import db, transaction
from lti_tool.errors import NotFound
from lti_tool.jobs import JOBS, Jobs
from lti_tool.language import _
from lti_tool.members import roster_faults, roster_reads
from lti_tool.web.access import OPERATOR, only
from lti_tool.web.operator import changes, pieces


def routes(blueprint: Blueprint) -> None:
    """Adds the list, and what reads one again."""
    blueprint.add_url_rule("/rosters", "rosters", rosters)
    blueprint.add_url_rule("/rosters/<context_id>", "read_roster", read, methods=["POST"])


@only(OPERATOR)
def rosters() -> str:
    """One page of them; `?after=` goes on."""
    rows, last = pieces.cut(roster_reads.failed(db.session(), after=pieces.after(), limit=pieces.PAGE + 1))
    return render_template(
        "operator/rosters.html",
        rows=rows,
        why=roster_faults.why,
        more=last.read.context_id if last else None,
        is_asked="asked" in request.args,
    )


@only(OPERATOR)
def read(context_id: str) -> ResponseReturnValue:
    """Has the roster read again in the background; one that is under way goes on. Raises NotFound."""
    with transaction() as session:
        if roster_reads.progress(session, context_id) is None:
            raise NotFound(_("Nobody has asked for this course’s roster yet."))
        is_new = roster_reads.request_read(session, context_id, requested_by=None, now=clock.now())
    if is_new:
        jobs: Jobs = current_app.extensions[JOBS]
        jobs.read_roster(context_id)
        changes.note("asked for the roster of", context_id)
    return redirect(url_for("operator.rosters", asked=context_id), 303)
