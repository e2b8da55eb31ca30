"""A refused login or launch is a readable page, a counted code, and a line in the log without anybody's data."""

import structlog
from flask import request
from flask.typing import ResponseReturnValue
from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from lti_tool.db import db
from lti_tool.lti import platforms
from lti_tool.lti.refusals import LaunchRefused, PlatformPending, TooManyRefused
from lti_tool.web import errors, headers

_LONGEST_LOGGED = 255


class Refusals:
    """Answers refusals; more than `limit` of one address within its time are told to wait.

    Only what is refused is counted, and only that is held back: a whole school shares one address. Each worker
    process counts by itself.
    """

    def __init__(self, limit: str) -> None:
        self._limit = None if limit == "off" else parse(limit)
        self._limiter = FixedWindowRateLimiter(MemoryStorage())

    def answer(self, refusal: LaunchRefused) -> ResponseReturnValue:
        """The page for the person; its support id, code and registration for the log."""
        about = {name: refusal.figures.get(name) for name in ("issuer", "client_id", "claim", "error")}
        structlog.contextvars.bind_contextvars(
            **{name: str(value)[:_LONGEST_LOGGED] for name, value in about.items() if value is not None}
        )
        if isinstance(refusal, PlatformPending):
            _let_frame(refusal)
        shown = refusal if self._may_go_on() else TooManyRefused()
        words = errors.Words(shown.title, shown.says, shown.steps)
        return errors.page(words, code=shown.code, status=shown.status)

    def _may_go_on(self) -> bool:
        return self._limit is None or self._limiter.hit(self._limit, request.remote_addr or "")


def _let_frame(refusal: PlatformPending) -> None:
    names = {name: refusal.figures.get(name) for name in ("issuer", "client_id")}
    if all(names.values()):
        waiting = platforms.find_registered(db.session(), **{name: str(value) for name, value in names.items()})
        headers.framed_also_by(waiting.issuer, waiting.auth_login_url, waiting.family)
