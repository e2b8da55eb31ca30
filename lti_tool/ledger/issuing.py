"""Units come into a licence's pool from outside, granted or bought, and go back out for money given back."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.language import _
from lti_tool.ledger.allotment import LONGEST_NOTE
from lti_tool.ledger.movements import Actor, Movement, Posted
from lti_tool.ledger.pools import open_pool
from lti_tool.ledger.refusals import AmountInvalid
from lti_tool.ledger.transfers import Batch, lock_pool, post
from lti_tool.settings import Resource

LARGEST_GRANT = 1_000_000_000_000
_GRANT = "grant:"


def grant(
    session: Session,
    license_id: str,
    resource: Resource,
    *,
    amount: int,
    actor: Actor,
    now: datetime,
    note: str | None = None,
    request_key: str | None = None,
) -> Posted:
    """Adds units to the licence's pool, opening the pool if need be (R2). Raises AmountInvalid.

    With a form's `request_key` once: a second time raises FormReused, after which the transaction must end.
    """
    check_grant(amount, note)
    open_pool(session, license_id, resource.name)
    movement = Movement(
        license_id,
        resource.name,
        "grant",
        amount_each=amount,
        actor=actor,
        at=now,
        note=note,
        request_key=request_key and _GRANT + request_key,
    )
    return post(session, movement)


def check_grant(amount: int, note: str | None) -> None:
    """Raises AmountInvalid, with the field."""
    if not 1 <= amount <= LARGEST_GRANT:
        raise AmountInvalid(_("Grant a whole number from 1 to %(most)s.", most=LARGEST_GRANT), field="credits")
    if note and len(note) > LONGEST_NOTE:
        raise AmountInvalid(
            _("A note has at most %(most)s characters; this one has %(long)s.", most=LONGEST_NOTE, long=len(note)),
            field="note",
        )


def batch_of(session: Session, license_id: str, request_key: str) -> str:
    """The batch that this form granted."""
    made = (Batch.license_id == license_id, Batch.request_key == _GRANT + request_key)
    return session.scalars(select(Batch.id).where(*made)).one()


def purchase(
    session: Session,
    license_id: str,
    resource: str,
    *,
    amount: int,
    order: str,
    number: str,
    actor: Actor,
    now: datetime,
) -> Posted:
    """Adds what an order bought to the pool, once: a second time raises FormReused (R27).

    `order` is the order's id, `number` what people know it by. The transaction must end after FormReused.
    """
    open_pool(session, license_id, resource)
    movement = Movement(
        license_id,
        resource,
        "purchase",
        amount_each=amount,
        actor=actor,
        at=now,
        reference=number,
        request_key=f"order:{order}",
    )
    return post(session, movement)


def refund(
    session: Session, license_id: str, resource: str, *, amount: int, number: str, actor: Actor, now: datetime
) -> int:
    """Takes back up to `amount` units of a purchase, at most what the pool still holds (R2); returns how many."""
    taken = min(amount, lock_pool(session, license_id, resource))
    if taken:
        movement = Movement(license_id, resource, "refund", amount_each=taken, actor=actor, at=now, reference=number)
        post(session, movement)
    return taken
