"""The licence's own side of the books: one pool a resource, and the totals that always add up."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import BigInteger, String, Text, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from lti_tool.db import Base, Sql
from lti_tool.ledger.accounts import open_accounts_in


class Pool(Base):
    """What a licence has of a resource and has not allotted; `issued` is all it ever had (R2, R5)."""

    __tablename__ = "pools"

    license_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    resource: Mapped[str] = mapped_column(Text, primary_key=True)
    balance: Mapped[int] = mapped_column(BigInteger)
    issued: Mapped[int] = mapped_column(BigInteger)
    version: Mapped[int] = mapped_column(BigInteger)


@dataclass(frozen=True)
class Totals:
    """Where a licence's units are: issued = pool + allotted, allotted = available + held + used (R5)."""

    resource: str
    issued: int
    pool: int
    available: int
    held: int
    used: int
    frozen: int
    """Of `available`: with members who left every course; they get it back on return (R20)."""

    @property
    def allotted(self) -> int:
        """Units that left the pool for members, ever."""
        return self.issued - self.pool


# Accounts are gone through once and alone: overdue holds are few, and found by an index of what is open.
_TOTALS = Sql(
    """
    select p.resource, p.issued, p.balance, coalesce(a.balance, 0), coalesce(a.held, 0), coalesce(a.used, 0),
           coalesce(a.frozen, 0) + coalesce(o.frozen, 0), coalesce(o.amount, 0)
      from pools p
      left join (select resource, sum(balance) as balance, sum(held) as held, sum(used) as used,
                        sum(balance - held) filter (where frozen) as frozen
                   from accounts where license_id = :license_id group by resource) a on a.resource = p.resource
      left join (select h.resource, sum(h.amount) as amount, sum(case when f.frozen then h.amount else 0 end) as frozen
                   from holds h
                   join accounts f on f.license_id = h.license_id and f.resource = h.resource
                    and f.member_id = h.member_id
                  where h.license_id = :license_id and h.status = 'held' and h.expires_at <= :now
                  group by h.resource) o on o.resource = p.resource
     where p.license_id = :license_id
     order by p.resource
    """
)


def totals(session: Session, license_id: str, *, now_us: int) -> list[Totals]:
    """The licence's figures, one for each resource; holds past their time no longer count as held (R19)."""
    rows = _TOTALS.run(session, license_id=license_id, now=now_us)
    return [
        Totals(
            resource=resource,
            issued=issued,
            pool=pool,
            available=int(balance) - int(held) + int(overdue),
            held=int(held) - int(overdue),
            used=int(used),
            frozen=int(frozen),
        )
        for resource, issued, pool, balance, held, used, frozen, overdue in rows
    ]


def of_licenses(session: Session, license_ids: Collection[str]) -> dict[str, list[Pool]]:
    """The pools of each of these licences."""
    found: dict[str, list[Pool]] = {one: [] for one in license_ids}
    query = select(Pool).where(Pool.license_id.in_(license_ids)).order_by(Pool.license_id, Pool.resource)
    for pool in session.scalars(query):
        found[pool.license_id].append(pool)
    return found


_OPEN_POOL = Sql(
    "insert into pools (license_id, resource, balance, issued, version) values (:license_id, :resource, 0, 0, 0)"
    " on conflict do nothing"
)


def open_pool(session: Session, license_id: str, resource: str) -> None:
    """Makes sure that the licence has a pool of the resource, and its members accounts in it."""
    if _OPEN_POOL.run(session, license_id=license_id, resource=resource).rowcount:
        open_accounts_in(session, license_id, resource)
