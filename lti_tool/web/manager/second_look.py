"""Large or unusual amounts are asked for twice, since nothing that was given comes back.

The yes is a press of its own, and counts for the very figures that were asked: it is signed by us with the form's key,
so that it can be neither skipped nor carried over to another form, and a pool that changed meanwhile is asked anew.
"""

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from flask import current_app, render_template, request
from flask.typing import ResponseReturnValue
from itsdangerous import BadData
from sqlalchemy.orm import Session

from lti_tool.ledger import policies, rules
from lti_tool.ledger.movements import Share
from lti_tool.ledger.rules import Unusual
from lti_tool.ledger.transfers import pool_balance
from lti_tool.settings import Resource, Settings
from lti_tool.signing import Signing
from lti_tool.web.manager.desk import Desk

_YES, _CHANGE = "confirmed", "change"


@dataclass(frozen=True)
class Question:
    """Whether that is meant: so many people, so much, what is unusual about it, and the yes to send back.

    `each` is None where they get different amounts, of which `largest` is the largest; `limit` is what is usual.
    """

    people: int
    each: int | None
    largest: int
    total: int
    pool: int
    limit: int
    unusual: list[Unusual]
    yes: str


def needed(
    session: Session, license_id: str, resource: Resource, shares: Collection[Share], *, note: str | None, key: str
) -> Question | None:
    """The question to ask before these shares are given; None where there is none, or it was answered just so."""
    pool = pool_balance(session, license_id, resource.name)
    maximum = policies.current(session, license_id, resource.name).maximum
    amounts = [share.amount for share in shares]
    largest, total = max(amounts, default=0), sum(amounts)
    if total > pool:
        return None  # refused anyway, and that is what there is to say
    unusual = rules.why_ask_twice(
        largest=largest, total=total, people=len(amounts), pool=pool, maximum=maximum, bundle=resource.bundle
    )
    told = sorted([share.member_id, share.amount, share.note or ""] for share in shares)
    asked = json.dumps([license_id, resource.name, key, told, note, pool, unusual])
    digest = hashlib.sha256(asked.encode()).hexdigest()
    if not unusual or _said() == digest:
        return None
    each = largest if len(set(amounts)) == 1 else None
    limit = rules.large_for_one(maximum, resource.bundle)
    return Question(len(amounts), each, largest, total, pool, limit, unusual, _signing().dumps(digest))


def is_to_change() -> bool:
    """Whether the answer was to go back to the form."""
    return _CHANGE in request.form


def page(
    desk: Desk, question: Question, *, action: str, names: Collection[str], carried: Mapping[str, str]
) -> ResponseReturnValue:
    """The question, with its form's fields carried along."""
    return render_template(
        "manager/second_look.html",
        desk=desk,
        question=question,
        Unusual=Unusual,
        action=action,
        names=names,
        carried=carried,
        yes=_YES,
        change=_CHANGE,
    )


def _said() -> str | None:
    try:
        said: str = _signing().loads(request.form.get(_YES, ""))
    except BadData:
        return None
    return said


def _signing() -> Signing:
    settings: Settings = current_app.extensions["creditroll"]
    return Signing(settings.secret_key, "second-look")
