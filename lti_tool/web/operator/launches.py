"""/operator/launches: the last logins and launches of every LMS, and why one was refused; without anybody's data."""

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lti_tool.db import db
from lti_tool.errors import NotFound
from lti_tool.lti import launch_log, launch_words, platforms
from lti_tool.settings import Settings
from lti_tool.web.access import OPERATOR, only
from lti_tool.web.operator import pieces

_SHOWS = {"all": None, "refused": False, "ok": True}


def routes(blueprint: Blueprint) -> None:
    """Adds the list and one launch."""
    blueprint.add_url_rule("/launches", "launches", launches)
    blueprint.add_url_rule("/launches/<support_id>", "launch", launch)


@only(OPERATOR)
def launches() -> ResponseReturnValue:
    """One page; `?platform=`, `?code=` and `?show=` filter, `?find=` looks for a support id, `?after=` goes on."""
    session = db.session()
    missing = pieces.text()[:20]
    if missing and (found := _find(missing)):
        return redirect(url_for("operator.launch", support_id=found.support_id), 303)
    platform_id, code = request.args.get("platform") or None, request.args.get("code") or None
    show = request.args.get("show", "all")
    rows, last = pieces.cut(
        launch_log.recent(
            session,
            platform_id=platform_id,
            code=code,
            was_let_in=_SHOWS.get(show),
            before=pieces.after() or None,
            limit=pieces.PAGE + 1,
        )
    )
    settings: Settings = current_app.extensions["creditroll"]
    page = render_template(
        "operator/launches.html",
        rows=() if missing else rows,
        platforms=platforms.names(session, {one.platform_id for one in rows if one.platform_id}),
        platform=platforms.find(session, platform_id) if platform_id else None,
        code=code,
        codes=launch_words.codes(),
        show=show if show in _SHOWS else "all",
        missing=missing,
        more=last.id if last else None,
        days=settings.launch_log_days,
        words=launch_words,
    )
    return page, 404 if missing else 200


@only(OPERATOR)
def launch(support_id: str) -> str:
    """One login or launch in full. Raises NotFound."""
    session = db.session()
    found = launch_log.find(session, support_id)
    return render_template(
        "operator/launch.html",
        launch=found,
        platform=platforms.find(session, found.platform_id) if found.platform_id else None,
        words=launch_words,
    )


def _find(support_id: str) -> launch_log.Launch | None:
    try:
        return launch_log.find(db.session(), support_id)
    except NotFound:
        return None
