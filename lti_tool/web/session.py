"""The visit that follows a launch: short-lived, signed, in a Partitioned cookie, and replaced by the next launch."""

import secrets
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from flask import Flask, session

from lti_tool.db import micros, moment
from lti_tool.lti.roles import Role
from lti_tool.settings import Settings

_KEY = "visit"
_STAFF_HOURS = 8


@dataclass(frozen=True)
class Visit:
    """Who is here, from which course, and what they may do: fixed at the launch, never taken from a URL or form.

    Ids are our own. `mentored` are the members whom an observer may see.
    """

    platform_id: str
    context_id: str | None
    license_id: str | None
    person_id: str | None
    member_id: str | None
    role: Role
    manages: bool
    mentored: tuple[str, ...]
    locale: str
    ends_at: datetime
    alias: str = ""
    """What to call somebody of whom nothing is kept."""


def configure(app: Flask, settings: Settings) -> None:
    """Cookies that survive in a third-party iframe (CHIPS) and nowhere else."""
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SESSION_COOKIE_NAME="__Host-creditroll",
        SESSION_COOKIE_SECURE=True,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="None",
        SESSION_COOKIE_PARTITIONED=True,
        SESSION_COOKIE_PATH="/",
        SESSION_REFRESH_EACH_REQUEST=False,
    )


def lasts(settings: Settings, role: Role) -> timedelta:
    """How long a visit may last; staff never stay longer than 8 hours."""
    hours = min(settings.session_hours, _STAFF_HOURS) if role.is_staff else settings.session_hours
    return timedelta(hours=hours)


def begin(visit: Visit) -> None:
    """Starts the visit; whatever an earlier person left in this browser is gone, CSRF token included."""
    session.clear()
    session["csrf_token"] = secrets.token_hex(20)  # made here, so that no later answer sets the cookie again
    session[_KEY] = asdict(visit) | {"ends_at": micros(visit.ends_at)}


def end() -> None:
    """Ends the visit that this browser has, if it has one."""
    session.clear()


def current(now: datetime) -> Visit | None:
    """The visit of this request; None where there is none or its time is over."""
    kept = session.get(_KEY)
    if kept is None:
        return None
    visit = Visit(
        **kept | {"role": Role(kept["role"]), "mentored": tuple(kept["mentored"]), "ends_at": moment(kept["ends_at"])}
    )
    return visit if visit.ends_at > now else None
