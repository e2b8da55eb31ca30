"""Units leave the pool for members: by hand to one or many, or automatically in bundles when they are needed."""

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from lti_tool.db import Sql
from lti_tool.ledger import events, rules
from lti_tool.ledger.movements import SYSTEM, Actor, Movement, Posted
from lti_tool.ledger.refusals import AmountInvalid, FormReused, NotActive, PoolShort
from lti_tool.ledger.transfers import post
from lti_tool.settings import Resource

LARGEST_AMOUNT = 10_000
LONGEST_NOTE = 200


def allot(
    session: Session,
    license_id: str,
    resource: Resource,
    *,
    member_ids: Collection[str],
    each: int,
    actor: Actor,
    now: datetime,
    note: str | None = None,
    request_key: str | None = None,
) -> Posted:
    """Gives every member the same number of units by hand: everybody gets it, or nobody does (R15, R18).

    `request_key` makes a repeated form one batch (R17). Raises AmountInvalid, NotActive (somebody left, or is not of
    this licence), PoolShort with the missing number (R16), FormReused (same key, other wishes).
    """
    people = sorted(set(member_ids))
    _check(people, each, note)
    wishes = hashlib.sha256(json.dumps([resource.name, people, each, note]).encode()).hexdigest()
    active = _lock_active(session, license_id, resource, people)
    # Under the locks, so that a second click finds the first; before any guard, so that it gets the first's answer.
    if request_key and (earlier := _posted_before(session, license_id, request_key, wishes)):
        return earlier
    if active != len(people):
        raise NotActive("Somebody you picked has left the course. Nobody got anything.", missing=len(people) - active)
    movement = Movement(
        license_id,
        resource.name,
        "manual_allotment",
        amount_each=each,
        actor=actor,
        at=now,
        note=note,
        bundle=resource.bundle,
        request_key=request_key,
        request_hash=wishes if request_key else None,
    )
    return post(session, movement, member_ids=people)


def _check(people: list[str], each: int, note: str | None) -> None:
    if not people:
        raise AmountInvalid("Pick at least one person.", field="members")
    if not 1 <= each <= LARGEST_AMOUNT:
        raise AmountInvalid(f"Enter a whole number from 1 to {LARGEST_AMOUNT:,}.", field="amount")
    if note and len(note) > LONGEST_NOTE:
        raise AmountInvalid(f"A note has at most {LONGEST_NOTE} characters; this one has {len(note)}.", field="note")


_LOCK_ACTIVE = Sql(
    """
    select count(*) from accounts
     where license_id = :license_id and resource = :resource and not frozen
       and member_id in (select value from json_each(:member_ids))
    """,
    postgresql="""
    select count(*) from (
        select 1 from accounts
         where license_id = :license_id and resource = :resource and not frozen
           and member_id in (select value from json_array_elements_text(cast(:member_ids as json)))
         order by member_id for update) locked
    """,
)


def _lock_active(session: Session, license_id: str, resource: Resource, people: list[str]) -> int:
    # Ascending ids, so that overlapping batches queue instead of deadlocking.
    parameters = {"license_id": license_id, "resource": resource.name, "member_ids": json.dumps(people)}
    return int(_LOCK_ACTIVE.run(session, **parameters).scalar_one())


_EARLIER = Sql(
    "select id, total, people, pool_balance_after, request_hash from batches"
    " where license_id = :license_id and request_key = :request_key"
)


def _posted_before(session: Session, license_id: str, request_key: str, wishes: str) -> Posted | None:
    row = _EARLIER.run(session, license_id=license_id, request_key=request_key).first()
    if row is None:
        return None
    batch_id, total, people, pool_after, saved_wishes = row
    if saved_wishes != wishes:
        raise FormReused
    return Posted(batch_id, total, people, pool_after)


@dataclass(frozen=True)
class TopUp:
    """What an automatic top-up did: units allotted (0 is usual), and if a need stays uncovered, why."""

    allotted: int
    why_none: rules.Why | None
    standing: rules.Standing
    maximum: int
    pool: int


_LOCK_MEMBER = Sql(
    """
    select balance, held, used, received, frozen from accounts
     where license_id = :license_id and resource = :resource and member_id = :member_id
    """,
    postgresql="""
    select balance, held, used, received, frozen from accounts
     where license_id = :license_id and resource = :resource and member_id = :member_id
       for update
    """,
)

_DECIDE = Sql(
    f"""
    select p.balance, coalesce(s.maximum, 0), coalesce(s.version, 0), {events.IS_HEARD}
      from pools p
      left join policies s on s.license_id = p.license_id and s.resource = p.resource
     where p.license_id = :license_id and p.resource = :resource
     order by s.version desc limit 1
    """
)


def lock_member(
    session: Session, license_id: str, resource: str, member_id: str, *, frozen_too: bool = False
) -> rules.Standing:
    """Locks the member's account until the transaction ends and returns its figures.

    Raises NotActive if the member has no account, or left every course (R20) unless `frozen_too` says it is no matter:
    an export that was under way ends as it would have.
    """
    row = _LOCK_MEMBER.run(session, license_id=license_id, resource=resource, member_id=member_id).first()
    if row is None or (row[4] and not frozen_too):
        raise NotActive("This member has left the course; the credits wait for their return.")
    balance, held, used, received, _ = row
    return rules.Standing(available=balance - held, held=held, used=used, received=received)


def top_up(
    session: Session,
    license_id: str,
    resource: Resource,
    member_id: str,
    *,
    need: int,
    standing: rules.Standing,
    now: datetime,
    actor: Actor = SYSTEM,
) -> TopUp:
    """Allots as few bundles as make the need covered, or none (R9 to R12, R14).

    `standing` comes from `lock_member` in the same transaction: the lock is what makes it exactly once.
    """
    # Locked in one statement, decided in the next: at READ COMMITTED a single statement would decide on old figures.
    row = _DECIDE.run(session, license_id=license_id, resource=resource.name).first()
    pool, maximum, version, is_heard = row if row else (0, 0, 0, False)
    decision = rules.bundles_due(
        need,
        available=standing.available,
        received=standing.received,
        maximum=maximum,
        pool=pool,
        bundle=resource.bundle,
    )
    amount = decision.bundles * resource.bundle
    movement = Movement(
        license_id,
        resource.name,
        "auto_allotment",
        amount_each=amount,
        actor=actor,
        at=now,
        bundle=resource.bundle,
        policy_version=version,
    )
    why_none = decision.why_none
    try:
        posted = post(session, movement, member_ids=[member_id]) if decision.bundles else None
    except PoolShort as short:
        # Others emptied the pool between our look and our debit; the student's launch must still succeed (R11).
        posted, why_none, pool = None, rules.Why.POOL, short.pool
    if posted is None:
        if is_heard and why_none is rules.Why.POOL:
            wait = events.Wait(license_id, resource.name, member_id, standing, needed=need, pool=pool)
            events.tell_of_wait(session, wait, now=now)
        return TopUp(0, why_none, standing, maximum, pool)
    after = replace(standing, available=standing.available + amount, received=standing.received + amount)
    return TopUp(amount, None, after, maximum, posted.pool_after)


def top_up_at_launch(
    session: Session, license_id: str, resource: Resource, member_id: str, *, now: datetime, actor: Actor = SYSTEM
) -> TopUp:
    """One launch of an active student: a bundle if they have nothing left, available and held together (R8)."""
    standing = lock_member(session, license_id, resource.name, member_id)
    need = 1 if standing.available + standing.held == 0 else 0
    return top_up(session, license_id, resource, member_id, need=need, standing=standing, now=now, actor=actor)
