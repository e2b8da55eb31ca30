"""What the books are told to do: who causes a movement of units, what a batch is to do, and what came of it."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Actor:
    """Who caused a movement: "person" (id of a person), "operator", "api_key" (its id) or "system"."""

    kind: str
    id: str | None = None


OPERATOR = Actor("operator")
SYSTEM = Actor("system")


@dataclass(frozen=True)
class Share:
    """What one member gets of a batch, in units; a note of their own stands in the journal in place of the batch's."""

    member_id: str
    amount: int
    note: str | None = None


@dataclass(frozen=True)
class Movement:
    """What a batch is to do, apart from whom it reaches."""

    license_id: str
    resource: str
    kind: str
    amount_each: int
    """0 where each of the people gets an amount of their own."""
    actor: Actor
    at: datetime
    note: str | None = None
    reference: str | None = None
    """Where it comes from outside the books, as the number of an order; kept on rows without a member."""
    bundle: int = 0
    """The resource's, where the movement may make a pool too small for one; only events depend on it."""
    policy_version: int | None = None
    request_key: str | None = None
    request_hash: str | None = None
    corrects_batch: str | None = None


@dataclass(frozen=True)
class Posted:
    """A batch that was posted: its id, units in all, people reached, and what the pool has left."""

    batch_id: str
    total: int
    people: int
    pool_after: int
