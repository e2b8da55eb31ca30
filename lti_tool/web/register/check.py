"""GET and POST /register/{platform}: what became of one registration, and a test of it, step by step.

Its administrator has no account here: the page is found by the registration's own number. Nobody guesses it, but it is
no secret: whoever can begin a login finds it in the signed state. So the page shows no secret and nobody of the school.
"""

from collections.abc import Sequence

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from lti_tool.db import db
from lti_tool.lti import platforms
from lti_tool.lti.platforms import Platform
from lti_tool.lti.self_test import Result, Step
from lti_tool.web import self_tests
from lti_tool.web.access import ADMINISTRATOR, only
from lti_tool.web.pace import TooOften, keep_pace
from lti_tool.web.register import guide
from lti_tool.web.self_tests import Busy


def routes(blueprint: Blueprint) -> None:
    """Adds the page and its button."""
    blueprint.add_url_rule("/<platform_id>", "look", look, methods=["GET"])
    blueprint.add_url_rule("/<platform_id>", "test", test, methods=["POST"])


@only(ADMINISTRATOR)
def look(platform_id: str) -> str:
    """What became of the registration, with the button that tests it."""
    return _page(platforms.find(db.session(), platform_id))


@only(ADMINISTRATOR)
def test(platform_id: str) -> ResponseReturnValue:
    """The same with the test's result."""
    platform = platforms.find(db.session(), platform_id)
    db.session.expunge(platform)
    try:
        keep_pace("check")
        steps = self_tests.run(platform_id)
    except (TooOften, Busy) as refused:
        return _page(platform, wait=refused.detail), refused.status
    return _page(platform, steps=steps)


def _page(platform: Platform, *, steps: Sequence[Step] | None = None, wait: str = "") -> str:
    return render_template(
        "register/check.html",
        platform=platform,
        deployments=platforms.deployments(db.session(), platform),
        is_new="new" in request.args,
        steps=steps,
        failed=sum(step.result is Result.FAILED for step in steps or ()),
        notes=sum(step.result is Result.OK and bool(step.mend) for step in steps or ()),
        wait=wait,
        address=f"{guide.settings().public_url}/register/{platform.id}",
    )
