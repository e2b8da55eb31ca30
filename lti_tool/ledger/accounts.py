"""Members' side of the books: one account a member and resource, opened empty and never closed."""

import json
from collections.abc import Iterable, Sequence

from sqlalchemy import BigInteger, Boolean, ForeignKeyConstraint, String, Text
from sqlalchemy.orm import Mapped, Session, mapped_column

from lti_tool.db import Base, Sql


class Account(Base):
    """What a member has: received = balance + used, and `held` of the balance is set aside (R3, R5).

    `version` counts the account's transfers, so that a lost update shows as a gap or a clash.
    `frozen` is set while the member is active in no course: the balance stays and can't be touched (R20).
    """

    __tablename__ = "accounts"
    __table_args__ = (ForeignKeyConstraint(["license_id", "resource"], ["pools.license_id", "pools.resource"]),)

    license_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    resource: Mapped[str] = mapped_column(Text, primary_key=True)
    member_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    balance: Mapped[int] = mapped_column(BigInteger)
    held: Mapped[int] = mapped_column(BigInteger)
    received: Mapped[int] = mapped_column(BigInteger)
    auto_received: Mapped[int] = mapped_column(BigInteger)
    used: Mapped[int] = mapped_column(BigInteger)
    version: Mapped[int] = mapped_column(BigInteger)
    frozen: Mapped[bool] = mapped_column(Boolean)


_OPEN_FOR_MEMBERS = Sql(
    """
    insert into accounts (license_id, resource, member_id)
    select p.license_id, p.resource, m.value
      from pools p, json_each(:member_ids) m
     where p.license_id = :license_id
     order by 2, 3
    on conflict do nothing
    """,
    postgresql="""
    insert into accounts (license_id, resource, member_id)
    select p.license_id, p.resource, m.value
      from pools p, json_array_elements_text(cast(:member_ids as json)) m
     where p.license_id = :license_id
     order by 2, 3
    on conflict do nothing
    """,
)


def open_accounts(session: Session, license_id: str, member_ids: Iterable[str]) -> None:
    """Opens an empty account in each of the licence's pools for each member; existing ones are left alone."""
    _OPEN_FOR_MEMBERS.run(session, license_id=license_id, member_ids=json.dumps(sorted(member_ids)))


OPEN_FOR_NEWCOMER = """
    insert into accounts (license_id, resource, member_id)
    select p.license_id, p.resource, {member_id} from pools p{joined} where p.license_id = :license_id
"""
"""`open_accounts` for one member who is new with the same transaction: a part of the statement that makes them."""

_OPEN_FOR_EVERYBODY = Sql(
    """
    insert into accounts (license_id, resource, member_id, frozen)
    select m.license_id, :resource, m.id,
           not exists (select 1 from enrollments e
                        where e.license_id = m.license_id and e.member_id = m.id and e.active)
      from members m
     where m.license_id = :license_id
     order by m.id
    on conflict do nothing
    """
)


def open_accounts_in(session: Session, license_id: str, resource: str) -> None:
    """Opens an account in a new pool for everybody who is a member already; frozen for those who left (R20)."""
    _OPEN_FOR_EVERYBODY.run(session, license_id=license_id, resource=resource)


_SET_FROZEN = Sql(
    """
    update accounts set frozen = :frozen
     where license_id = :license_id and frozen <> :frozen
       and member_id in (select value from json_each(:member_ids))
    """,
    postgresql="""
    with ordered as (
        select resource, member_id from accounts
         where license_id = :license_id and frozen <> :frozen
           and member_id in (select value from json_array_elements_text(cast(:member_ids as json)))
         order by resource, member_id for update)
    update accounts a set frozen = :frozen from ordered o
     where a.license_id = :license_id and a.resource = o.resource and a.member_id = o.member_id
    """,
)


def freeze(session: Session, license_id: str, member_ids: Sequence[str]) -> None:
    """Members who left every course of the licence keep their balance, untouchable until they return (R20)."""
    _SET_FROZEN.run(session, license_id=license_id, member_ids=json.dumps(sorted(member_ids)), frozen=True)


def thaw(session: Session, license_id: str, member_ids: Sequence[str]) -> None:
    """Members who returned to a course of the licence have their balance again (R20)."""
    _SET_FROZEN.run(session, license_id=license_id, member_ids=json.dumps(sorted(member_ids)), frozen=False)
