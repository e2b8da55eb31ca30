"""Units leave the pool for members: by hand to one or many, or automatically in bundles when they are needed."""

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from lti_tool.db import Sql
from lti_tool.language import _
from lti_tool.ledger import events, rules
from lti_tool.ledger.movements import SYSTEM, Actor, Movement, Posted, Share
from lti_tool.ledger.refusals import AmountInvalid, FormReused, NotActive, PoolShort
from lti_tool.ledger.transfers import give_bundles, post_shares
from lti_tool.sending import Sent
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

    `request_key` makes a repeated form one batch (R17). Raises as `allot_shares`.
    """
    shares = [Share(member_id, each) for member_id in set(member_ids)]
    return allot_shares(session, license_id, resource, shares, actor=actor, now=now, note=note, request_key=request_key)


def allot_shares(
    session: Session,
    license_id: str,
    resource: Resource,
    shares: Collection[Share],
    *,
    actor: Actor,
    now: datetime,
    note: str | None = None,
    request_key: str | None = None,
) -> Posted:
    """Gives each member their own share by hand, in one batch: everybody gets it, or nobody does (R15, R18).

    Raises AmountInvalid, NotActive (somebody left, or is not of this licence), PoolShort with the missing number
    (R16), FormReused (same key, other wishes).
    """
    shares = sorted(shares, key=lambda share: share.member_id)
    _check(shares, note)
    told = [[share.member_id, share.amount, share.note] for share in shares]
    wishes = hashlib.sha256(json.dumps([resource.name, told, note]).encode()).hexdigest()
    active = _lock_active(session, license_id, resource, [share.member_id for share in shares])
    # Under the locks, so that a second click finds the first; before any guard, so that it gets the first's answer.
    if request_key and (earlier := _posted_before(session, license_id, request_key, wishes)):
        return earlier
    if active != len(shares):
        raise NotActive(
            _("Somebody you picked has left the course. Nobody got anything."), missing=len(shares) - active
        )
    amounts = {share.amount for share in shares}
    movement = Movement(
        license_id,
        resource.name,
        "manual_allotment",
        amount_each=amounts.pop() if len(amounts) == 1 else 0,
        actor=actor,
        at=now,
        note=note,
        bundle=resource.bundle,
        request_key=request_key,
        request_hash=wishes if request_key else None,
    )
    return post_shares(session, movement, shares)


def _check(shares: list[Share], note: str | None) -> None:
    if not shares:
        raise AmountInvalid(_("Pick at least one person."), field="members")
    if len({share.member_id for share in shares}) != len(shares):
        raise AmountInvalid(_("Somebody is there twice."), field="members")
    if not all(1 <= share.amount <= LARGEST_AMOUNT for share in shares):
        raise AmountInvalid(_("Enter a whole number from 1 to %(most)s.", most=LARGEST_AMOUNT), field="amount")
    longest = max(len(one or "") for one in (note, *(share.note for share in shares)))
    if longest > LONGEST_NOTE:
        words = _("A note has at most %(most)s characters; this one has %(length)s.", most=LONGEST_NOTE, length=longest)
        raise AmountInvalid(words, field="note")


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

TERMS = f"p.balance, coalesce(s.maximum, 0), coalesce(s.version, 0), {events.IS_HEARD}"
"""Columns of `Terms`, from `OF_POOL`."""
OF_POOL = """
      from pools p
      left join policies s on s.license_id = p.license_id and s.resource = p.resource
     where p.license_id = :license_id and p.resource = :resource
     order by s.version desc limit 1
"""
_LOOK = Sql(f"select {TERMS} {OF_POOL}")


@dataclass(frozen=True)
class Terms:
    """What decides on bundles beside the member's figures: the pool's units, the setting in force, who listens."""

    pool: int
    maximum: int
    version: int
    is_heard: bool


def locking(session: Session, license_id: str, resource: str, member_id: str) -> Sent:
    """Sends the lock of the member's account; `standing` reads its answer."""
    return _LOCK_MEMBER.send(session, license_id=license_id, resource=resource, member_id=member_id)


def lock_member(
    session: Session, license_id: str, resource: str, member_id: str, *, frozen_too: bool = False
) -> rules.Standing:
    """Locks the member's account until the transaction ends and returns its figures.

    Raises NotActive if the member has no account, or left every course (R20) unless `frozen_too` says it is no matter:
    an export that was under way ends as it would have.
    """
    return standing(locking(session, license_id, resource, member_id), frozen_too=frozen_too)


def standing(locked: Sent, *, frozen_too: bool = False) -> rules.Standing:
    """The figures of the account that `locking` locked. Raises as `lock_member`."""
    row = locked.first()
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
    figures: rules.Standing,
    terms: Terms,
    now: datetime,
    actor: Actor = SYSTEM,
) -> TopUp:
    """Allots as few bundles as make the need covered, or none (R9 to R12, R14).

    `figures` are of the account that is locked in the same transaction, which is what makes it exactly once; `terms`
    were read by a statement after the lock: at READ COMMITTED a single one would decide on what was before it waited.
    """
    decision = rules.bundles_due(
        need,
        available=figures.available,
        received=figures.received,
        maximum=terms.maximum,
        pool=terms.pool,
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
        policy_version=terms.version,
    )
    why_none, pool = decision.why_none, terms.pool
    try:
        posted = give_bundles(session, movement, member_id) if decision.bundles else None
    except PoolShort as short:
        # Others emptied the pool between our look and our debit; the student's launch must still succeed (R11).
        posted, why_none, pool = None, rules.Why.POOL, short.pool
    if posted is None:
        if terms.is_heard and why_none is rules.Why.POOL:
            wait = events.Wait(license_id, resource.name, member_id, figures, needed=need, pool=pool)
            events.tell_of_wait(session, wait, now=now)
        return TopUp(0, why_none, figures, terms.maximum, pool)
    after = replace(figures, available=figures.available + amount, received=figures.received + amount)
    return TopUp(amount, None, after, terms.maximum, posted.pool_after)


def top_up_at_launch(
    session: Session, license_id: str, resource: Resource, member_id: str, *, now: datetime, actor: Actor = SYSTEM
) -> TopUp:
    """One launch of an active student: a bundle if they have nothing left, available and held together (R8)."""
    locked = locking(session, license_id, resource.name, member_id)
    looked = _LOOK.send(session, license_id=license_id, resource=resource.name)
    figures, terms = standing(locked), Terms(*looked.one())
    need = 1 if figures.available + figures.held == 0 else 0
    return top_up(
        session, license_id, resource, member_id, need=need, figures=figures, terms=terms, now=now, actor=actor
    )
