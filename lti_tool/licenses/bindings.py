"""Which licence a course belongs to (R23)."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from lti_tool.db import Base, Instant


class Binding(Base):
    """A deployment's licence (`context_id` null) or one course's own; a course has at most one, and keeps it."""

    __tablename__ = "bindings"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    license_id: Mapped[str] = mapped_column(String(36), ForeignKey("licenses.id"))
    deployment_id: Mapped[str] = mapped_column(String(36), ForeignKey("deployments.id"))
    context_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("contexts.id"))
    created_at: Mapped[datetime] = mapped_column(Instant)
