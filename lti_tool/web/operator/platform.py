"""/operator/platforms/{platform}: one LMS, its deployments and last launches; approved, tested or switched off."""

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from lti_tool import clock
from lti_tool.db import db, transaction
from lti_tool.licenses import bindings
from lti_tool.lti import last_test, launch_log, launch_words, platform_list, platforms
from lti_tool.lti.door import DOOR, Door
from lti_tool.lti.platforms import Platform
from lti_tool.members import roster_reads
from lti_tool.settings import Settings
from lti_tool.web import self_tests
from lti_tool.web.access import OPERATOR, only
from lti_tool.web.operator import changes, pieces
from lti_tool.web.self_tests import Busy

_FEW = 5
_DONE = ("approved", "disabled", "deployment", "tested", "corrected")


def routes(blueprint: Blueprint) -> None:
    """Adds the page, and what may be done there."""
    blueprint.add_url_rule("/platforms/<platform_id>", "platform", platform)
    blueprint.add_url_rule("/platforms/<platform_id>/approve", "approve_platform", approve, methods=["POST"])
    blueprint.add_url_rule(
        "/platforms/<platform_id>/deployments/<deployment>", "approve_deployment", approve_deployment, methods=["POST"]
    )
    blueprint.add_url_rule("/platforms/<platform_id>/disable", "disable_platform", ask_to_disable)
    blueprint.add_url_rule("/platforms/<platform_id>/disable", "disable_platform_now", disable, methods=["POST"])
    blueprint.add_url_rule("/platforms/<platform_id>/test", "test_platform", test, methods=["POST"])


@only(OPERATOR)
def platform(platform_id: str) -> ResponseReturnValue:
    """All about one LMS; `?after=` goes on with its deployments. Raises NotFound."""
    done = request.args.get("done", "")
    return _page(platforms.find(db.session(), platform_id), done=done if done in _DONE else "")


@only(OPERATOR)
def approve(platform_id: str) -> ResponseReturnValue:
    """Admits the registration, with the deployments that it came with; again changes nothing. Raises NotFound."""
    with transaction() as session:
        platforms.approve(session, platforms.find(session, platform_id), now=clock.now())
    changes.note("approved platform", platform_id)
    return _back(platform_id, "approved")


@only(OPERATOR)
def approve_deployment(platform_id: str, deployment: str) -> ResponseReturnValue:
    """Admits one deployment, by our id of it; again changes nothing. Raises NotFound."""
    with transaction() as session:
        found = platforms.deployment_of(session, platform_id, deployment)
        kept = platforms.find(session, platform_id)
        platforms.approve(session, kept, deployment_id=found.deployment_id, now=clock.now())
    changes.note("approved deployment", deployment)
    return _back(platform_id, "deployment")


@only(OPERATOR)
def ask_to_disable(platform_id: str) -> str:
    """What switching the LMS off does. Raises NotFound."""
    return render_template("operator/disable.html", platform=platforms.find(db.session(), platform_id))


@only(OPERATOR)
def disable(platform_id: str) -> ResponseReturnValue:
    """Lets nobody in from this LMS; again changes nothing. Raises NotFound."""
    with transaction() as session:
        platforms.disable(platforms.find(session, platform_id))
    changes.note("disabled platform", platform_id)
    return _back(platform_id, "disabled")


@only(OPERATOR)
def test(platform_id: str) -> ResponseReturnValue:
    """Runs the self-test, and shows it. Raises NotFound."""
    try:
        self_tests.run(platform_id)
    except Busy as busy:
        return _page(platforms.find(db.session(), platform_id), wait=busy.detail), busy.status
    return redirect(url_for("operator.platform", platform_id=platform_id, done="tested", _anchor="test"), 303)


def _back(platform_id: str, done: str) -> ResponseReturnValue:
    return redirect(url_for("operator.platform", platform_id=platform_id, done=done), 303)


def _page(found: Platform, *, done: str = "", wait: str = "") -> str:
    session = db.session()
    settings: Settings = current_app.extensions["creditroll"]
    door: Door = current_app.extensions[DOOR]
    installed = platform_list.deployments(session, found.id, after=pieces.after(), limit=pieces.PAGE + 1)
    deployments, last = pieces.cut(installed)
    return render_template(
        "operator/platform.html",
        platform=found,
        deployments=deployments,
        more=platform_list.deployment_place(last) if last else None,
        licenses=bindings.licenses_of_deployments(session, [one.id for one in deployments]),
        launches=launch_log.recent(session, platform_id=found.id, limit=_FEW),
        rosters=roster_reads.failed(session, platform_id=found.id, limit=_FEW),
        test=last_test.of(session, [found.id]).get(found.id),
        keys_read_at=door.keys.read_at(found.jwks_url),
        address=f"{settings.public_url}/register/{found.id}",
        words=launch_words,
        done=done,
        wait=wait,
    )
