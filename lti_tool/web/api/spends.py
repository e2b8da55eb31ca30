"""POST /members/{member}/spends: hold and capture in one (R12, R20, R21)."""

from datetime import datetime
from uuid import UUID

from flask import Response
from sqlalchemy.orm import Session

from lti_tool.errors import NotFound
from lti_tool.ledger import holds
from lti_tool.ledger.refusals import InsufficientCredits, NotActive
from lti_tool.ledger.rules import Standing
from lti_tool.ledger.transfers import Actor
from lti_tool.licenses.api_keys import SPEND
from lti_tool.web.api import bodies, pages, shapes
from lti_tool.web.api.callers import caller
from lti_tool.web.api.calls import call
from lti_tool.web.api.idempotency import once
from lti_tool.web.api.spending import balance, license_of_member, resource_named


@call(SPEND, body=bodies.NewSpend, answers=shapes.Hold, status=201, refuses=(NotFound, InsufficientCredits, NotActive))
def create(member_id: UUID, sent: bodies.NewSpend) -> Response:
    """Takes units for good, allotting further bundles first where maximum and pool allow."""
    resource = resource_named(sent.resource)

    def effect(session: Session, now: datetime) -> pages.Item:
        spent = holds.spend(
            session,
            license_of_member(session, member_id),
            resource,
            str(member_id),
            amount=sent.amount,
            actor=Actor("api_key", caller().key_id),
            now=now,
            reference=sent.reference,
        )
        return {
            "id": spent.transfer_id,
            "status": "captured",
            "amount": sent.amount,
            "captured": sent.amount,
            "resource": resource.name,
            "member": str(member_id),
            "reference": sent.reference,
            "expires_at": None,
            "balance": balance(Standing(spent.available, spent.held, spent.used, spent.received)),
        }

    return once(effect, sent, status=201)
