"""What happened lately among the members within reach, and to the licence itself."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ScalarSelect, Select, SQLColumnExpression, and_, func, select
from sqlalchemy.orm import Session

from lti_tool.db import Sql
from lti_tool.ledger import journal
from lti_tool.ledger.accounts import Account
from lti_tool.ledger.holds import Hold
from lti_tool.ledger.transfers import Batch, Transfer
from lti_tool.members.people import Enrollment, Member, Person, pseudonym
from lti_tool.members.reach import Reach


@dataclass(frozen=True)
class Event:
    """One thing that happened: `kind` is a transfer's kind or "hold"; `name` is empty for the licence itself.

    A batch is one event: `people` is how many of those within reach it gave `amount` units each, or, where each got an
    amount of their own, `amount` units in all.
    """

    at: datetime
    kind: str
    amount: int
    name: str
    people: int
    actor_id: str | None
    words: str | None
    is_each: bool = True


_TAIL = 200
"""How many of a licence's last movements are looked through for those within reach."""

_HERE = """
    exists (select 1 from enrollments e
             where e.license_id = :license_id and e.member_id = t.member_id
               and e.context_id in (select value from CONTEXTS))
"""


def _here(statement: str) -> Sql:
    text = statement.replace("HERE", _HERE)
    return Sql(
        text.replace("CONTEXTS", "json_each(:contexts)").replace("BATCHES", "json_each(:batches)"),
        postgresql=text.replace("CONTEXTS", "json_array_elements_text(cast(:contexts as json))").replace(
            "BATCHES", "json_array_elements_text(cast(:batches as json))"
        ),
    )


_LAST_SPENDS = _here(
    """
    select t.id, t.resource = :resource and HERE
      from (select id, resource, member_id from transfers
             where license_id = :license_id and batch_id is null
             order by batch_id desc, id desc limit :most) t
     order by t.id desc
    """
)

# Each batch by its own look into the index: asked as a join, a planner may prefer the whole journal.
_LAST_BATCHES = _here(
    """
    select last.id, (select t.id from transfers t
                      where t.license_id = :license_id and t.batch_id = last.id and HERE limit 1) is not null
      from (select id, pool_version from batches
             where license_id = :license_id and resource = :resource
             order by pool_version desc limit :most) last
     order by last.pool_version desc
    """
)

_GIVEN = _here(
    """
    select (select max(t.id) from transfers t
             where t.license_id = :license_id and t.batch_id = given.value and HERE),
           (select count(*) from transfers t
             where t.license_id = :license_id and t.batch_id = given.value and HERE),
           (select cast(sum(t.amount) as bigint) from transfers t
             where t.license_id = :license_id and t.batch_id = given.value and HERE)
      from BATCHES given
    """
)


def recent(
    session: Session,
    within: Reach,
    resource: str,
    *,
    now: datetime,
    of_license: bool,
    limit: int = 6,
) -> list[Event]:
    """The newest events, newest first; `of_license` adds what the licence itself received or gave back."""
    events = _transfers(session, within, resource, limit=limit)
    events += _holds(session, within, resource, now=now, limit=limit)
    if of_license:
        events += _pool(session, within.license_id, resource, limit=limit)
    return sorted(events, key=lambda event: event.at, reverse=True)[:limit]


def _transfers(session: Session, within: Reach, resource: str, *, limit: int) -> list[Event]:
    latest = _of_the_last(session, within, resource, limit=limit)
    if latest is None:
        latest = _of_each(session, within, resource, limit=limit)
    rows = session.execute(
        select(Transfer, _of_its_batch(Batch.amount_each.is_(None)), _of_its_batch(Batch.note), Person.id, Person.name)
        .join(Member, Member.id == Transfer.member_id)
        .join(Person, Person.id == Member.person_id)
        .where(Transfer.license_id == within.license_id, Transfer.id.in_(latest))
    )
    events = []
    for transfer, is_uneven, note, person_id, name in rows:
        people, total = latest[transfer.id]
        is_each = people == 1 or not is_uneven
        event = Event(
            at=transfer.at,
            kind=transfer.kind,
            amount=transfer.amount if is_each else total,
            name=name or pseudonym(person_id),
            people=people,
            actor_id=transfer.actor_id if transfer.actor_kind == "person" else None,
            words=transfer.reference or (transfer.note if people == 1 else note),  # not what is said to one of them
            is_each=is_each,
        )
        events.append(event)
    return events


def _of_its_batch(column: SQLColumnExpression[Any]) -> ScalarSelect[Any]:
    """By a look of its own into the index for each: asked as a join, a planner may prefer all batches."""
    its = (Batch.license_id == Transfer.license_id, Batch.id == Transfer.batch_id)
    return select(column).where(*its).correlate(Transfer).scalar_subquery()


def _of_each(session: Session, within: Reach, resource: str, *, limit: int) -> dict[str, tuple[int, int]]:
    """A transfer of each of the newest events, with its people and units: from the last few of every member."""
    # Each account knows its newest version, so that this reads a few rows a member by key, and never the journal.
    newest = and_(
        Transfer.license_id == Account.license_id,
        Transfer.resource == Account.resource,
        Transfer.member_id == Account.member_id,
        Transfer.member_version > Account.version - limit,
    )
    latest = (
        select(func.max(Transfer.id), func.count(), func.sum(Transfer.amount))
        .select_from(Account)
        .join(Transfer, newest)
        .where(Account.license_id == within.license_id, Account.resource == resource)
        .where(Account.member_id.in_(_members(within)))
        .group_by(func.coalesce(Transfer.batch_id, Transfer.id))
        .order_by(func.max(Transfer.at).desc(), func.max(Transfer.id).desc())
        .limit(limit)
    )
    return {id_: (people, int(total)) for id_, people, total in session.execute(latest)}


def _of_the_last(session: Session, within: Reach, resource: str, *, limit: int) -> dict[str, tuple[int, int]] | None:
    """As `_of_each`, from the last movements of the whole licence; None where too few of them are within reach."""
    where = {"license_id": within.license_id, "resource": resource, "contexts": json.dumps(list(within.courses))}
    spends = _LAST_SPENDS.run(session, **where, most=_TAIL).all()
    batches = _LAST_BATCHES.run(session, **where, most=_TAIL).all()
    here = [id_ for id_, is_here in spends if is_here][:limit], [id_ for id_, is_here in batches if is_here][:limit]
    if any(len(found) < limit and len(seen) == _TAIL for found, seen in zip(here, (spends, batches), strict=True)):
        return None
    given = _GIVEN.run(session, **where, batches=json.dumps(here[1]))
    return dict.fromkeys(here[0], (1, 0)) | {id_: (people, total) for id_, people, total in given}


def _holds(session: Session, within: Reach, resource: str, *, now: datetime, limit: int) -> list[Event]:
    rows = session.execute(
        select(Hold, Person.id, Person.name)
        .join(Member, Member.id == Hold.member_id)
        .join(Person, Person.id == Member.person_id)
        .where(Hold.license_id == within.license_id, Hold.resource == resource)
        .where(Hold.status == "held", Hold.expires_at > now)
        # Asked of each hold, which are few: as a list of members it would be made of all of them first.
        .where(_members(within).where(Enrollment.member_id == Hold.member_id).exists())
        .order_by(Hold.at.desc())
        .limit(limit)
    )
    return [
        Event(hold.at, "hold", hold.amount, name or pseudonym(person_id), 1, None, hold.reference)
        for hold, person_id, name in rows
    ]


def _pool(session: Session, license_id: str, resource: str, *, limit: int) -> list[Event]:
    return [
        Event(batch.at, batch.kind, batch.total, "", 0, None, batch.note)
        for batch in journal.batches(session, license_id, resource, limit=4 * limit)
        if batch.people == 0
    ]


def _members(within: Reach) -> Select[str]:
    return select(Enrollment.member_id).where(
        Enrollment.license_id == within.license_id, Enrollment.context_id.in_(within.courses)
    )
