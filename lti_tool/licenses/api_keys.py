"""Keys of the machine API: shown once, kept only as a hash."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from lti_tool.db import Base, Instant


class ApiKey(Base):
    """A program's key; without a licence it reaches all of them. Scope "spend" includes "read"."""

    __tablename__ = "api_keys"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    secret_hash: Mapped[str] = mapped_column(Text)
    scopes: Mapped[str] = mapped_column(Text)
    license_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("licenses.id"))
    created_at: Mapped[datetime] = mapped_column(Instant)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)
