"""POST /members/{member}/holds and what follows: units set aside, then captured or released (R19 to R21)."""

from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from flask import Response
from sqlalchemy.orm import Session

from lti_tool.db import database_now, db, micros
from lti_tool.errors import NotFound
from lti_tool.ledger import holds
from lti_tool.ledger.holds import Held
from lti_tool.ledger.movements import Actor
from lti_tool.ledger.refusals import HoldNotOpen, InsufficientCredits, NotActive, TooManyHolds
from lti_tool.licenses.api_keys import READ, SPEND
from lti_tool.sending import Sent
from lti_tool.web.api import bodies, pages, shapes
from lti_tool.web.api.callers import caller
from lti_tool.web.api.calls import call
from lti_tool.web.api.idempotency import once
from lti_tool.web.api.spending import balance, license_of, resource_named, within_reach


@call(
    SPEND,
    body=bodies.NewHold,
    answers=shapes.Hold,
    status=201,
    refuses=(NotFound, InsufficientCredits, NotActive, TooManyHolds),
)
def create(member_id: UUID, sent: bodies.NewHold) -> Response:
    """Sets units aside, allotting further bundles first where maximum and pool allow."""

    def effect(session: Session, now: datetime, found: Sent) -> pages.Item:
        held = holds.hold(
            session,
            within_reach(found, "member"),
            resource_named(sent.resource),
            str(member_id),
            amount=sent.amount,
            actor=Actor("api_key", caller().key_id),
            now=now,
            lasts=timedelta(seconds=sent.expires_in),
            reference=sent.reference,
        )
        return shape(held)

    return once(effect, sent, license_of=partial(license_of, member_id), status=201)


@call(SPEND, body=bodies.Capture, answers=shapes.Hold, refuses=(NotFound, HoldNotOpen))
def capture(hold_id: UUID, sent: bodies.Capture) -> Response:
    """Uses all or part of what is held; the rest goes free."""

    def effect(session: Session, now: datetime, found: Sent) -> pages.Item:
        actor = Actor("api_key", caller().key_id)
        license_id = within_reach(found, "hold")
        return shape(holds.capture(session, license_id, str(hold_id), actor=actor, now=now, amount=sent.amount))

    return once(effect, sent, license_of=partial(_license_of, hold_id), status=200)


@call(SPEND, body=bodies.Release, answers=shapes.Hold, refuses=(NotFound, HoldNotOpen))
def release(hold_id: UUID, sent: bodies.Release) -> Response:
    """Frees all that is held."""

    def effect(session: Session, now: datetime, found: Sent) -> pages.Item:
        return shape(holds.release(session, within_reach(found, "hold"), str(hold_id), now=now))

    return once(effect, sent, license_of=partial(_license_of, hold_id), status=200)


@call(READ, answers=shapes.Hold, refuses=(NotFound,))
def one(hold_id: UUID) -> Response:
    """One hold as it stands."""
    session = db.session()
    now = database_now(session)
    license_id = within_reach(_license_of(hold_id, session), "hold")
    return pages.shaped(shape(holds.find(session, license_id, str(hold_id), now=now)))


def shape(held: Held) -> pages.Item:
    """The hold as docs/api.md shows it."""
    return {
        "id": held.id,
        "status": held.status,
        "amount": held.amount,
        "captured": held.captured,
        "resource": held.resource,
        "member": held.member_id,
        "reference": held.reference,
        "expires_at": pages.rfc3339(micros(held.expires_at)),
        "balance": balance(held.member),
    }


def _license_of(hold_id: UUID, session: Session) -> Sent:
    return holds.license_of(session, str(hold_id))
