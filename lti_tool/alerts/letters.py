"""Letters on their way: written with what caused them, tried until the mail server says yes or no, and never twice.

Just before a letter's text goes out it becomes `handed`. Whoever dies then, or hears no answer, leaves it so: the
server may have taken it, and a manager is better told once too seldom than every hour.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, ForeignKeyConstraint, String, Text
from sqlalchemy.orm import Mapped, Session, mapped_column

from lti_tool.alerts.levels import Level
from lti_tool.alerts.wishes import Key
from lti_tool.db import Base, Instant, Sql, micros, moment
from lti_tool.ids import new_id

CLAIMED_FOR = timedelta(minutes=2)
"""Longer than a mail server is given."""
_TRIED_FOR = timedelta(days=1)
_KEPT = timedelta(days=30)
_FIRST_PAUSE_S, _GROWS, _LONGEST_PAUSE_S = 60.0, 4.0, 3 * 3600.0


class Letter(Base):
    """One letter to one manager, with the figures that it says; it has no name and no address in it."""

    __tablename__ = "letters"
    __table_args__ = (
        ForeignKeyConstraint(
            ["license_id", "resource", "person_id"],
            ["alert_wishes.license_id", "alert_wishes.resource", "alert_wishes.person_id"],
        ),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    license_id: Mapped[str] = mapped_column(String(36))
    resource: Mapped[str] = mapped_column(Text)
    person_id: Mapped[str] = mapped_column(String(36))
    event: Mapped[str] = mapped_column(Text)
    pool: Mapped[int] = mapped_column(BigInteger)
    issued: Mapped[int] = mapped_column(BigInteger)
    waiting: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime] = mapped_column(Instant)
    status: Mapped[str] = mapped_column(Text)
    tries: Mapped[int] = mapped_column(BigInteger, default=0)
    next_at: Mapped[datetime] = mapped_column(Instant)
    gives_up_at: Mapped[datetime] = mapped_column(Instant)
    claim: Mapped[str | None] = mapped_column(Text)
    claimed_until: Mapped[datetime] = mapped_column(Instant, default=moment(0))
    error: Mapped[str | None] = mapped_column(Text)


@dataclass(frozen=True)
class Claimed:
    """The right to send one letter, and the letter as it was then."""

    letter: Letter
    claim: str


def write(session: Session, key: Key, event: str, level: Level, *, now: datetime) -> None:
    """A letter that is due at once; in the transaction that keeps that it was written."""
    session.add(
        Letter(
            id=new_id(),
            license_id=key.license_id,
            resource=key.resource,
            person_id=key.person_id,
            event=event,
            pool=level.pool,
            issued=level.issued,
            waiting=level.waiting,
            at=now,
            status="waiting",
            next_at=now,
            gives_up_at=now + _TRIED_FOR,
        )
    )
    session.flush()


_CLAIM = Sql(
    """
    update letters set claim = :claim, claimed_until = :until
     where status = 'waiting' and claimed_until <= :now
       and id = (select id from letters where status = 'waiting' and next_at <= :now and claimed_until <= :now
                  order by next_at limit 1)
    returning id
    """
)


def claim(session: Session, *, now: datetime) -> Claimed | None:
    """The letter that has been due longest, for us alone; None where none is."""
    mine = new_id()
    row = _CLAIM.run(session, claim=mine, until=micros(now + CLAIMED_FOR), now=micros(now)).first()
    return Claimed(session.get_one(Letter, row[0]), mine) if row else None


_HAND = Sql("update letters set status = 'handed' where id = :id and claim = :claim and status = 'waiting'")


def hand(session: Session, claimed: Claimed) -> bool:
    """From now on it may have arrived; False where somebody else has it by now, who sends it instead."""
    return _HAND.run(session, id=claimed.letter.id, claim=claimed.claim).rowcount == 1


_SETTLE = Sql(
    """
    update letters set status = :status, tries = tries + 1, next_at = :next_at, claimed_until = 0, error = :error
     where id = :id and claim = :claim
    """
)


def settle(session: Session, claimed: Claimed, status: str, *, now: datetime, error: str | None = None) -> None:
    """Writes down what came of it. `waiting` is tried again, with longer and longer pauses, for a day in all."""
    letter = claimed.letter
    next_at = now + timedelta(seconds=min(_FIRST_PAUSE_S * _GROWS ** min(letter.tries, 10), _LONGEST_PAUSE_S))
    if status == "waiting" and next_at > letter.gives_up_at:
        status = "failed"
    _SETTLE.run(session, id=letter.id, claim=claimed.claim, status=status, next_at=micros(next_at), error=error)


_FORGET = Sql(
    """
    delete from letters where id in (select id from letters where at < :before and status <> 'waiting' limit :most)
    """
)


def forget(session: Session, *, now: datetime, most: int = 1_000) -> int:
    """Forgets what ended and is older than 30 days, at most so many; how many they were."""
    return _FORGET.run(session, before=micros(now - _KEPT), most=most).rowcount
