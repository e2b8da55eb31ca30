"""POST /lti/notices: an LMS tells us, with nobody there, that courses were copied."""

import json
from typing import Any

from flask import abort, request
from flask.typing import ResponseReturnValue

from lti_tool import clock
from lti_tool.db import db, transaction
from lti_tool.lti import notices
from lti_tool.lti.notices import Notice
from lti_tool.lti.refusals import LaunchRefused, NoticesUnreadable
from lti_tool.web.access import PLATFORM, only
from lti_tool.web.lti.doors import door

_MOST = 20
_LARGEST = 262_144
"""Notices in a request, and bytes of it: Canvas sends one at a time, of some 3 kB."""


@only(PLATFORM)
def take() -> ResponseReturnValue:
    """Lets each good notice take effect, and refuses the request for the first that is not: sent again, it harms
    nobody. Raises LaunchRefused.
    """
    now = clock.now()
    good: list[Notice] = []
    refused: list[LaunchRefused] = []
    try:
        for token in _tokens():
            try:
                notice = notices.verify(db.session(), token, door=door(), now=now)
                good += [] if notices.is_kept(db.session(), notice) else [notice]
            except LaunchRefused as refusal:
                refused.append(refusal)
    finally:
        db.session.remove()  # the read is over, and one connection is enough
    if good:
        with transaction() as books:
            for notice in sorted(good, key=lambda one: (one.deployment_id, one.claims.context_id or "")):  # no deadlock
                notices.keep(books, notice, now=now)
    if refused:
        raise refused[0]
    return "", 204


def _tokens() -> list[str]:
    """`{"notices": [{"jwt": …}]}` (Platform Notification Service 1.0). Raises NoticesUnreadable."""
    sent = request.get_data(cache=False)
    if len(sent) > _LARGEST:
        abort(413)
    try:
        body: Any = json.loads(sent)
    except (ValueError, RecursionError) as error:
        raise NoticesUnreadable() from error
    listed = body.get("notices") if isinstance(body, dict) else None
    if not isinstance(listed, list) or len(listed) > _MOST:
        raise NoticesUnreadable()
    tokens = [one["jwt"] for one in listed if isinstance(one, dict) and isinstance(one.get("jwt"), str)]
    if len(tokens) != len(listed):
        raise NoticesUnreadable()
    return tokens
