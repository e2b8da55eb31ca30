"""/register/{platform}/launches: one platform's part of the launch log, for whoever has its access code.

The operator hands the code out (`creditroll launches --new-code`). It is typed into a form: no address holds it.
"""

from collections.abc import Sequence
from datetime import timedelta

from flask import Blueprint, Response, current_app, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from itsdangerous import BadData, URLSafeTimedSerializer
from werkzeug.wrappers import Response as Answer

from lti_tool.db import db
from lti_tool.errors import NotFound
from lti_tool.language import _
from lti_tool.lti import launch_log, launch_words, log_codes, platforms
from lti_tool.lti.launch_log import Launch
from lti_tool.settings import Settings
from lti_tool.web.access import Rule, only
from lti_tool.web.forms import Form

blueprint = Blueprint("launches", __name__, url_prefix="/register/<platform_id>/launches")

CODE_HOLDER = Rule("the LMS's administrator: the access code of the platform is checked")

PAGE = 50
_COOKIE = "__Host-creditroll-launches"
_LASTS = timedelta(hours=8)
_SHOWS = {"all": None, "refused": False, "ok": True}


@blueprint.get("")
@only(CODE_HOLDER)
def last(platform_id: str) -> ResponseReturnValue:
    """The last launches of the platform; `?show=refused` or `ok`, `?before=` goes on, `?find=` looks for one."""
    if not _is_in(platform_id):
        return _door(Form())
    if wanted := request.args.get("find", "").strip():
        return _found(platform_id, wanted)
    show = request.args.get("show", "all")
    rows = launch_log.recent(
        db.session(),
        platform_id=platform_id,
        was_let_in=_SHOWS.get(show),
        before=request.args.get("before"),
        limit=PAGE + 1,
    )
    return _list(platform_id, rows[:PAGE], show=show, older=rows[PAGE - 1].id if len(rows) > PAGE else None)


@blueprint.post("")
@only(CODE_HOLDER)
def enter(platform_id: str) -> ResponseReturnValue:
    """Lets whoever types the platform's code in, for eight hours; the code stays out of every address."""
    posted = Form.posted("code")
    kept = log_codes.opens(db.session(), platform_id, posted.values["code"])
    if kept is None:
        wrong = _("This is not the code. Check each letter, or ask whoever runs Creditroll for a new one.")
        posted.wrong["code"] = wrong
        return _door(posted), 422
    return _let_in(redirect(url_for("launches.last", platform_id=platform_id), 303), kept)


@blueprint.get("/<support_id>")
@only(CODE_HOLDER)
def one(platform_id: str, support_id: str) -> ResponseReturnValue:
    """One login or launch in full. Raises NotFound, for those of other platforms too."""
    if not _is_in(platform_id):
        return _door(Form())
    return render_template(
        "launches/one.html",
        platform=platforms.find(db.session(), platform_id),
        launch=_of(platform_id, support_id),
        words=launch_words,
    )


def _of(platform_id: str, support_id: str) -> Launch:
    launch = launch_log.find(db.session(), support_id)
    if launch.platform_id != platform_id:
        raise NotFound(_("No login or launch of this LMS has this support id."))
    return launch


def _found(platform_id: str, support_id: str) -> ResponseReturnValue:
    try:
        launch = _of(platform_id, support_id)
    except NotFound:
        return _list(platform_id, [], missing=support_id[:20]), 404
    return redirect(url_for("launches.one", platform_id=platform_id, support_id=launch.support_id), 303)


def _list(
    platform_id: str, rows: Sequence[Launch], *, show: str = "all", older: str | None = None, missing: str = ""
) -> str:
    settings: Settings = current_app.extensions["creditroll"]
    return render_template(
        "launches/list.html",
        platform=platforms.find(db.session(), platform_id),
        launches=rows,
        show=show,
        older=older,
        missing=missing,
        days=settings.launch_log_days,
        words=launch_words,
    )


def _door(form: Form) -> str:
    """The same for every platform, known or not: nobody learns here which there are."""
    return render_template("launches/enter.html", form=form)


def _let_in(answer: Answer, kept: str) -> Response:
    response = make_response(answer)
    response.set_cookie(
        _COOKIE,
        _signer().dumps(kept),
        max_age=int(_LASTS.total_seconds()),
        secure=True,
        httponly=True,
        samesite="Strict",
    )
    return response


def _is_in(platform_id: str) -> bool:
    try:
        kept = _signer().loads(request.cookies.get(_COOKIE, ""), max_age=int(_LASTS.total_seconds()))
    except BadData:
        return False
    return log_codes.still_opens(db.session(), platform_id, kept)


def _signer() -> URLSafeTimedSerializer:
    settings: Settings = current_app.extensions["creditroll"]
    return URLSafeTimedSerializer(settings.secret_key, salt="launch-log")
