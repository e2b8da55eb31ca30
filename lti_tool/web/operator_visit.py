"""The operator's own visit, begun by a link of the command line: a cookie beside a launch's visit, never mixed with it.

It reaches no page of a class, and a launch's visit reaches none of the operator's.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import current_app, request
from itsdangerous import BadData, URLSafeSerializer
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from lti_tool.db import micros, moment
from lti_tool.ids import new_id
from lti_tool.lti import one_time
from lti_tool.settings import Settings

FIELD = "operator_form"
"""The field by which the operator's forms prove that they are from a page of this visit."""

_COOKIE = "__Host-creditroll-operator"
_LASTS = timedelta(hours=4)


@dataclass(frozen=True)
class OperatorVisit:
    """One visit; `form` is what its forms hold and nobody else knows."""

    id: str
    form: str
    ends_at: datetime

    @property
    def once(self) -> str:
        """What is spent when the visit ends, so that a copy of its cookie ends too."""
        return f"operator-visit {self.id}"


def begin(response: Response, *, now: datetime) -> None:
    """Gives this browser a visit of four hours."""
    visit = OperatorVisit(new_id(), secrets.token_hex(20), now + _LASTS)
    response.set_cookie(
        _COOKIE,
        str(_signer().dumps([visit.id, visit.form, micros(visit.ends_at)])),
        max_age=int(_LASTS.total_seconds()),
        path="/",
        secure=True,
        httponly=True,
        samesite="Strict",
    )


def current(session: Session, *, now: datetime) -> OperatorVisit | None:
    """The visit of this request; None where there is none, or it is over."""
    try:
        number, form, ends_us = _signer().loads(request.cookies.get(_COOKIE, ""))
    except BadData:
        return None
    visit = OperatorVisit(number, form, moment(ends_us))
    return visit if now < visit.ends_at and not one_time.is_spent(session, visit.once) else None


def end(session: Session, visit: OperatorVisit, response: Response) -> None:
    """Ends the visit, here and wherever its cookie was copied to. Raises NonceUsed where it has ended already."""
    response.delete_cookie(_COOKIE, path="/", secure=True, httponly=True, samesite="Strict")
    one_time.spend(session, visit.once, expires_at=visit.ends_at)


def is_own_form(visit: OperatorVisit) -> bool:
    """Whether what was posted is from a form of this visit."""
    return hmac.compare_digest(request.form.get(FIELD, "").encode(), visit.form.encode())


def _signer() -> URLSafeSerializer:
    settings: Settings = current_app.extensions["creditroll"]
    return URLSafeSerializer(
        settings.secret_key,
        salt="operator-visit",
        signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
    )
