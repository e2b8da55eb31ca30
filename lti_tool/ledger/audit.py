"""Proves that the books balance (R5), and names each fault: from the journal alone, in a few passes of the database.

Each check is one statement, so it sees one moment of a busy database and raises no false alarm.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy.orm import Session

from lti_tool.db import Sql


@dataclass(frozen=True)
class Fault:
    """Something in the books that cannot be right: a stable code, and ids and figures that lead to it."""

    code: str
    license_id: str | None
    """None for money of which nobody knows whose it is."""
    detail: str


@dataclass(frozen=True)
class Audited:
    """How much an audit went through."""

    licenses: int
    accounts: int
    transfers: int


def audit(session: Session, license_id: str | None = None) -> list[Fault]:
    """All faults of one licence, or of all of them; none if the books balance."""
    return list(faults(session, license_id))


def faults(session: Session, license_id: str | None = None) -> Iterator[Fault]:
    """The faults one after another: however many there are, few are in memory."""
    for check in CHECKS:
        yield from check.run(session, license_id)


def size(session: Session, license_id: str | None = None) -> Audited:
    """What the licence, or all of them, come to."""
    row = _SIZE.of(license_id).run(session, license_id=license_id).one()
    return Audited(*row)


class _Scoped:
    """One text for both scopes: `{a}` becomes "a.license_id = :license_id", or always true."""

    def __init__(self, text: str) -> None:
        self._one = Sql(re.sub(r"\{(\w)\}", r"\1.license_id = :license_id", text))
        self._all = Sql(re.sub(r"\{\w\}", "1 = 1", text))

    def of(self, license_id: str | None) -> Sql:
        """The statement for one licence, or for all."""
        return self._all if license_id is None else self._one


class Check:
    """Rows of (licence, what it is about, then found and proper of each figure); a figure that differs is a fault.

    A proper value of NULL is no opinion; a text says what would be proper where it isn't one number.
    """

    def __init__(self, subject: str, figures: tuple[tuple[str, str], ...], text: str) -> None:
        self.codes = [code for code, _ in figures]
        self._subject = subject
        self._figures = figures
        self._sql = _Scoped(text)

    def run(self, session: Session, license_id: str | None) -> Iterator[Fault]:
        """The faults that this check finds."""
        for owner, name, *values in self._sql.of(license_id).stream(session, license_id=license_id):
            for (code, what), found, proper in zip(self._figures, values[::2], values[1::2], strict=True):
                if proper is not None and found != proper:
                    shown = "missing" if found is None else found
                    yield Fault(code, owner, f"{self._subject} {name}: {what} is {shown}, should be {proper}")


_SIZE = _Scoped(
    """
    select (select count(*) from (select id as license_id from licenses) l where {l}),
           (select count(*) from accounts a where {a}),
           (select count(*) from transfers t where {t})
    """
)

_POOLS = Check(
    "pool",
    (
        ("pool_balance", "balance, after its transfers,"),
        ("pool_issued", "issued, after its transfers,"),
        ("pool_version", "version, after its batches,"),
        ("license_sum", "issued, as pool + allotted,"),
    ),
    """
    select p.license_id, p.resource, p.balance, coalesce(t.balance, 0), p.issued, coalesce(t.issued, 0),
           p.version, coalesce(b.newest, 0), p.issued, p.balance + coalesce(a.received, 0)
      from pools p
      left join (select license_id, resource,
                        sum(case when kind in ('grant', 'purchase') then amount
                                 when kind = 'spend' then 0 else -amount end) as balance,
                        sum(case when kind in ('grant', 'purchase') then amount
                                 when kind = 'refund' then -amount else 0 end) as issued
                   from transfers t where {t} group by license_id, resource) t
        on t.license_id = p.license_id and t.resource = p.resource
      left join (select license_id, resource, max(pool_version) as newest
                   from batches b where {b} group by license_id, resource) b
        on b.license_id = p.license_id and b.resource = p.resource
      left join (select license_id, resource, sum(received) as received
                   from accounts a where {a} group by license_id, resource) a
        on a.license_id = p.license_id and a.resource = p.resource
     where {p}
       and (p.balance <> coalesce(t.balance, 0) or p.issued <> coalesce(t.issued, 0)
            or p.version <> coalesce(b.newest, 0) or p.issued <> p.balance + coalesce(a.received, 0))
    """,
)

_ACCOUNTS = Check(
    "account of member",
    (
        ("account_balance", "balance, after its transfers,"),
        ("account_received", "received, after its transfers,"),
        ("account_auto_received", "auto_received, after its transfers,"),
        ("account_used", "used, after its transfers,"),
        ("account_version", "version, after its transfers,"),
        ("account_held", "held, after its open holds,"),
    ),
    """
    select a.license_id, a.member_id || ' in ' || a.resource,
           a.balance, coalesce(t.received - t.used, 0), a.received, coalesce(t.received, 0),
           a.auto_received, coalesce(t.auto_received, 0), a.used, coalesce(t.used, 0),
           a.version, coalesce(t.newest, 0), a.held, coalesce(h.held, 0)
      from accounts a
      left join (select license_id, resource, member_id,
                        sum(case when kind = 'spend' then 0 else amount end) as received,
                        sum(case when kind = 'auto_allotment' then amount else 0 end) as auto_received,
                        sum(case when kind = 'spend' then amount else 0 end) as used,
                        max(member_version) as newest
                   from transfers t where {t} and member_id is not null
                  group by license_id, resource, member_id) t
        on t.license_id = a.license_id and t.resource = a.resource and t.member_id = a.member_id
      left join (select license_id, resource, member_id, sum(amount) as held
                   from holds h where {h} and status = 'held' group by license_id, resource, member_id) h
        on h.license_id = a.license_id and h.resource = a.resource and h.member_id = a.member_id
     where {a}
       and (a.balance <> coalesce(t.received - t.used, 0) or a.received <> coalesce(t.received, 0)
            or a.auto_received <> coalesce(t.auto_received, 0) or a.used <> coalesce(t.used, 0)
            or a.version <> coalesce(t.newest, 0) or a.held <> coalesce(h.held, 0))
    """,
)

# Each row against the one before it: a break shows once, where it is, and not in every row after it.
_POOL_CHAIN = Check(
    "batch",
    (("batch_version_gap", "pool_version"), ("batch_pool_balance", "pool_balance_after")),
    """
    select license_id, id, pool_version, before_version + 1, pool_balance_after, before_balance + change
      from (select license_id, id, pool_version, pool_balance_after,
                   coalesce(lag(pool_version) over chain, 0) as before_version,
                   coalesce(lag(pool_balance_after) over chain, 0) as before_balance,
                   case when kind in ('grant', 'purchase') then total else -total end as change
              from batches b where {b}
            window chain as (partition by license_id, resource order by pool_version)) c
     where pool_version <> before_version + 1 or pool_balance_after <> before_balance + change
    """,
)

_MEMBER_CHAIN = Check(
    "transfer",
    (("transfer_version_gap", "member_version"), ("transfer_balance", "member_balance_after")),
    """
    select license_id, id, member_version, before_version + 1, member_balance_after, before_balance + change
      from (select license_id, id, member_version, member_balance_after,
                   coalesce(lag(member_version) over chain, 0) as before_version,
                   coalesce(lag(member_balance_after) over chain, 0) as before_balance,
                   case when kind = 'spend' then -amount else amount end as change
              from transfers t where {t} and member_id is not null
            window chain as (partition by license_id, resource, member_id order by member_version)) c
     where member_version <> before_version + 1 or member_balance_after <> before_balance + change
    """,
)

_BATCHES = Check(
    "batch",
    (("batch_total", "total, after its transfers,"), ("batch_people", "people, after its transfers,")),
    """
    select b.license_id, b.id, b.total, coalesce(t.total, 0), b.people, coalesce(t.people, 0)
      from batches b
      left join (select license_id, batch_id, sum(amount) as total, count(distinct member_id) as people
                   from transfers t where {t} and batch_id is not null group by license_id, batch_id) t
        on t.license_id = b.license_id and t.batch_id = b.id
     where {b} and (b.total <> coalesce(t.total, 0) or b.people <> coalesce(t.people, 0))
    """,
)

_TRANSFERS_BATCH = Check(
    "transfer",
    (("transfer_batch", "batch"),),
    """
    select t.license_id, t.id, t.batch_id, 'one of the same kind, resource and amount'
      from transfers t
      left join batches b on b.license_id = t.license_id and b.id = t.batch_id
     where {t} and t.kind <> 'spend'
       and (b.id is null or b.kind <> t.kind or b.resource <> t.resource or b.amount_each <> t.amount)
    """,
)

_TRANSFERS_MEMBER = Check(
    "transfer",
    (("transfer_account", "member"),),
    """
    select t.license_id, t.id, t.member_id, 'one with an account in ' || t.resource || ' of this license'
      from transfers t
      left join accounts a on a.license_id = t.license_id and a.resource = t.resource and a.member_id = t.member_id
     where {t} and t.member_id is not null and a.member_id is null
    """,
)

_TRANSFERS_SIDE = Check(
    "transfer",
    (("transfer_direction", "kind"),),
    """
    select t.license_id, t.id, t.kind,
           case when t.member_id is null then 'grant, purchase or refund' else 'an allotment or a spend' end
      from transfers t
     where {t} and (t.kind in ('auto_allotment', 'manual_allotment', 'spend')) <> (t.member_id is not null)
    """,
)

_TRANSFERS_HOLD = Check(
    "transfer",
    (("transfer_hold", "hold"),),
    """
    select t.license_id, t.id, t.hold_id, 'a captured one of the same member'
      from transfers t
      left join holds h on h.license_id = t.license_id and h.id = t.hold_id
     where {t} and t.hold_id is not null
       and (h.id is null or h.member_id <> t.member_id or h.resource <> t.resource or h.status <> 'captured')
    """,
)

_HOLDS = Check(
    "hold",
    (("hold_spends", "number of spends"), ("hold_captured", "captured, after its spends,")),
    """
    select h.license_id, h.id, coalesce(t.spends, 0), case when h.status = 'captured' then 1 else 0 end,
           h.captured, coalesce(t.amount, 0)
      from holds h
      left join (select license_id, hold_id, count(*) as spends, sum(amount) as amount
                   from transfers t where {t} and hold_id is not null group by license_id, hold_id) t
        on t.license_id = h.license_id and t.hold_id = h.id
     where {h} and (coalesce(t.spends, 0) <> case when h.status = 'captured' then 1 else 0 end
                    or h.captured <> coalesce(t.amount, 0))
    """,
)

_POLICIES = Check(
    "transfer",
    (("over_maximum", "received by then"),),
    """
    select r.license_id, r.id, r.received,
           coalesce('at most ' || p.maximum, 'allowed by a saved setting')
      from (select license_id, resource, id, kind, batch_id,
                   sum(case when kind = 'spend' then 0 else amount end)
                       over (partition by license_id, resource, member_id order by member_version) as received
              from transfers t where {t} and member_id is not null) r
      left join batches b on b.license_id = r.license_id and b.id = r.batch_id
      left join policies p on p.license_id = b.license_id and p.resource = b.resource and p.version = b.policy_version
     where r.kind = 'auto_allotment' and (p.version is null or r.received > p.maximum)
    """,
)

_ORPHANS = Check(
    "row",
    (("orphan", "what it belongs to"),),
    """
    select p.license_id, 'pool ' || p.resource, null, 'a license' from pools p
     where {p} and not exists (select 1 from licenses l where l.id = p.license_id)
    union all
    select a.license_id, 'account ' || a.member_id || ' in ' || a.resource, null, 'a member and a pool of this license'
      from accounts a
     where {a} and (not exists (select 1 from members m where m.license_id = a.license_id and m.id = a.member_id)
        or not exists (select 1 from pools p where p.license_id = a.license_id and p.resource = a.resource))
    union all
    select h.license_id, 'hold ' || h.id, null, 'an account of this license' from holds h
     where {h} and not exists (select 1 from accounts a where a.license_id = h.license_id
                                  and a.resource = h.resource and a.member_id = h.member_id)
    union all
    select b.license_id, 'batch ' || b.id, null, 'a pool of this license' from batches b
     where {b} and not exists (select 1 from pools p where p.license_id = b.license_id and p.resource = b.resource)
    union all
    select t.license_id, 'transfer ' || t.id, null, 'a pool of this license' from transfers t
     where {t} and not exists (select 1 from pools p where p.license_id = t.license_id and p.resource = t.resource)
    """,
)

_LIMITS = Check(
    "row",
    (("negative", "smallest figure"),),
    """
    select license_id, name, smallest, 'at least ' || least_allowed
      from (select p.license_id, 'pool ' || p.resource as name, 0 as least_allowed,
                   case when p.balance < p.issued then p.balance else p.issued end as smallest
              from pools p where {p}
            union all
            select a.license_id, 'account ' || a.member_id || ' in ' || a.resource, 0,
                   case when a.balance < 0 then a.balance when a.held < 0 then a.held when a.used < 0 then a.used
                        when a.auto_received < 0 then a.auto_received when a.received < 0 then a.received
                        else a.balance - a.held end
              from accounts a where {a}
            union all
            select b.license_id, 'balance after batch ' || b.id, 0, b.pool_balance_after from batches b where {b}
            union all
            select b.license_id, 'batch ' || b.id, 1, b.amount_each from batches b where {b}
            union all
            select h.license_id, 'hold ' || h.id, 1, h.amount from holds h where {h}
            union all
            select t.license_id, 'transfer ' || t.id, 1, t.amount from transfers t where {t}) r
     where smallest < least_allowed
    """,
)

CHECKS = (
    _POOLS,
    _ACCOUNTS,
    _POOL_CHAIN,
    _MEMBER_CHAIN,
    _BATCHES,
    _TRANSFERS_BATCH,
    _TRANSFERS_MEMBER,
    _TRANSFERS_SIDE,
    _TRANSFERS_HOLD,
    _HOLDS,
    _POLICIES,
    _ORPHANS,
    _LIMITS,
)
