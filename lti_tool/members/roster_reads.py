"""How the reading of a course's roster goes: what the teacher sees move, how it ended, and who may read now.

A course has one row and at most one reader: each sign of life is written only by the reader whose sign was the last.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, Boolean, ForeignKey, String, Text, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from lti_tool.db import Base, Instant, Sql, micros
from lti_tool.lti.contexts import Context
from lti_tool.lti.platforms import Deployment, Platform

LEASE = timedelta(minutes=2)
"""A reader that gave no sign of life for so long is taken for dead; longer than any one call and wait of a reading."""
GIVE_UP = timedelta(hours=1)
"""A reading that did not end in this time is not started again by itself."""


class RosterRead(Base):
    """The newest reading of one course's roster.

    `status` is "queued", "reading", "done", "failed" (see `error_code`) or "to_confirm" (it would drop more than half
    of the course, R25; `dropped` says how many). An unfinished row is what the sweeper starts again after a crash.
    """

    __tablename__ = "roster_reads"

    context_id: Mapped[str] = mapped_column(String(36), ForeignKey("contexts.id"), primary_key=True)
    status: Mapped[str] = mapped_column(Text)
    people_read: Mapped[int] = mapped_column(BigInteger)
    pages_read: Mapped[int] = mapped_column(BigInteger)
    added: Mapped[int] = mapped_column(BigInteger)
    dropped: Mapped[int] = mapped_column(BigInteger)
    error_code: Mapped[str | None] = mapped_column(Text)
    requested_by: Mapped[str | None] = mapped_column(String(36), ForeignKey("people.id"))
    confirmed: Mapped[bool] = mapped_column(Boolean)
    """Whether the teacher agreed beforehand that more than half may go (R25)."""
    requested_at: Mapped[datetime] = mapped_column(Instant)
    touched_at: Mapped[datetime] = mapped_column(Instant)
    """The reader's last sign of life, or when it was queued."""
    finished_at: Mapped[datetime | None] = mapped_column(Instant)
    """When the newest reading ended, well or not."""
    complete_at: Mapped[datetime | None] = mapped_column(Instant)
    """When a roster was last read completely and applied."""

    @property
    def is_under_way(self) -> bool:
        """Whether the teacher should see something move."""
        return self.status in ("queued", "reading")


class Superseded(Exception):
    """Another reader took this course over; what this one read is of no use any more."""


@dataclass(frozen=True)
class Turn:
    """A reader's right to read a course: good as long as nobody took it over since `touched_at`."""

    context_id: str
    confirmed: bool
    began_at: datetime
    touched_at: datetime


_REQUEST = Sql(
    """
    insert into roster_reads (context_id, status, requested_by, confirmed, requested_at, touched_at)
    values (:context_id, 'queued', :requested_by, :no, :now, :now)
    on conflict (context_id) do update
       set status = 'queued', people_read = 0, pages_read = 0, added = 0, dropped = 0, error_code = null,
           requested_by = excluded.requested_by, confirmed = :confirmed and roster_reads.status = 'to_confirm',
           requested_at = excluded.requested_at, touched_at = excluded.touched_at, finished_at = null
     where roster_reads.status not in ('queued', 'reading') or roster_reads.touched_at <= :dead
    """
)


def request_read(
    session: Session, context_id: str, *, requested_by: str | None, now: datetime, confirm: bool = False
) -> bool:
    """Asks for a reading; False where one is queued or under way already. Wake the jobs after the commit.

    `requested_by` is the person's id; `confirm` is the teacher's word that more than half of the course may go (R25),
    and counts only for a reading that waits for it.
    """
    asked = _REQUEST.run(
        session,
        context_id=context_id,
        requested_by=requested_by,
        confirmed=confirm,
        no=False,
        now=micros(now),
        dead=micros(now - LEASE),
    )
    return asked.rowcount == 1


def progress(session: Session, context_id: str) -> RosterRead | None:
    """The newest reading as it stands now; None where nobody ever asked for one."""
    return session.get(RosterRead, context_id, populate_existing=True)


def newest(session: Session, context_ids: Collection[str]) -> dict[str, RosterRead]:
    """The newest reading of each of these courses that was ever asked for one, by the course's id."""
    query = select(RosterRead).where(RosterRead.context_id.in_(context_ids)).execution_options(populate_existing=True)
    return {read.context_id: read for read in session.scalars(query)}


@dataclass(frozen=True)
class Failed:
    """A course whose newest reading failed, with its LMS; titles are the LMS's."""

    read: RosterRead
    course: str
    platform_id: str
    platform: str


def failed(session: Session, *, platform_id: str = "", after: str = "", limit: int) -> list[Failed]:
    """Courses whose newest reading failed, by their ids; `after` is the id of the last one seen."""
    query = (
        select(RosterRead, Context, Platform)
        .join(Context, Context.id == RosterRead.context_id)
        .join(Deployment, Deployment.id == Context.deployment_id)
        .join(Platform, Platform.id == Deployment.platform_id)
        .where(RosterRead.status == "failed", RosterRead.context_id > after)
    )
    if platform_id:
        query = query.where(Platform.id == platform_id)
    return [
        Failed(read, context.title or context.label or context.context_id, platform.id, platform.name)
        for read, context, platform in session.execute(query.order_by(RosterRead.context_id).limit(limit))
    ]


def failures(session: Session) -> int:
    """How many courses' newest reading failed."""
    return session.scalar(select(func.count()).select_from(RosterRead).where(RosterRead.status == "failed")) or 0


def queued(session: Session) -> tuple[int, datetime | None]:
    """How many readings wait for their turn, and since when the first of them does."""
    query = select(func.count(), func.min(RosterRead.requested_at)).where(RosterRead.status == "queued")
    count, oldest = session.execute(query).one()
    return count, oldest


_CLAIM = Sql(
    """
    update roster_reads set status = 'reading', people_read = 0, pages_read = 0, touched_at = :now
     where context_id = :context_id
       and (status = 'queued' or (status = 'reading' and (touched_at <= :dead or :take_over)))
    returning confirmed
    """
)


def claim(session: Session, context_id: str, *, now: datetime, take_over: bool = False) -> Turn | None:
    """The right to read now, or None if there is nothing to do; `take_over` ends another's reading."""
    row = _CLAIM.run(
        session, context_id=context_id, now=micros(now), dead=micros(now - LEASE), take_over=take_over
    ).first()
    return Turn(context_id, bool(row[0]), began_at=now, touched_at=now) if row else None


_TOUCH = Sql(
    """
    update roster_reads set people_read = :people_read, pages_read = :pages_read, touched_at = :now
     where context_id = :context_id and status = 'reading' and touched_at = :touched_at
    """
)


def touch(session: Session, turn: Turn, *, people_read: int, pages_read: int, now: datetime) -> Turn:
    """Shows how far the reading came, and keeps the turn. Raises Superseded."""
    touched = _TOUCH.run(
        session,
        context_id=turn.context_id,
        people_read=people_read,
        pages_read=pages_read,
        now=micros(now),
        touched_at=micros(turn.touched_at),
    )
    if touched.rowcount == 0:
        raise Superseded
    return Turn(turn.context_id, turn.confirmed, turn.began_at, touched_at=now)


_FINISH = Sql(
    """
    update roster_reads
       set status = :status, added = :added, dropped = :dropped, error_code = :error_code, confirmed = :unconfirmed,
           finished_at = :now, complete_at = case when :status = 'done' then :now else complete_at end
     where context_id = :context_id and status = 'reading' and touched_at = :touched_at
    """,
    postgresql="""
    update roster_reads
       set status = :status, added = :added, dropped = :dropped, error_code = :error_code, confirmed = :unconfirmed,
           finished_at = :now, complete_at = case when :status = 'done' then cast(:now as bigint) else complete_at end
     where context_id = :context_id and status = 'reading' and touched_at = :touched_at
    """,
)


def finish(
    session: Session,
    turn: Turn,
    *,
    status: str,
    now: datetime,
    added: int = 0,
    dropped: int = 0,
    error_code: str | None = None,
) -> None:
    """Writes down how the reading ended: "done", "to_confirm" or "failed". Raises Superseded."""
    finished = _FINISH.run(
        session,
        context_id=turn.context_id,
        status=status,
        added=added,
        dropped=dropped,
        error_code=error_code,
        unconfirmed=False,
        now=micros(now),
        touched_at=micros(turn.touched_at),
    )
    if finished.rowcount == 0:
        raise Superseded


_ABANDON = Sql(
    """
    update roster_reads set status = 'failed', error_code = 'interrupted', finished_at = :now
     where status in ('queued', 'reading') and touched_at <= :dead and requested_at <= :old
    """
)

_RESUME = Sql(
    """
    update roster_reads set status = 'queued', touched_at = :now
     where status in ('queued', 'reading') and touched_at <= :dead
    returning context_id
    """
)


def resume_unfinished(session: Session, *, now: datetime) -> list[str]:
    """Courses whose reading was lost by a crash, queued again; those lost for an hour end as "interrupted"."""
    dead = micros(now - LEASE)
    _ABANDON.run(session, now=micros(now), dead=dead, old=micros(now - GIVE_UP))
    return [row[0] for row in _RESUME.run(session, now=micros(now), dead=dead)]
