"""Licences: who owns credits and who manages them."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from lti_tool.db import Base, Instant


class License(Base):
    """One licence. `code` is what a teacher claims it with; `owner_person_id` is the single educator who owns it."""

    __tablename__ = "licenses"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    code: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    owner_person_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("people.id"))
    created_at: Mapped[datetime] = mapped_column(Instant)


class LicenseManager(Base):
    """A person whom the operator named to manage a school licence; where nobody is named, its teachers do (R24)."""

    __tablename__ = "license_managers"

    license_id: Mapped[str] = mapped_column(String(36), ForeignKey("licenses.id"), primary_key=True)
    person_id: Mapped[str] = mapped_column(String(36), ForeignKey("people.id"), primary_key=True)
    named_at: Mapped[datetime] = mapped_column(Instant)
