"""Courses as the LMS names them (contexts): seen at a launch, or named beforehand by the operator."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, String, Text, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from lti_tool.db import Base, Instant, Sql, micros
from lti_tool.ids import new_id
from lti_tool.lti.claims import MOST_ORIGINS, ContextClaim


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

    @property
    def origins(self) -> list[str]:
        """The LMS's ids of the courses that this one is a copy of, latest first."""
        return json.loads(self.copied_from) if self.copied_from else []


_NAME = Sql(
    "insert into contexts (id, deployment_id, context_id, first_seen_at)"
    " values (:id, :deployment_id, :context_id, :now) on conflict (deployment_id, context_id) do nothing"
)


def name_beforehand(session: Session, deployment_id: str, context_id: str, *, now: datetime) -> Context:
    """The course that the LMS calls `context_id`, kept for its first launch if it was never seen."""
    _NAME.run(session, id=new_id(), deployment_id=deployment_id, context_id=context_id, now=micros(now))
    named = select(Context).where(Context.deployment_id == deployment_id, Context.context_id == context_id)
    return session.scalars(named).one()


def note_copy(
    session: Session, deployment_id: str, context_id: str, origins: tuple[str, ...], *, now: datetime
) -> None:
    """Keeps that the LMS copied a course, perhaps before anybody opens the copy; earlier origins come after these."""
    course = name_beforehand(session, deployment_id, context_id, now=now)
    session.refresh(course, with_for_update=True)
    course.copied_from = _listed((*origins, *course.origins), context_id) or course.copied_from
    session.flush()


def _listed(origins: tuple[str, ...], own_id: str) -> str | None:
    """As kept: each once, never the course itself; None for none."""
    found = [one for one in dict.fromkeys(origins) if one != own_id]
    return json.dumps(found[:MOST_ORIGINS]) if found else None


_NOTE_EVERY = timedelta(minutes=10)


@dataclass(frozen=True)
class Seen:
    """A course as the database has it, and as a launch reads it."""

    id: str
    label: str | None
    title: str | None
    memberships_url: str | None
    last_launch_at: int | None
    copied_from: str | None = None


_SEE = Sql(
    """
    insert into contexts
        (id, deployment_id, context_id, label, title, memberships_url, first_seen_at, last_launch_at, copied_from)
    values (:id, :deployment_id, :context_id, :label, :title, :memberships_url, :now, :now, :copied_from)
    on conflict (deployment_id, context_id)
    do update set label = excluded.label, title = excluded.title, last_launch_at = excluded.last_launch_at,
                  memberships_url = coalesce(excluded.memberships_url, contexts.memberships_url),
                  copied_from = coalesce(excluded.copied_from, contexts.copied_from)
    returning id
    """
)


def see(
    session: Session,
    known: Seen | None,
    *,
    deployment_id: str,
    context: ContextClaim,
    memberships_url: str | None,
    copied_from: tuple[str, ...] = (),
    now: datetime,
) -> str:
    """The course of a launch, made or brought up to date; our own id of it.

    Nothing is written while nothing changed, but the time of the last launch every 10 minutes: a whole class that
    comes in at once must not queue for one row.
    """
    origins = _listed(copied_from, context.id)
    if known is not None and _is_as_before(known, context, memberships_url, origins, now):
        return known.id
    seen = _SEE.run(
        session,
        id=new_id(),
        deployment_id=deployment_id,
        context_id=context.id,
        label=context.label,
        title=context.title,
        memberships_url=memberships_url,
        copied_from=origins,
        now=micros(now),
    )
    return str(seen.scalar_one())


AS_BEFORE = """
    c.last_launch_at > :noted_after
    and c.label is not distinct from :label and c.title is not distinct from :title
    and c.memberships_url is not distinct from coalesce(:memberships_url, c.memberships_url)
    and c.copied_from is not distinct from coalesce(:origins, c.copied_from)
"""
"""`_is_as_before` in SQL, of a course `c`, with the parameters `as_it_comes`."""


def as_it_comes(
    context: ContextClaim, memberships_url: str | None, copied_from: tuple[str, ...], *, now: datetime
) -> dict[str, object]:
    """What a launch says of its course, for `AS_BEFORE`."""
    return {
        "noted_after": micros(now - _NOTE_EVERY),
        "label": context.label,
        "title": context.title,
        "memberships_url": memberships_url,
        "origins": _listed(copied_from, context.id),
    }


def _is_as_before(
    known: Seen, context: ContextClaim, memberships_url: str | None, origins: str | None, now: datetime
) -> bool:
    if known.last_launch_at is None or known.last_launch_at <= micros(now - _NOTE_EVERY):
        return False
    same_url = memberships_url is None or memberships_url == known.memberships_url
    same_origins = origins is None or origins == known.copied_from
    return same_url and same_origins and (known.label, known.title) == (context.label, context.title)
