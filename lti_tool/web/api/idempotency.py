"""Each POST takes effect once for its Idempotency-Key, and answers the same whenever it is repeated (R21)."""

import hashlib
import json
from collections.abc import Callable
from datetime import datetime

from flask import Response, g, request
from pydantic import BaseModel
from sqlalchemy.orm import Session

from lti_tool.db import transaction
from lti_tool.errors import Refusal
from lti_tool.licenses import idempotency
from lti_tool.licenses.idempotency import Answered
from lti_tool.web.api import problems
from lti_tool.web.api.callers import caller
from lti_tool.web.api.pages import Item

HEADER = "Idempotency-Key"
_LONGEST = 255

Effect = Callable[[Session, datetime], Item]


class KeyMissing(Refusal):
    """A POST without a usable Idempotency-Key; nothing was done."""

    code = "idempotency_key_missing"
    status = 400


def once(effect: Effect, sent: BaseModel, *, status: int) -> Response:
    """Runs the effect if this request is the first with its key, and answers; its refusals are kept like its success.

    The effect gets the open transaction and the database's clock. Raises KeyMissing, IdempotencyConflict.
    """
    key = _key()
    wish = json.dumps([request.path, sent.model_dump(mode="json")], sort_keys=True)
    with transaction() as session:
        claimed = idempotency.claim(session, caller().key_id, key, hashlib.sha256(wish.encode()).hexdigest())
        if isinstance(claimed, Answered):
            return _response(claimed, replayed=True)
        answered = _attempt(effect, session, claimed, status)
        idempotency.answer(session, caller().key_id, key, answered)
    return _response(answered, replayed=False)


def _attempt(effect: Effect, session: Session, now: datetime, status: int) -> Answered:
    try:
        shape = effect(session, now)  # refuses before it changes anything, so that the refusal can be kept by itself
    except Refusal as refusal:
        return Answered(refusal.status, problems.text(refusal))
    return Answered(status, json.dumps(shape, ensure_ascii=False, separators=(",", ":")))


def _response(answered: Answered, *, replayed: bool) -> Response:
    refused = answered.status >= 400
    if refused:
        g.refusal = json.loads(answered.body)["code"]  # counted by web/operations.py
    kind = problems.CONTENT_TYPE if refused else "application/json"
    headers = {"Idempotency-Replayed": "true"} if replayed else {}
    return Response(answered.body, answered.status, headers, content_type=kind)


def _key() -> str:
    key = request.headers.get(HEADER, "")
    if not 1 <= len(key) <= _LONGEST or not key.isprintable():
        raise KeyMissing(f"Send the header {HEADER}: 1 to {_LONGEST} characters, new ones for each new request.")
    return key
