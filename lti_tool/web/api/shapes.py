"""What the API answers, as its document describes it; the answers themselves are written straight from rows."""

from typing import Annotated, Generic, Literal, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

Item = TypeVar("Item", bound=BaseModel)

Units = Annotated[int, Field(ge=0, description="Whole units.")]
Moment = Annotated[
    str,
    Field(
        description="RFC 3339 in UTC, to the microsecond.",
        examples=["2026-11-23T09:00:00.000000Z"],
        pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$",
    ),
]


class Shape(BaseModel):
    """Has these fields and no others."""

    model_config = ConfigDict(extra="forbid")


class Listed(Shape, Generic[Item]):
    """One page of a list; `next` is the cursor of the following page, null on the last."""

    items: list[Item]
    next: str | None


class ResourceFigures(Shape):
    """Where a license's units are: issued = pool + allotted, allotted = available + held + used."""

    resource: str
    unit: str
    bundle: Annotated[int, Field(ge=1, description="How many are allotted at a time.")]
    max_per_member: Annotated[int, Field(ge=0, description="Of automatic allotment; 0 is off.")]
    issued: Units
    pool: Units
    allotted: Units
    available: Units
    held: Units
    used: Units


class License(Shape):
    """Who owns units."""

    id: UUID
    name: str
    resources: list[ResourceFigures]


class Balance(Shape):
    """What a member has: received = available + held + used."""

    available: Units
    held: Units
    used: Units
    received: Units


class Member(Shape):
    """A person of a license. `name` is a stable pseudonym where the LMS gave none; `balances` are by resource."""

    id: UUID
    license: UUID
    name: str
    email: str | None
    subject: str
    issuer: str
    roles: list[Literal["admin", "designer", "learner", "observer", "ta", "teacher"]]
    status: Literal["active", "inactive"]
    balances: dict[str, Balance]


class Hold(Shape):
    """Units set aside, or used at once (a spend, which has no `expires_at`); `balance` is the member's after it."""

    id: UUID
    status: Literal["held", "captured", "released", "expired"]
    amount: Annotated[int, Field(ge=1)]
    captured: Units
    resource: str
    member: UUID
    reference: str | None
    expires_at: Moment | None
    balance: Balance


class Actor(Shape):
    """Who caused a movement, without a name."""

    kind: Literal["person", "operator", "api_key", "system"]
    id: str | None


class Transfer(Shape):
    """One movement of units, never changed; a side is "outside", "pool", "used" or a member's id."""

    id: UUID
    at: Moment
    kind: Literal["grant", "purchase", "refund", "auto_allotment", "manual_allotment", "spend"]
    resource: str
    amount: Annotated[int, Field(ge=1)]
    from_: Annotated[str, Field(alias="from")]
    to: str
    member: UUID | None
    actor: Actor
    note: str | None
    reference: str | None
    batch: UUID | None


class Problem(BaseModel):
    """Why a call was refused (RFC 9457), with a stable `code` and, by code, further figures."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str
    code: str
