"""Courses as the LMS names them (contexts): seen at a launch, or named beforehand by the operator."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from lti_tool.db import Base, Instant


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
