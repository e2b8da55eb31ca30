"""Courses as the LMS names them (contexts): seen at a launch, or named beforehand by the operator."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, String, Text, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from lti_tool.db import Base, Instant, Sql, micros
from lti_tool.ids import new_id
from lti_tool.lti.claims import ContextClaim


class Context(Base):
    """One course; `memberships_url` is kept from a validated launch and taken from nowhere else."""

    __tablename__ = "contexts"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    deployment_id: Mapped[str] = mapped_column(String(36), ForeignKey("deployments.id"))
    context_id: Mapped[str] = mapped_column(Text)
    label: Mapped[str | None] = mapped_column(Text)
    title: Mapped[str | None] = mapped_column(Text)
    memberships_url: Mapped[str | None] = mapped_column(Text)
    first_seen_at: Mapped[datetime] = mapped_column(Instant)
    last_launch_at: Mapped[datetime | None] = mapped_column(Instant)
    copied_from: Mapped[str | None] = mapped_column(Text)
    """The LMS's ids of the courses that this one is a copy of, latest first, as a JSON list."""
    copy_answered_at: Mapped[datetime | None] = mapped_column(Instant)
    """When a teacher took over the earlier course's settings, or declined."""


_NAME = Sql(
    "insert into contexts (id, deployment_id, context_id, first_seen_at)"
    " values (:id, :deployment_id, :context_id, :now) on conflict (deployment_id, context_id) do nothing"
)


def name_beforehand(session: Session, deployment_id: str, context_id: str, *, now: datetime) -> Context:
    """The course that the LMS calls `context_id`, kept for its first launch if it was never seen."""
    _NAME.run(session, id=new_id(), deployment_id=deployment_id, context_id=context_id, now=micros(now))
    named = select(Context).where(Context.deployment_id == deployment_id, Context.context_id == context_id)
    return session.scalars(named).one()


_NOTE_EVERY = timedelta(minutes=10)


@dataclass(frozen=True)
class Seen:
    """A course as the database has it, and as a launch reads it."""

    id: str
    label: str | None
    title: str | None
    memberships_url: str | None
    last_launch_at: int | None


_SEE = Sql(
    "insert into contexts (id, deployment_id, context_id, label, title, memberships_url, first_seen_at, last_launch_at)"
    " values (:id, :deployment_id, :context_id, :label, :title, :memberships_url, :now, :now)"
    " on conflict (deployment_id, context_id) do update set label = excluded.label, title = excluded.title,"
    " memberships_url = coalesce(excluded.memberships_url, contexts.memberships_url),"
    " last_launch_at = excluded.last_launch_at returning id"
)


def see(
    session: Session,
    known: Seen | None,
    *,
    deployment_id: str,
    context: ContextClaim,
    memberships_url: str | None,
    now: datetime,
) -> str:
    """The course of a launch, made or brought up to date; our own id of it.

    Nothing is written while nothing changed, but the time of the last launch every 10 minutes: a whole class that
    comes in at once must not queue for one row.
    """
    if known is not None and _is_as_before(known, context, memberships_url, now):
        return known.id
    seen = _SEE.run(
        session,
        id=new_id(),
        deployment_id=deployment_id,
        context_id=context.id,
        label=context.label,
        title=context.title,
        memberships_url=memberships_url,
        now=micros(now),
    )
    return str(seen.scalar_one())


def _is_as_before(known: Seen, context: ContextClaim, memberships_url: str | None, now: datetime) -> bool:
    if known.last_launch_at is None or known.last_launch_at <= micros(now - _NOTE_EVERY):
        return False
    same_url = memberships_url is None or memberships_url == known.memberships_url
    return same_url and (known.label, known.title) == (context.label, context.title)
