"""Courses as the LMS names them (contexts): seen at a launch, or named beforehand by the operator."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from lti_tool.db import Base, Instant, Sql, micros
from lti_tool.ids import new_id


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


_NAME = Sql(
    "insert into contexts (id, deployment_id, context_id, first_seen_at)"
    " values (:id, :deployment_id, :context_id, :now) on conflict (deployment_id, context_id) do nothing"
)


def name_beforehand(session: Session, deployment_id: str, context_id: str, *, now: datetime) -> Context:
    """The course that the LMS calls `context_id`, kept for its first launch if it was never seen."""
    _NAME.run(session, id=new_id(), deployment_id=deployment_id, context_id=context_id, now=micros(now))
    named = select(Context).where(Context.deployment_id == deployment_id, Context.context_id == context_id)
    return session.scalars(named).one()
