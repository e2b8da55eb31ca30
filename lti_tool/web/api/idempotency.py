"""Each POST takes effect once for its Idempotency-Key, and answers the same whenever it is repeated (R21)."""

import hashlib
import json
from collections.abc import Callable
from datetime import datetime
from functools import partial

from flask import Response, g, request
from pydantic import BaseModel
from sqlalchemy.orm import Session

from lti_tool.db import transaction
from lti_tool.errors import Refusal
from lti_tool.licenses import idempotency
from lti_tool.licenses.idempotency import Answered, Request
from lti_tool.sending import Sent
from lti_tool.web.api import pages, problems
from lti_tool.web.api.callers import Unauthorized, caller
from lti_tool.web.api.pages import Item

HEADER = "Idempotency-Key"
_LONGEST = 255

Asked = Callable[[Session], Sent]
"""Asks for the licence that the address is about: a row, or none. Sent along with the claim."""
Effect = Callable[[Session, datetime, Sent], Item]
AtOnce = Callable[[Request], str | None]
"""The common case of an effect in one statement: the answer, which is kept; None if it is not that case."""


class KeyMissing(Refusal):
    """A POST without a usable Idempotency-Key; nothing was done."""

    code = "idempotency_key_missing"
    status = 400


def once(effect: Effect, sent: BaseModel, *, license_of: Asked, status: int, at_once: AtOnce | None = None) -> Response:
    """Runs the effect if this request is the first with its key, and answers; its refusals are kept like its success.

    The effect gets the open transaction, the database's clock and what `license_of` found. Raises KeyMissing,
    IdempotencyConflict, and Unauthorized for an API key that was revoked a moment ago.
    """
    # Not as it was sent: whoever writes it anew may order the fields.
    asked = _asked(f"{request.path} {sent.model_dump_json()}".encode())
    if at_once is not None and (body := at_once(asked)) is not None:
        return _response(Answered(status, body), replayed=False)
    return _kept(asked, effect, license_of, status)


def refuse(refusal: Refusal) -> Response:
    """Answers a request that asks for nothing that can be done, and keeps that, too. Raises what `once` raises."""

    def effect(session: Session, now: datetime, found: Sent) -> Item:
        raise refusal

    def license_of(session: Session) -> Sent:
        return Sent([])  # it is about none

    return _kept(_asked(request.full_path.encode() + request.get_data()), effect, license_of, refusal.status)


def _asked(wish: bytes) -> Request:
    return Request(caller().key_id, _key(), hashlib.sha256(wish).hexdigest())


def _kept(asked: Request, effect: Effect, license_of: Asked, status: int) -> Response:
    with transaction() as session:
        found = license_of(session)
        claimed = idempotency.claim(session, asked)
        if claimed is None:
            raise Unauthorized(sent=True)
        if isinstance(claimed, Answered):
            return _response(claimed, replayed=True)
        answered = _attempt(partial(effect, session, claimed, found), status)
        idempotency.answer(session, asked, answered)
    return _response(answered, replayed=False)


def _attempt(effect: Callable[[], Item], status: int) -> Answered:
    try:
        shape = effect()  # refuses before it changes anything, so that the refusal can be kept by itself
    except Refusal as refusal:
        return Answered(refusal.status, problems.text(refusal))
    return Answered(status, pages.text(shape))


def _response(answered: Answered, *, replayed: bool) -> Response:
    refused = answered.status >= 400
    if refused:
        g.refusal = json.loads(answered.body)["code"]  # counted by web/operations.py
    kind = problems.CONTENT_TYPE if refused else "application/json"
    headers = {"Idempotency-Replayed": "true"} if replayed else {}
    return Response(answered.body, answered.status, headers, content_type=kind)


def _key() -> str:
    key = request.headers.get(HEADER, "")
    # ASCII: which characters other bytes of a header are, servers and clients do not agree on (RFC 9110 section 5.5).
    if not 1 <= len(key) <= _LONGEST or not key.isascii() or not key.isprintable():
        raise KeyMissing(
            f"Send the header {HEADER}: 1 to {_LONGEST} characters of ASCII, new ones for each new request."
        )
    return key
