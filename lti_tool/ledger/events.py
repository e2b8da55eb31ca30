"""What the books tell other programs: each event is written in the very transaction of its effect, or not at all.

A row for each endpoint of the licence that asked for its kind is the outbox; whoever sends them finds it there. Where
nobody asked nothing is written, and `IS_HEARD` lets a statement that runs anyway say so: to know costs no round trip.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from lti_tool.db import Sql, micros, moment
from lti_tool.ids import new_id
from lti_tool.ledger import rules
from lti_tool.ledger.movements import Movement, Posted

ALLOTTED, POOL_LOW, MEMBER_WAITING, HOLD_EXPIRED = "allotted", "pool_low", "member_waiting", "hold_expired"
KINDS = (ALLOTTED, POOL_LOW, MEMBER_WAITING, HOLD_EXPIRED)
MOST_MEMBERS = 100
"""So many members of a batch are named in its event; the journal has the others."""
TRIED_FOR = timedelta(days=3)
"""How long an event is tried to be delivered."""

IS_HEARD = "exists (select 1 from webhook_endpoints l where l.license_id = :license_id and l.status = 'on')"
"""For a column of a statement with a parameter `license_id`: whether the licence has an endpoint at all."""

# Cast, since PostgreSQL is told no types of what we send, and these stand in places that ask for different ones.
_ASKED = """
    e.license_id = cast(:license_id as varchar) and e.status = 'on'
      and ' ' || e.events || ' ' like '% ' || cast(:kind as varchar) || ' %'
"""

_COLUMNS = """
    insert into webhook_deliveries (license_id, endpoint_id, event_id, kind, data, at, status, next_at, gives_up_at)
"""

_WRITE = Sql(
    f"""
    {_COLUMNS}
    select e.license_id, e.id, json_extract(m.value, '$[0]'), :kind, json_extract(m.value, '$[1]'), :at, 'waiting', :at,
           :gives_up_at
      from json_each(:events) m
      cross join webhook_endpoints e
     where {_ASKED}
    """,
    # Locked, so that an endpoint that is removed at this moment drops out here instead of failing the allotment.
    postgresql=f"""
    {_COLUMNS}
    select e.license_id, e.id, m.value ->> 0, cast(:kind as varchar), m.value ->> 1, cast(:at as bigint), 'waiting',
           cast(:at as bigint), cast(:gives_up_at as bigint)
      from json_array_elements(cast(:events as json)) m
      cross join webhook_endpoints e
     where {_ASKED}
       for key share of e
    """,
)


def _write(session: Session, license_id: str, kind: str, told: Sequence[dict[str, Any]], *, now: datetime) -> None:
    events = json.dumps([[new_id(), json.dumps({"license": license_id} | data)] for data in told])
    given_up = micros(now + TRIED_FOR)
    _WRITE.send(session, license_id=license_id, kind=kind, events=events, at=micros(now), gives_up_at=given_up)


def tell_of_batch(
    session: Session,
    movement: Movement,
    posted: Posted,
    rows: Sequence[Sequence[Any]],
    *,
    before: rules.Pool,
    after: rules.Pool,
) -> None:
    """A batch was posted; `rows` begin with a member and the id of their transfer each, in the journal's order."""
    if rows:
        data: dict[str, Any] = {
            "resource": movement.resource,
            "batch": posted.batch_id,
            "kind": movement.kind,
            "amount_each": movement.amount_each or None,
            "people": posted.people,
            "total": posted.total,
            "pool": posted.pool_after,
            "members": [row[0] for row in rows[:MOST_MEMBERS]],
            "others_after": rows[MOST_MEMBERS - 1][1] if len(rows) > MOST_MEMBERS else None,
        }
        _write(session, movement.license_id, ALLOTTED, [data], now=movement.at)
    if crossed := rules.thresholds_crossed(before, after, bundle=movement.bundle):
        data = {"resource": movement.resource, "pool": after.balance, "issued": after.issued, "crossed": crossed}
        _write(session, movement.license_id, POOL_LOW, [data], now=movement.at)


_NOTE_WAIT = Sql(
    f"""
    insert into announced_waits (license_id, resource, member_id, received)
    select cast(:license_id as varchar), :resource, :member_id, cast(:received as bigint)
     where exists (select 1 from webhook_endpoints e where {_ASKED})
    on conflict (license_id, resource, member_id) do update set received = excluded.received
     where announced_waits.received <> excluded.received
    """
)


@dataclass(frozen=True)
class Wait:
    """A student who needed a bundle while the pool was too small; all figures in units."""

    license_id: str
    resource: str
    member_id: str
    standing: rules.Standing
    needed: int
    pool: int


def tell_of_wait(session: Session, wait: Wait, *, now: datetime) -> None:
    """A student waits: told once until something is allotted to them. Their account must be locked."""
    noted = _NOTE_WAIT.run(
        session,
        license_id=wait.license_id,
        resource=wait.resource,
        member_id=wait.member_id,
        received=wait.standing.received,  # it changes with each allotment, and with nothing else
        kind=MEMBER_WAITING,
    )
    if noted.rowcount == 1:
        data = {
            "resource": wait.resource,
            "member": wait.member_id,
            "available": wait.standing.available,
            "needed": wait.needed,
            "pool": wait.pool,
        }
        _write(session, wait.license_id, MEMBER_WAITING, [data], now=now)


def tell_of_expiry(
    session: Session,
    license_id: str,
    resource: str,
    member_id: str,
    expired: Sequence[tuple[str, int, int]],
    *,
    now: datetime,
) -> None:
    """Holds of a member ran out, each by its id, amount and time in microseconds: an event for each."""
    told = [
        {
            "resource": resource,
            "member": member_id,
            "hold": hold_id,
            "amount": amount,
            "expires_at": moment(expires_us).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        }
        for hold_id, amount, expires_us in expired
    ]
    _write(session, license_id, HOLD_EXPIRED, told, now=now)
