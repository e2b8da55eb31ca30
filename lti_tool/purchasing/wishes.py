"""What staff who do not manage a licence ask its managers to buy: one open wish a person and resource (R24)."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import BigInteger, String, Text, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from lti_tool.db import Base, Instant, Sql, micros
from lti_tool.errors import Invalid, NotFound
from lti_tool.ids import new_id
from lti_tool.language import _

LONGEST_NOTE = 200


class PurchaseWish(Base):
    """Somebody asks for `amount` units, or does not say how many; open until it has an `answer`.

    Answers: "bought" (credits came), "not_now" (`closed_by` is the manager) and "withdrawn".
    """

    __tablename__ = "purchase_wishes"

    license_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    person_id: Mapped[str] = mapped_column(String(36))
    resource: Mapped[str] = mapped_column(Text)
    amount: Mapped[int | None] = mapped_column(BigInteger)
    note: Mapped[str | None] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    closed_by: Mapped[str | None] = mapped_column(String(36))
    answer: Mapped[str | None] = mapped_column(Text)


_ASK = Sql(
    """
    insert into purchase_wishes (license_id, id, person_id, resource, amount, note, at)
    values (:license_id, :id, :person_id, :resource, :amount, :note, :now)
    on conflict (license_id, person_id, resource) where closed_at is null
    do update set amount = excluded.amount, note = excluded.note, at = excluded.at
    """
)


def ask(
    session: Session,
    license_id: str,
    resource: str,
    person_id: str,
    *,
    amount: int | None,
    note: str | None,
    most: int,
    now: datetime,
) -> None:
    """Notes the wish; asked again, it is changed. `most` is the largest order. Raises Invalid."""
    if amount is not None and not 1 <= amount <= most:
        raise Invalid(_("Enter a whole number from 1 to %(most)s, or leave it empty.", most=most), field="number")
    if note and len(note) > LONGEST_NOTE:
        raise Invalid(
            _("A note has at most %(most)s characters; this one has %(count)s.", most=LONGEST_NOTE, count=len(note)),
            field="note",
        )
    wished = {"amount": amount, "note": note, "now": micros(now)}
    _ASK.run(session, license_id=license_id, id=new_id(), person_id=person_id, resource=resource, **wished)


def latest(session: Session, license_id: str, resource: str, person_id: str | None) -> PurchaseWish | None:
    """What this person asked for last, answered or not."""
    query = (
        select(PurchaseWish)
        .where(PurchaseWish.license_id == license_id, PurchaseWish.person_id == person_id)
        .where(PurchaseWish.resource == resource)
        .order_by(PurchaseWish.id.desc())
        .limit(1)
    )
    return session.scalar(query)


def waiting(session: Session, license_id: str, resource: str, *, limit: int) -> Sequence[PurchaseWish]:
    """The open wishes of the licence, oldest first."""
    query = (
        select(PurchaseWish)
        .where(PurchaseWish.license_id == license_id, PurchaseWish.resource == resource)
        .where(PurchaseWish.closed_at.is_(None))
        .order_by(PurchaseWish.at, PurchaseWish.id)
        .limit(limit)
    )
    return session.scalars(query).all()


_WITHDRAW = Sql(
    """
    update purchase_wishes set closed_at = :now, closed_by = :person_id, answer = 'withdrawn'
     where license_id = :license_id and person_id = :person_id and resource = :resource and closed_at is null
    """
)


def withdraw(session: Session, license_id: str, resource: str, person_id: str, *, now: datetime) -> None:
    """Takes back what this person asked for; nothing happens if it was answered already."""
    _WITHDRAW.run(session, license_id=license_id, person_id=person_id, resource=resource, now=micros(now))


_DECLINE = Sql(
    """
    update purchase_wishes set closed_at = :now, closed_by = :by, answer = 'not_now'
     where license_id = :license_id and id = :id and closed_at is null
    """
)


def decline(session: Session, license_id: str, wish_id: str, *, by: str, now: datetime) -> None:
    """Answers "not now"; an answered wish keeps its answer. Raises NotFound, also for another licence's."""
    if session.get(PurchaseWish, (license_id, wish_id)) is None:
        raise NotFound(_("There is no such wish."))
    _DECLINE.run(session, license_id=license_id, id=wish_id, by=by, now=micros(now))


_MEET = Sql(
    """
    update purchase_wishes set closed_at = :now, answer = 'bought'
     where license_id = :license_id and resource = :resource and closed_at is null
       and (amount is null or amount <= :quantity)
    """
)


def meet(session: Session, license_id: str, resource: str, quantity: int, *, now: datetime) -> None:
    """Answers "bought" to all who asked for no more than what just came; who asked for more is not forgotten."""
    _MEET.run(session, license_id=license_id, resource=resource, quantity=quantity, now=micros(now))
