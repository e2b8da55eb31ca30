"""The test of one LMS from a page, its administrator's or the operator's: one at a time, and its result is kept."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import BoundedSemaphore, Lock

from flask import current_app

from lti_tool import clock
from lti_tool.db import db, transaction
from lti_tool.errors import Refusal
from lti_tool.language import _
from lti_tool.lti import last_test, platforms, self_test
from lti_tool.lti.keyring import open_keyring
from lti_tool.lti.self_test import Step
from lti_tool.outbound import Outbound
from lti_tool.settings import Settings

_PLACES = BoundedSemaphore(2)
"""Of a process: an LMS that answers slowly must not hold the threads that launches need."""
_RUNNING: set[str] = set()
_RUNNING_LOCK = Lock()


class Busy(Refusal):
    """This LMS is being tested at this moment, or others are."""

    code = "busy"
    status = 429


def run(platform_id: str) -> Sequence[Step]:
    """Tests the LMS, and keeps what was found. Raises NotFound, Busy."""
    settings: Settings = current_app.extensions["creditroll"]
    subject = self_test.subject(db.session(), platforms.find(db.session(), platform_id))
    db.session.remove()  # an LMS may take its time, and the database is not to wait for it
    began_at = clock.now()
    with _alone(platform_id):
        steps = self_test.run(
            subject,
            Outbound(settings.allow_private_hosts),
            lambda claims, at: open_keyring(settings.keys_dir).sign(claims, at),
            public_url=settings.public_url,
            clock=clock.now,
        )
    with transaction() as session:
        last_test.keep(session, platform_id, steps, began_at=began_at, now=clock.now())
    return steps


@contextmanager
def _alone(platform_id: str) -> Iterator[None]:
    with _RUNNING_LOCK:
        if platform_id in _RUNNING or not _PLACES.acquire(blocking=False):
            raise Busy(_("A test is under way. Wait half a minute, then try again."))
        _RUNNING.add(platform_id)
    try:
        yield
    finally:
        _RUNNING.discard(platform_id)
        _PLACES.release()
