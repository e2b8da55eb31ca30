"""Units come into a licence's pool from outside: granted by the operator."""

from datetime import datetime

from sqlalchemy.orm import Session

from lti_tool.ledger.allotment import LONGEST_NOTE
from lti_tool.ledger.pools import open_pool
from lti_tool.ledger.refusals import AmountInvalid
from lti_tool.ledger.transfers import Actor, Order, Posted, post
from lti_tool.settings import Resource

LARGEST_GRANT = 1_000_000_000_000


def grant(
    session: Session,
    license_id: str,
    resource: Resource,
    *,
    amount: int,
    actor: Actor,
    now: datetime,
    note: str | None = None,
) -> Posted:
    """Adds units to the licence's pool, opening the pool if need be (R2). Raises AmountInvalid."""
    if not 1 <= amount <= LARGEST_GRANT:
        raise AmountInvalid(f"Grant a whole number from 1 to {LARGEST_GRANT:,}.", field="credits")
    if note and len(note) > LONGEST_NOTE:
        raise AmountInvalid(f"A note has at most {LONGEST_NOTE} characters; this one has {len(note)}.", field="note")
    open_pool(session, license_id, resource.name)
    return post(session, Order(license_id, resource.name, "grant", amount_each=amount, actor=actor, at=now, note=note))
