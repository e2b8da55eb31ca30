"""Allotments by hand that the pool was too small for: kept as they were typed, until credits were bought for them.

They are no part of the books: nothing was given and nothing is set aside. They are here, and not with the allotments,
because only an order gives them a purpose; their people are ids, which whoever finishes them looks up anew (R24).
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import BigInteger, String, Text, exists, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from lti_tool.db import Base, Instant, Sql, micros
from lti_tool.errors import NotFound
from lti_tool.language import _
from lti_tool.purchasing.orders import Order

MOST_PEOPLE = 10_000
"""The largest batch that is promised to work (R18); more people than that are not kept."""
_LONGEST_BACK = 1_000
_KEPT = 10
"""How many a person has at most that no order was placed for; older ones are forgotten."""


class UnfinishedAllotment(Base):
    """One refused allotment: `amount` units for each of `people`, by one person. `id` is the key of their form (R17).

    Whoever finishes it saves with that key, so that it is given once, from whichever page.
    """

    __tablename__ = "unfinished_allotments"

    license_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    resource: Mapped[str] = mapped_column(Text)
    person_id: Mapped[str] = mapped_column(String(36))
    member_ids: Mapped[str] = mapped_column(Text, deferred=True)
    people: Mapped[int] = mapped_column(BigInteger)
    amount: Mapped[int] = mapped_column(BigInteger)
    note: Mapped[str | None] = mapped_column(Text)
    back: Mapped[str] = mapped_column(Text)
    """Which of our own pages the form was opened on."""
    created_at: Mapped[datetime] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)


_KEEP = Sql(
    """
    insert into unfinished_allotments
           (license_id, id, resource, person_id, member_ids, people, amount, note, back, created_at)
    values (:license_id, :id, :resource, :person_id, :member_ids, :people, :amount, :note, :back, :now)
    on conflict (license_id, id) do update
       set member_ids = excluded.member_ids, people = excluded.people, amount = excluded.amount, note = excluded.note,
           back = excluded.back, created_at = excluded.created_at, closed_at = null
     where unfinished_allotments.person_id = excluded.person_id
    """
)

_FORGET = """
    delete from unfinished_allotments
     where license_id = :license_id and id in (
           select u.id from unfinished_allotments u
            where u.license_id = :license_id and u.person_id = :person_id
              and not exists (select 1 from orders o where o.license_id = u.license_id and o.allotment_id = u.id)
            order by u.created_at desc, u.id desc {rest})
"""
_FORGET_OLD = Sql(
    _FORGET.format(rest="limit -1 offset :kept"),
    postgresql=_FORGET.format(rest="offset :kept for update skip locked"),  # an order may be about to name it
)


def keep(
    session: Session,
    license_id: str,
    resource: str,
    *,
    key: str,
    person_id: str,
    member_ids: Collection[str],
    amount: int,
    note: str | None,
    back: str,
    now: datetime,
) -> str | None:
    """Keeps what the form with this key asked for, in place of what it asked before; returns the id.

    None where it is too large to keep, or the key is somebody else's.
    """
    people = sorted(set(member_ids))
    if len(people) > MOST_PEOPLE:
        return None
    wished = {"amount": amount, "note": note, "back": back if len(back) <= _LONGEST_BACK else ""}
    kept = _KEEP.run(
        session,
        license_id=license_id,
        id=key,
        resource=resource,
        person_id=person_id,
        member_ids=" ".join(people),
        people=len(people),
        now=micros(now),
        **wished,
    )
    _FORGET_OLD.run(session, license_id=license_id, person_id=person_id, kept=_KEPT)
    return key if kept.rowcount else None


def find(session: Session, license_id: str, person_id: str | None, allotment_id: str) -> UnfinishedAllotment:
    """What this person could not finish, open or closed. Raises NotFound, also for another person's."""
    found = session.get(UnfinishedAllotment, (license_id, allotment_id))
    if found is None or found.person_id != person_id:
        raise NotFound(_("There is no such unfinished allotment."))
    return found


def for_order(session: Session, license_id: str, person_id: str | None, allotment_id: str) -> str | None:
    """The id, for an order to remember, if this person has such an open one; it stays until the transaction ends."""
    query = (
        select(UnfinishedAllotment.id)
        .where(UnfinishedAllotment.license_id == license_id, UnfinishedAllotment.id == allotment_id)
        .where(UnfinishedAllotment.person_id == person_id, UnfinishedAllotment.closed_at.is_(None))
    )
    return session.scalar(query.with_for_update(read=True, key_share=True))


def of_order(session: Session, order: Order, person_id: str | None) -> UnfinishedAllotment | None:
    """What this person can finish now that the order's credits came; None if nothing, or it is not theirs."""
    if order.allotment_id is None or order.status != "fulfilled":
        return None
    found = session.get(UnfinishedAllotment, (order.license_id, order.allotment_id))
    return found if found is not None and found.person_id == person_id and found.closed_at is None else None


def ready(session: Session, license_id: str, resource: str, person_id: str | None) -> Sequence[UnfinishedAllotment]:
    """All that this person can finish because credits came for it, oldest first."""
    bought = exists().where(
        Order.license_id == UnfinishedAllotment.license_id,
        Order.allotment_id == UnfinishedAllotment.id,
        Order.status == "fulfilled",
    )
    query = (
        select(UnfinishedAllotment)
        .where(UnfinishedAllotment.license_id == license_id, UnfinishedAllotment.person_id == person_id)
        .where(UnfinishedAllotment.resource == resource, UnfinishedAllotment.closed_at.is_(None), bought)
        .order_by(UnfinishedAllotment.created_at, UnfinishedAllotment.id)
    )
    return session.scalars(query).all()


_CLOSE = Sql(
    """
    update unfinished_allotments set closed_at = :now
     where license_id = :license_id and person_id = :person_id and id = :id and closed_at is null
    """
)


def close(session: Session, license_id: str, person_id: str | None, allotment_id: str, *, now: datetime) -> None:
    """Ends it, given or not wanted any more; nothing happens where this person has no such open one."""
    _CLOSE.run(session, license_id=license_id, person_id=person_id, id=allotment_id, now=micros(now))
