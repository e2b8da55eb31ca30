"""The log of what was sent, attempt by attempt, for 30 days; and sending it again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, ForeignKeyConstraint, String, Text, select, tuple_
from sqlalchemy.orm import Mapped, Session, mapped_column

from lti_tool.db import Base, Instant, Sql, micros
from lti_tool.ledger.events import TRIED_FOR

PING = "ping"
"""The kind of what `creditroll webhook test` sends; it says nothing of the books and is never sent again."""
KEPT = timedelta(days=30)


class Delivery(Base):
    """One event on its way to one endpoint: `waiting` until it is `delivered` or has `failed`.

    `attempts` counts all, `tries` those since it was written or replayed; `data` is JSON without anybody's name.
    """

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        ForeignKeyConstraint(["license_id", "endpoint_id"], ["webhook_endpoints.license_id", "webhook_endpoints.id"]),
    )

    license_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    endpoint_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    event_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    data: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(Instant)
    status: Mapped[str] = mapped_column(Text)
    attempts: Mapped[int] = mapped_column(BigInteger, default=0)
    tries: Mapped[int] = mapped_column(BigInteger, default=0)
    next_at: Mapped[datetime] = mapped_column(Instant)
    gives_up_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)

    @property
    def key(self) -> tuple[str, str]:
        """What attempts name it by."""
        return self.endpoint_id, self.event_id


class Attempt(Base):
    """One call: when it began, how long it took in milliseconds, the HTTP status if one came, and what was wrong."""

    __tablename__ = "webhook_attempts"
    __table_args__ = (
        ForeignKeyConstraint(
            ["license_id", "endpoint_id", "event_id"],
            ["webhook_deliveries.license_id", "webhook_deliveries.endpoint_id", "webhook_deliveries.event_id"],
        ),
    )

    license_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    endpoint_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    event_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)
    took_ms: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[int | None] = mapped_column(BigInteger)
    error: Mapped[str | None] = mapped_column(Text)


@dataclass(frozen=True)
class Wish:
    """Which deliveries are meant; what is None or False does not matter."""

    license_id: str | None = None
    event_id: str | None = None
    since: datetime | None = None
    failed: bool = False
    endpoint_id: str | None = None


def listed(session: Session, wish: Wish, *, before: str = "", limit: int) -> Sequence[Delivery]:
    """The newest deliveries first; `before` is the event of the last one seen, of one endpoint."""
    query = select(Delivery).order_by(Delivery.event_id.desc(), Delivery.endpoint_id).limit(limit)
    if wish.license_id is not None:
        query = query.where(Delivery.license_id == wish.license_id)
    if wish.endpoint_id is not None:
        query = query.where(Delivery.endpoint_id == wish.endpoint_id)
    if wish.failed:
        query = query.where(Delivery.status == "failed")
    if before:
        query = query.where(Delivery.event_id < before)
    return session.scalars(query).all()


_WAITING = Sql("select count(*), min(at) from webhook_deliveries where status = 'waiting'")


def waiting(session: Session, *, now: datetime) -> tuple[int, float]:
    """How many deliveries wait, and for how many seconds the oldest of them has."""
    count, oldest_us = _WAITING.run(session).one()
    return count, 0.0 if oldest_us is None else max(0.0, (micros(now) - oldest_us) / 1_000_000)


def attempts(session: Session, of: Sequence[Delivery]) -> Mapping[tuple[str, str], list[Attempt]]:
    """All attempts of these deliveries, in their order, by the delivery's `key`."""
    found: dict[tuple[str, str], list[Attempt]] = {one.key: [] for one in of}
    if found:
        keys = [(one.license_id, *one.key) for one in of]
        named = tuple_(Attempt.license_id, Attempt.endpoint_id, Attempt.event_id).in_(keys)
        for attempt in session.scalars(select(Attempt).where(named).order_by(Attempt.number)):
            found[attempt.endpoint_id, attempt.event_id].append(attempt)
    return found


_REPLAY = Sql(
    """
    update webhook_deliveries
       set status = 'waiting', tries = 0, next_at = :now, gives_up_at = :gives_up_at, ended_at = null
     where kind <> :ping and at >= :since and status in (:failed, :delivered, :waiting)
       and (license_id = :license_id or :license_id = '') and (event_id = :event_id or :event_id = '')
       and (endpoint_id = :endpoint_id or :endpoint_id = '')
       and exists (select 1 from webhook_endpoints e where e.id = endpoint_id and e.status = 'on')
    """,
    postgresql="""
    update webhook_deliveries
       set status = 'waiting', tries = 0, next_at = :now, gives_up_at = :gives_up_at, ended_at = null
     where kind <> cast(:ping as text) and at >= cast(:since as bigint)
       and status in (cast(:failed as text), cast(:delivered as text), cast(:waiting as text))
       and (license_id = cast(:license_id as text) or cast(:license_id as text) = '')
       and (event_id = cast(:event_id as text) or cast(:event_id as text) = '')
       and (endpoint_id = cast(:endpoint_id as text) or cast(:endpoint_id as text) = '')
       and exists (select 1 from webhook_endpoints e where e.id = endpoint_id and e.status = 'on')
    """,
)


def replay(session: Session, wish: Wish, *, now: datetime) -> int:
    """Sends events again, under the ids that they have, to endpoints that are on; returns to how many."""
    return _REPLAY.run(
        session,
        now=micros(now),
        gives_up_at=micros(now + TRIED_FOR),
        ping=PING,
        since=0 if wish.since is None else micros(wish.since),
        failed="failed",
        delivered="failed" if wish.failed else "delivered",
        waiting="failed" if wish.failed else "waiting",
        license_id=wish.license_id or "",
        event_id=wish.event_id or "",
        endpoint_id=wish.endpoint_id or "",
    ).rowcount


_FORGET = Sql(
    """
    delete from webhook_deliveries
     where (license_id, endpoint_id, event_id) in
           (select license_id, endpoint_id, event_id from webhook_deliveries
             where at < :before and status <> 'waiting' limit :most)
    """
)


def forget(session: Session, *, now: datetime, most: int = 1_000) -> int:
    """Forgets what ended and is older than 30 days, with its attempts, at most so many; how many they were."""
    return _FORGET.run(session, before=micros(now - KEPT), most=most).rowcount
