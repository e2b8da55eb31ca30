"""Registered LMSs (platforms) and their installations (deployments), waiting or admitted."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from lti_tool.db import Base, Instant

FAMILIES = ("canvas", "schoology", "moodle", "brightspace", "blackboard", "sakai", "openedx", "other")


class Platform(Base):
    """One registration: (issuer, client_id) is the key, never the issuer alone (Canvas cloud shares one)."""

    __tablename__ = "platforms"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    family: Mapped[str] = mapped_column(Text)
    issuer: Mapped[str] = mapped_column(Text)
    client_id: Mapped[str] = mapped_column(Text)
    auth_login_url: Mapped[str] = mapped_column(Text)
    auth_token_url: Mapped[str] = mapped_column(Text)
    auth_audience: Mapped[str | None] = mapped_column(Text)
    jwks_url: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    """"active", "pending" (waits for the operator) or "disabled"."""
    created_at: Mapped[datetime] = mapped_column(Instant)


class Deployment(Base):
    """One installation of the tool in a platform; an unknown one is kept as "pending" until approved."""

    __tablename__ = "deployments"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    platform_id: Mapped[str] = mapped_column(String(36), ForeignKey("platforms.id"))
    deployment_id: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Instant)
