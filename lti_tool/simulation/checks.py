"""What the books say, read by statements of its own, so that it can be held against a plain model."""

import hashlib
from dataclasses import dataclass

from sqlalchemy.orm import Session

from lti_tool.db import Sql

Figures = tuple[int, int, int, int, int, int, bool]
"""Of an account: received, automatic, used, balance, held, movements, and whether it is frozen."""


@dataclass(frozen=True)
class Seen:
    """A licence's books: (issued, left, movements) of the pool, and each member's figures by their subject."""

    pool: tuple[int, int, int]
    people: dict[str, Figures]


_POOL = Sql("select issued, balance, version from pools where license_id = :license_id and resource = :resource")

_PEOPLE = Sql(
    """
    select p.subject, a.received, a.auto_received, a.used, a.balance, a.held - coalesce(o.amount, 0), a.version,
           a.frozen
      from accounts a
      join members m on m.id = a.member_id
      join people p on p.id = m.person_id
      left join (select member_id, sum(amount) as amount from holds
                  where license_id = :license_id and resource = :resource and status = 'held' and expires_at <= :now
                  group by member_id) o on o.member_id = a.member_id
     where a.license_id = :license_id and a.resource = :resource
    """
)


def look(session: Session, license_id: str, resource: str, *, now_us: int) -> Seen:
    """The licence's books at that moment; a hold past its time is not held (R19)."""
    where = {"license_id": license_id, "resource": resource}
    issued, left, movements = _POOL.run(session, **where).one()
    people = {
        subject: (received, automatic, used, balance, int(held), version, bool(frozen))
        for subject, received, automatic, used, balance, held, version, frozen in _PEOPLE.run(
            session, **where, now=now_us
        )
    }
    return Seen((issued, left, movements), people)


_JOURNAL = Sql(
    """
    select coalesce(b.pool_version, 0), coalesce(p.subject, ''), coalesce(t.member_version, 0), t.kind, t.amount,
           coalesce(t.member_balance_after, 0), coalesce(b.pool_balance_after, 0), coalesce(b.policy_version, 0),
           coalesce(b.people, 0), (t.at + 500000) / 1000000
      from transfers t
      left join batches b on b.license_id = t.license_id and b.id = t.batch_id
      left join members m on m.id = t.member_id
      left join people p on p.id = m.person_id
     where t.license_id = :license_id
    """
)

_HOLDS = Sql(
    """
    select p.subject, (h.at + 500000) / 1000000, h.amount, h.captured, h.status, (h.expires_at + 500000) / 1000000
      from holds h
      join members m on m.id = h.member_id
      join people p on p.id = m.person_id
     where h.license_id = :license_id
    """
)


def digest(session: Session, license_id: str) -> str:
    """The journal and the holds as one number, whatever their ids are: the same story gives the same, anywhere."""
    lines = [sorted(map(tuple, table.run(session, license_id=license_id))) for table in (_JOURNAL, _HOLDS)]
    return hashlib.sha256(repr(lines).encode()).hexdigest()
