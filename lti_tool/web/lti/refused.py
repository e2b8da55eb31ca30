"""A refused login or launch is a readable page, a counted code, and a line in both logs without anybody's data."""

import logging

import structlog
from flask import g, request
from flask.typing import ResponseReturnValue
from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from sqlalchemy.exc import SQLAlchemyError

from lti_tool import clock
from lti_tool.db import db, transaction
from lti_tool.lti import launch_log
from lti_tool.lti.attempts import Attempt
from lti_tool.lti.refusals import LaunchRefused, NothingKept, TooManyRefused
from lti_tool.lti.registration_refusals import Busy, RegistrationRefused
from lti_tool.web import errors
from lti_tool.web.lti.doors import attempt, door
from lti_tool.web.lti.open import offer

_LONGEST_LOGGED = 255
_ROWS = parse("120/minute")
"""Refusals that a worker notes of one platform. What the LMS signed is counted apart: strangers can't crowd it out."""

_log = logging.getLogger(__name__)


class Refusals:
    """Answers refusals; more than `limit` of one address within its time are told to wait.

    Only what is refused is counted, and only that is held back: a whole school shares one address. Each worker
    process counts by itself.
    """

    def __init__(self, limit: str) -> None:
        self._limit = None if limit == "off" else parse(limit)
        self._limiter = FixedWindowRateLimiter(MemoryStorage())

    def answer(self, refusal: LaunchRefused) -> ResponseReturnValue:
        """The page for the person; its support id, code and registration for the logs."""
        about = {name: refusal.figures.get(name) for name in ("issuer", "client_id", "claim", "error")}
        structlog.contextvars.bind_contextvars(
            **{name: str(value)[:_LONGEST_LOGGED] for name, value in about.items() if value is not None}
        )
        tried, shown = attempt(), refusal
        if refusal.is_counted and not self._may_go_on():
            shown = TooManyRefused()
        elif tried is not None and self._limiter.hit(_ROWS, "row", tried.platform_id or "", str(tried.is_signed)):
            _note(tried, refusal)
        if request.is_json:  # a program, which reads no page
            g.refusal = shown.code  # counted by web/operations.py
            return {"code": shown.code, "detail": shown.detail}, shown.status
        words = errors.Words(shown.title, shown.says, shown.steps)
        support_id = tried.support_id if tried else ""
        if isinstance(shown, NothingKept):
            return offer(words, shown.figures["claims"], code=shown.code, status=shown.status, support_id=support_id)
        return errors.page(words, code=shown.code, status=shown.status, support_id=support_id)

    def answer_registration(self, refusal: RegistrationRefused) -> ResponseReturnValue:
        """The page for an LMS administrator whose registration cannot go on."""
        shown = refusal if self._may_go_on() else Busy()
        words = errors.Words(shown.title, shown.detail, shown.steps)
        return errors.page(words, code=shown.code, status=shown.status)

    def _may_go_on(self) -> bool:
        return self._limit is None or self._limiter.hit(self._limit, request.remote_addr or "")


def _note(tried: Attempt, refusal: LaunchRefused) -> None:
    about = {name: refusal.figures.get(name) for name in ("claim", "error")}
    row = door().log.row(tried, refusal.code, now=clock.now(), **about)
    db.session.remove()  # what was read is over: one connection for each request is enough
    try:
        with transaction() as books:
            launch_log.note_refused(
                books, row, issuer=refusal.figures.get("issuer"), client_id=refusal.figures.get("client_id")
            )
    except SQLAlchemyError:
        _log.exception("a refused launch was not noted")  # and is answered all the same
