"""How the reading of a course's roster goes: what the teacher sees move, and how it ended."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from lti_tool.db import Base, Instant


class RosterRead(Base):
    """The newest reading of one course's roster.

    `status` is "queued", "reading", "done", "failed" (see `error_code`) or "to_confirm" (it would drop more than half
    of the course, R25). An unfinished row is what the sweeper starts again after a crash.
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
    requested_at: Mapped[datetime] = mapped_column(Instant)
    finished_at: Mapped[datetime | None] = mapped_column(Instant)
    """When the newest reading ended, well or not."""
    complete_at: Mapped[datetime | None] = mapped_column(Instant)
    """When a roster was last read completely and applied."""
