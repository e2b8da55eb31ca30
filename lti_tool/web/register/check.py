"""GET and POST /register/{platform}: what became of one registration, and a test of it, step by step.

Its administrator has no account here: the page is found by the registration's own number. Nobody guesses it, but it is
no secret: whoever can begin a login finds it in the signed state. So the page shows no secret and nobody of the school.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore, Lock

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from lti_tool import clock
from lti_tool.db import db
from lti_tool.errors import Refusal
from lti_tool.lti import platforms, self_test
from lti_tool.lti.keyring import open_keyring
from lti_tool.lti.platforms import Platform
from lti_tool.lti.self_test import Result, Step
from lti_tool.outbound import Outbound
from lti_tool.web.access import ADMINISTRATOR, only
from lti_tool.web.pace import TooOften, keep_pace
from lti_tool.web.register import guide

_PLACES = BoundedSemaphore(2)
"""Of a process: an LMS that answers slowly must not hold the threads that launches need."""
_RUNNING: set[str] = set()
_RUNNING_LOCK = Lock()


class Busy(Refusal):
    """This LMS is being tested at this moment, or others are."""

    code = "busy"
    status = 429


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
    subject = self_test.subject(db.session(), platform)
    db.session.expunge(platform)
    db.session.remove()  # an LMS may take its time, and the database is not to wait for it
    settings = guide.settings()
    try:
        keep_pace("check")
        with _alone(platform_id):
            steps = self_test.run(
                subject,
                Outbound(settings.allow_private_hosts),
                lambda claims, at: open_keyring(settings.keys_dir).sign(claims, at),
                public_url=settings.public_url,
                clock=clock.now,
            )
    except (TooOften, Busy) as refused:
        return _page(platform, wait=refused.detail), refused.status
    return _page(platform, steps=steps)


def _page(platform: Platform, *, steps: list[Step] | None = None, wait: str = "") -> str:
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


@contextmanager
def _alone(platform_id: str) -> Iterator[None]:
    with _RUNNING_LOCK:
        if platform_id in _RUNNING or not _PLACES.acquire(blocking=False):
            raise Busy("A test is under way. Wait half a minute, then try again.")
        _RUNNING.add(platform_id)
    try:
        yield
    finally:
        _RUNNING.discard(platform_id)
        _PLACES.release()
