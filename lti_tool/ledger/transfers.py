"""The journal, and the only statements in the product that change a balance.

Units move outside -> pool (grant, purchase), pool -> member (auto and manual allotment), member -> used (spend) and
pool -> outside (refund). A row names its member or none; no kind leads from a member to the pool (R2, R4).
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import BigInteger, ForeignKeyConstraint, String, Text
from sqlalchemy.orm import Mapped, Session, mapped_column

from lti_tool.db import Base, Instant, Sql, Write, micros
from lti_tool.ids import new_id
from lti_tool.ledger import events, rules
from lti_tool.ledger.movements import Actor, Movement, Posted, Share
from lti_tool.ledger.refusals import FormReused, PoolShort
from lti_tool.sending import Sent


class Batch(Base):
    """One operation on a pool; its people's transfers name it. `pool_version` numbers a pool's batches gaplessly."""

    __tablename__ = "batches"
    __table_args__ = (ForeignKeyConstraint(["license_id", "resource"], ["pools.license_id", "pools.resource"]),)

    license_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    resource: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    pool_version: Mapped[int] = mapped_column(BigInteger)
    pool_balance_after: Mapped[int] = mapped_column(BigInteger)
    amount_each: Mapped[int | None] = mapped_column(BigInteger)
    """None where each of its people got an amount of their own: their transfers say which."""
    people: Mapped[int] = mapped_column(BigInteger)
    total: Mapped[int] = mapped_column(BigInteger)
    actor_kind: Mapped[str] = mapped_column(Text)
    actor_id: Mapped[str | None] = mapped_column(Text)
    note: Mapped[str | None] = mapped_column(Text)
    policy_version: Mapped[int | None] = mapped_column(BigInteger)
    request_key: Mapped[str | None] = mapped_column(Text)
    request_hash: Mapped[str | None] = mapped_column(Text)
    corrects_batch: Mapped[str | None] = mapped_column(String(36))
    at: Mapped[datetime] = mapped_column(Instant)


class Transfer(Base):
    """One movement of units, never updated or deleted (R2)."""

    __tablename__ = "transfers"
    __table_args__ = (
        ForeignKeyConstraint(["license_id", "batch_id"], ["batches.license_id", "batches.id"]),
        ForeignKeyConstraint(
            ["license_id", "resource", "member_id"],
            ["accounts.license_id", "accounts.resource", "accounts.member_id"],
        ),
    )

    license_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    resource: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    amount: Mapped[int] = mapped_column(BigInteger)
    member_id: Mapped[str | None] = mapped_column(String(36))
    member_version: Mapped[int | None] = mapped_column(BigInteger)
    member_balance_after: Mapped[int | None] = mapped_column(BigInteger)
    batch_id: Mapped[str | None] = mapped_column(String(36))
    hold_id: Mapped[str | None] = mapped_column(String(36))
    actor_kind: Mapped[str] = mapped_column(Text)
    actor_id: Mapped[str | None] = mapped_column(Text)
    reference: Mapped[str | None] = mapped_column(Text)
    note: Mapped[str | None] = mapped_column(Text)
    corrects_transfer: Mapped[str | None] = mapped_column(String(36))
    at: Mapped[datetime] = mapped_column(Instant)


_CREDIT_MEMBERS = Sql(
    # LIMIT has SQLite read the list once, and not for each account of the licence (R18: 10,000 took minutes).
    """
    update accounts
       set balance = balance + s.amount, received = received + s.amount, version = version + 1
      from (select json_extract(value, '$[0]') as member_id, json_extract(value, '$[2]') as amount
              from json_each(:shares) limit -1) s
     where license_id = :license_id and resource = :resource and accounts.member_id = s.member_id
    """,
    postgresql="""
    update accounts
       set balance = balance + s.amount, received = received + s.amount, version = version + 1
      from (select value ->> 0 as member_id, cast(value ->> 2 as bigint) as amount
              from json_array_elements(cast(:shares as json))) s
     where license_id = :license_id and resource = :resource and accounts.member_id = s.member_id
    """,
)

_CHANGED_POOL = f"""
    update pools set balance = balance + :change, issued = issued + :issued_change, version = version + 1
     where license_id = :license_id and resource = :resource and balance + :change >= 0
    returning balance as pool_balance_after, version as pool_version, issued, {events.IS_HEARD} as is_heard
"""
_CHANGE_POOL = Sql(_CHANGED_POOL)

_BATCH_COLUMNS = """
    insert into batches (license_id, id, resource, kind, pool_version, pool_balance_after, amount_each, people, total,
                         actor_kind, actor_id, note, policy_version, request_key, request_hash, corrects_batch, at)
"""
_BATCH_ROW = """
    :license_id, :batch_id, :resource, :kind, :pool_version, :pool_balance_after, :amount_each, :people, :total,
    :actor_kind, :actor_id, :note, :policy_version, :request_key, :request_hash, :corrects_batch, :at
"""

_INSERT_BATCH = Sql(
    f"""
    {_BATCH_COLUMNS} values ({_BATCH_ROW})
    on conflict (license_id, request_key) do nothing
    returning id
    """
)

_JOURNAL_COLUMNS = """
    insert into transfers (license_id, id, resource, kind, amount, member_id, member_version, member_balance_after,
                           batch_id, actor_kind, actor_id, note, reference, at)
"""

_JOURNAL_POOL = Sql(
    _JOURNAL_COLUMNS
    + """
    values (:license_id, :id, :resource, :kind, :amount, null, null, null, :batch_id, :actor_kind, :actor_id, :note,
            :reference, :at)
    """
)

# LEFT JOIN, so that whoever has no account makes the database refuse instead of dropping out.
_JOURNAL_MEMBERS = Sql(
    _JOURNAL_COLUMNS
    + """
    select :license_id, json_extract(m.value, '$[1]'), :resource, :kind, json_extract(m.value, '$[2]'),
           json_extract(m.value, '$[0]'), a.version, a.balance,
           :batch_id, :actor_kind, :actor_id, coalesce(json_extract(m.value, '$[3]'), :note), null, :at
      from json_each(:shares) m
      left join accounts a on a.license_id = :license_id and a.resource = :resource
       and a.member_id = json_extract(m.value, '$[0]')
    """,
    postgresql=_JOURNAL_COLUMNS
    + """
    select :license_id, m.value ->> 1, :resource, :kind, cast(m.value ->> 2 as bigint), m.value ->> 0, a.version,
           a.balance, :batch_id, :actor_kind, :actor_id, coalesce(m.value ->> 3, :note), null, :at
      from json_array_elements(cast(:shares as json)) m
      left join accounts a on a.license_id = :license_id and a.resource = :resource and a.member_id = m.value ->> 0
    """,
)


_CREDITED = """
    update accounts
       set balance = balance + :amount_each, received = received + :amount_each,
           auto_received = auto_received + :amount_each, version = version + 1
       {pool}
     where license_id = :license_id and resource = :resource and member_id = :member_id
"""
_JOURNALED = (
    _JOURNAL_COLUMNS
    + """
    select :license_id, :transfer_id, :resource, :kind, :amount_each, :member_id, a.version, a.balance,
           :batch_id, :actor_kind, :actor_id, :note, null, :at
      from {account}
    """
)

_GIVE_BUNDLES = Write(
    _CHANGED_POOL,
    _CREDITED.format(pool=""),
    f"{_BATCH_COLUMNS} values ({_BATCH_ROW})",
    _JOURNALED.format(
        account="""(select 1) one
      left join accounts a on a.license_id = :license_id and a.resource = :resource and a.member_id = :member_id"""
    ),
    postgresql=f"""
    with pool as ({_CHANGED_POOL}),
    account as ({_CREDITED.format(pool="from pool")} returning version, balance),
    batch as ({_BATCH_COLUMNS} select {_BATCH_ROW.replace(":pool_", "pool.pool_")} from pool),
    journal as ({_JOURNALED.format(account="pool left join account a on true")})
    select * from pool
    """,
)


def give_bundles(session: Session, movement: Movement, member_id: str) -> Posted:
    """As `post`, for bundles that one member gets automatically: on PostgreSQL one statement.

    That is right because its only condition after a wait, the pool's, is on the row that it updates; the member's
    account must be locked by the caller. Raises PoolShort; then nothing was done.
    """
    batch_id, transfer_id, amount = new_id(), new_id(), movement.amount_each
    row = _row(movement) | _batch_row(movement, batch_id, people=1, total=amount)
    give = partial(_GIVE_BUNDLES.send, session, **row, member_id=member_id, transfer_id=transfer_id)
    pool = _change_pool(session, movement, amount, give)
    posted = Posted(batch_id, amount, 1, pool.after.balance)
    if pool.is_heard:
        events.tell_of_batch(
            session, movement, posted, [[member_id, transfer_id]], before=pool.before, after=pool.after
        )
    return posted


def post(session: Session, movement: Movement, *, member_ids: Sequence[str] = ()) -> Posted:
    """Moves units between outside, pool and members, with the batch and its journal rows: all of it, or an error.

    Not for automatic bundles: `give_bundles` alone counts them as such (`auto_received`).

    The members' account rows must be locked by the caller, and named once each. Raises PoolShort when the pool has too
    few, FormReused when another batch with the same request key came first; then the transaction must end.
    """
    return post_shares(session, movement, [Share(member_id, movement.amount_each) for member_id in member_ids])


def post_shares(session: Session, movement: Movement, shares: Sequence[Share]) -> Posted:
    """As `post`, with what each of the members gets."""
    assert movement.kind != "auto_allotment"  # that must be counted as received automatically, too
    total = sum(share.amount for share in shares) if shares else movement.amount_each
    # Members are locked already, so the pool is the last lock taken; debited first, a short pool has nothing to undo.
    pool = _change_pool(session, movement, total, partial(_CHANGE_POOL.send, session, **_pool(movement)))
    rows = [[share.member_id, new_id(), share.amount, share.note] for share in shares]
    told = json.dumps(rows)
    if shares:
        _CREDIT_MEMBERS.send(session, **_pool(movement), shares=told)
    batch_id = new_id()
    common = _row(movement)
    batch = _batch_row(movement, batch_id, people=len(shares), total=total)
    inserted = _INSERT_BATCH.send(
        session, **common, **batch, pool_version=pool.version, pool_balance_after=pool.after.balance
    )
    if movement.request_key and inserted.first() is None:
        # Only another wish can get here: the same one would have queued at the members' locks and been found (R17).
        raise FormReused()
    if shares:
        _JOURNAL_MEMBERS.send(session, **common, batch_id=batch_id, shares=told)
    else:
        journal = {"amount": total, "batch_id": batch_id, "id": new_id(), "reference": movement.reference}
        _JOURNAL_POOL.send(session, **common, **journal)
    posted = Posted(batch_id, total, len(shares), pool.after.balance)
    if pool.is_heard:
        events.tell_of_batch(session, movement, posted, rows, before=pool.before, after=pool.after)
    return posted


def _pool(movement: Movement) -> dict[str, object]:
    return {"license_id": movement.license_id, "resource": movement.resource}


def _row(movement: Movement) -> dict[str, object]:
    """What a batch's row and its people's have in common."""
    return _pool(movement) | {
        "kind": movement.kind,
        "actor_kind": movement.actor.kind,
        "actor_id": movement.actor.id,
        "note": movement.note,
        "at": micros(movement.at),
    }


def _batch_row(movement: Movement, batch_id: str, *, people: int, total: int) -> dict[str, object]:
    return {
        "batch_id": batch_id,
        "amount_each": movement.amount_each or None,
        "people": people,
        "total": total,
        "policy_version": movement.policy_version,
        "request_key": movement.request_key,
        "request_hash": movement.request_hash,
        "corrects_batch": movement.corrects_batch,
    }


@dataclass(frozen=True)
class _Changed:
    """A pool's figures around one change, and whether the licence has an endpoint that may want to know."""

    before: rules.Pool
    after: rules.Pool
    version: int
    is_heard: bool


def _change_pool(session: Session, movement: Movement, total: int, send: Callable[..., Sent]) -> _Changed:
    # Guarded by its own WHERE: the row is hot, and a look before the lock could not be trusted.
    change = total if movement.kind in ("grant", "purchase") else -total
    issued_change = change if movement.kind in ("grant", "purchase", "refund") else 0
    while (row := send(change=change, issued_change=issued_change).first()) is None:
        pool = pool_balance(session, movement.license_id, movement.resource)
        if pool < total:  # else it was filled between the two statements
            raise PoolShort(needed=total, pool=pool)
    balance, version, issued, is_heard = row
    before = rules.Pool(balance - change, issued - issued_change)
    return _Changed(before, rules.Pool(balance, issued), version, bool(is_heard))


_POOL_BALANCE = Sql("select balance from pools where license_id = :license_id and resource = :resource")


def pool_balance(session: Session, license_id: str, resource: str) -> int:
    """What the pool has left, in units, as this transaction sees it."""
    return int(_POOL_BALANCE.run(session, license_id=license_id, resource=resource).scalar_one())


_LOCK_POOL = Sql(
    "select balance from pools where license_id = :license_id and resource = :resource",
    # Not FOR UPDATE: an insert that names the pool as a parent would wait for it, and it for the insert's own locks.
    postgresql="select balance from pools where license_id = :license_id and resource = :resource for no key update",
)


def lock_pool(session: Session, license_id: str, resource: str) -> int:
    """What the pool has left, in units; nobody else changes it before this transaction ends."""
    return int(_LOCK_POOL.run(session, license_id=license_id, resource=resource).scalar_one())


_DEBIT = Sql(
    """
    update accounts
       set balance = balance - :amount, used = used + :amount, held = held - :from_held, version = version + 1
     where license_id = :license_id and resource = :resource and member_id = :member_id
    """
)

_JOURNAL_SPEND_COLUMNS = """
    insert into transfers (license_id, id, resource, kind, amount, member_id, member_version, member_balance_after,
                           hold_id, actor_kind, actor_id, reference, at)
"""

_JOURNAL_SPEND = Sql(
    _JOURNAL_SPEND_COLUMNS
    + """
    select :license_id, :id, :resource, 'spend', :amount, :member_id, a.version, a.balance, :hold_id,
           :actor_kind, :actor_id, :reference, :at
      from (select 1 as row) one
      left join accounts a on a.license_id = :license_id and a.resource = :resource and a.member_id = :member_id
    """
)

SPEND_AT_ONCE = f"""
    account as (
        update accounts set balance = balance - :amount, used = used + :amount, version = version + 1
          from wanted
         where accounts.license_id = wanted.license_id and resource = :resource and member_id = :member_id
           and balance - held >= :amount and not frozen
           and (held = 0 or not exists (
                    select 1 from holds h
                     where h.license_id = accounts.license_id and h.resource = accounts.resource
                       and h.member_id = accounts.member_id and h.status = 'held' and h.expires_at <= wanted.now))
        returning accounts.license_id, version, balance, held, used, received, wanted.now
    ), journal as (
        {_JOURNAL_SPEND_COLUMNS}
        select license_id, :id, :resource, 'spend', :amount, :member_id, version, balance, null,
               :actor_kind, :actor_id, :reference, now
          from account
    )
"""
"""`post_spend` without a hold as parts of one statement, which only PostgreSQL can: `wanted` names the licence and the
time, `account` has the figures afterwards, or no row. What decides is on the row itself, so it holds after any wait;
beside that, whoever has a hold past its time is left to those who free it, or its units would be told as held (R19)."""


def post_spend(
    session: Session,
    license_id: str,
    resource: str,
    member_id: str,
    *,
    amount: int,
    actor: Actor,
    now: datetime,
    reference: str | None = None,
    hold_id: str | None = None,
    from_held: int = 0,
) -> str:
    """Takes units from a member for good, and returns the transfer's id.

    The account must be locked by the caller and cover the amount: the database refuses what does not, with an error.
    `from_held` is how much of what is held goes free in the same step (a capture frees its whole hold).
    """
    common = {"license_id": license_id, "resource": resource, "member_id": member_id, "amount": amount}
    _DEBIT.send(session, **common, from_held=from_held)
    transfer_id = new_id()
    _JOURNAL_SPEND.send(
        session,
        **common,
        id=transfer_id,
        hold_id=hold_id,
        actor_kind=actor.kind,
        actor_id=actor.id,
        reference=reference,
        at=micros(now),
    )
    return transfer_id
