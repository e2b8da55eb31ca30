"""What happened lately among the members within reach, and to the licence itself."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import Session

from lti_tool.ledger import journal
from lti_tool.ledger.accounts import Account
from lti_tool.ledger.holds import Hold
from lti_tool.ledger.transfers import Transfer
from lti_tool.members.people import Enrollment, Member, Person, pseudonym
from lti_tool.members.reach import Reach


@dataclass(frozen=True)
class Event:
    """One thing that happened: `kind` is a transfer's kind or "hold"; `name` is empty for the licence itself.

    A batch is one event: `people` is how many of those within reach it gave `amount` units each.
    """

    at: datetime
    kind: str
    amount: int
    name: str
    people: int
    actor_id: str | None
    words: str | None


def recent(
    session: Session, within: Reach, resource: str, *, now: datetime, of_license: bool, limit: int = 6
) -> list[Event]:
    """The newest events, newest first; `of_license` adds what the licence itself received or gave back."""
    events = _transfers(session, within, resource, limit=limit) + _holds(
        session, within, resource, now=now, limit=limit
    )
    if of_license:
        events += _pool(session, within.license_id, resource, limit=limit)
    return sorted(events, key=lambda event: event.at, reverse=True)[:limit]


def _transfers(session: Session, within: Reach, resource: str, *, limit: int) -> list[Event]:
    # Each account knows its newest version, so that this reads a few rows a member by key, and never the journal.
    newest = and_(
        Transfer.license_id == Account.license_id,
        Transfer.resource == Account.resource,
        Transfer.member_id == Account.member_id,
        Transfer.member_version > Account.version - limit,
    )
    one = func.coalesce(Transfer.batch_id, Transfer.id)
    latest = (
        select(func.max(Transfer.id).label("id"), func.count().label("people"), func.max(Transfer.at).label("at"))
        .select_from(Account)
        .join(Transfer, newest)
        .where(Account.license_id == within.license_id, Account.resource == resource)
        .where(Account.member_id.in_(_members(within)))
        .group_by(one)
        .order_by(func.max(Transfer.at).desc(), func.max(Transfer.id).desc())
        .limit(limit)
        .subquery()
    )
    rows = session.execute(
        select(Transfer, latest.c.people, Person.id, Person.name)
        .join(latest, latest.c.id == Transfer.id)
        .join(Member, Member.id == Transfer.member_id)
        .join(Person, Person.id == Member.person_id)
        .where(Transfer.license_id == within.license_id)
    )
    return [
        Event(
            at=transfer.at,
            kind=transfer.kind,
            amount=transfer.amount,
            name=name or pseudonym(person_id),
            people=people,
            actor_id=transfer.actor_id if transfer.actor_kind == "person" else None,
            words=transfer.reference or transfer.note,
        )
        for transfer, people, person_id, name in rows
    ]


def _holds(session: Session, within: Reach, resource: str, *, now: datetime, limit: int) -> list[Event]:
    rows = session.execute(
        select(Hold, Person.id, Person.name)
        .join(Member, Member.id == Hold.member_id)
        .join(Person, Person.id == Member.person_id)
        .where(Hold.license_id == within.license_id, Hold.resource == resource)
        .where(Hold.status == "held", Hold.expires_at > now, Hold.member_id.in_(_members(within)))
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
