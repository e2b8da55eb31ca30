"""POST /members/{member}/spends: hold and capture in one (R12, R20, R21)."""

from datetime import datetime
from functools import partial
from uuid import UUID

from flask import Response
from sqlalchemy.orm import Session

from lti_tool.db import db
from lti_tool.errors import NotFound
from lti_tool.ids import new_id
from lti_tool.ledger import holds
from lti_tool.ledger.movements import Actor
from lti_tool.ledger.refusals import InsufficientCredits, NotActive
from lti_tool.ledger.transfers import SPEND_AT_ONCE
from lti_tool.licenses.api_keys import SPEND
from lti_tool.licenses.idempotency import AtOnce, Request
from lti_tool.sending import Sent
from lti_tool.web.api import bodies, pages, shapes
from lti_tool.web.api.callers import caller
from lti_tool.web.api.calls import call
from lti_tool.web.api.idempotency import once
from lti_tool.web.api.spending import balance, license_of, resource_named, within_reach

_COVERED = AtOnce(SPEND_AT_ONCE)


@call(SPEND, body=bodies.NewSpend, answers=shapes.Hold, status=201, refuses=(NotFound, InsufficientCredits, NotActive))
def create(member_id: UUID, sent: bodies.NewSpend) -> Response:
    """Takes units for good, allotting further bundles first where maximum and pool allow."""
    actor = Actor("api_key", caller().key_id)

    def effect(session: Session, now: datetime, found: Sent) -> pages.Item:
        spent = holds.spend(
            session,
            within_reach(found, "member"),
            resource_named(sent.resource),
            str(member_id),
            amount=sent.amount,
            actor=actor,
            now=now,
            reference=sent.reference,
        )
        return _shape(spent.transfer_id, member_id, sent) | {"balance": balance(spent.member)}

    def covered(asked: Request) -> str | None:
        transfer_id = new_id()
        return _COVERED.run(
            db.engine,
            asked,
            member_id=str(member_id),
            status=201,
            opening=pages.text(_shape(transfer_id, member_id, sent))[:-1],
            id=transfer_id,
            resource=sent.resource,
            amount=sent.amount,
            actor_kind=actor.kind,
            actor_id=actor.id,
            reference=sent.reference,
        )

    return once(effect, sent, license_of=partial(license_of, member_id), status=201, at_once=covered)


def _shape(transfer_id: str, member_id: UUID, sent: bodies.NewSpend) -> dict[str, object]:
    return {
        "id": transfer_id,
        "status": "captured",
        "amount": sent.amount,
        "captured": sent.amount,
        "resource": sent.resource,
        "member": str(member_id),
        "reference": sent.reference,
        "expires_at": None,
    }
