"""The registration that a login or launch belongs to, remembered for a moment so that most of them ask no database."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from lti_tool.db import Sql
from lti_tool.lti.refusals import PlatformDisabled, PlatformPending, PlatformUnknown

_REMEMBERED = timedelta(seconds=30)
_MOST = 1000


@dataclass(frozen=True)
class Registered:
    """What the protocol needs to know of an active platform."""

    id: str
    issuer: str
    client_id: str
    auth_login_url: str
    jwks_url: str
    family: str


class Registrations:
    """One object a process. Only active registrations are remembered, for 30 seconds, so a new or approved one counts
    at once. A disabled one may begin a login for that long, but not end it: a launch reads the status again.
    """

    def __init__(self) -> None:
        self._remembered: dict[tuple[str, ...], tuple[Registered, datetime]] = {}

    def of_client(self, session: Session, issuer: str, client_id: str | None, *, now: datetime) -> Registered:
        """By the LMS's own names; without a client only where one active platform has that issuer.

        Raises PlatformUnknown, PlatformPending, PlatformDisabled.
        """
        names = {"issuer": issuer, "client_id": client_id or None}
        if not client_id:
            return self._read(session, _OF_ISSUER, names)
        return self._known((issuer, client_id), now) or self._keep(self._read(session, _OF_CLIENT, names), now)

    def of_id(self, session: Session, platform_id: str, *, now: datetime) -> Registered:
        """By our own id. Raises PlatformUnknown, PlatformPending, PlatformDisabled."""
        known = self._known((platform_id,), now)
        return known or self._keep(self._read(session, _OF_ID, {"id": platform_id}), now)

    def _known(self, names: tuple[str, ...], now: datetime) -> Registered | None:
        registered, until = self._remembered.get(names, (None, now))
        return registered if until > now else None

    def _keep(self, registered: Registered, now: datetime) -> Registered:
        if len(self._remembered) >= _MOST:
            self._remembered.clear()
        for names in ((registered.id,), (registered.issuer, registered.client_id)):
            self._remembered[names] = (registered, now + _REMEMBERED)
        return registered

    def _read(self, session: Session, sql: Sql, names: dict[str, Any]) -> Registered:
        rows = sql.run(session, **names).all()
        if len(rows) != 1:
            raise PlatformUnknown(**names)
        *registered, status = rows[0]
        check_status(status, **names)
        return Registered(*registered)


_COLUMNS = "select id, issuer, client_id, auth_login_url, jwks_url, family, status from platforms"
_OF_CLIENT = Sql(f"{_COLUMNS} where issuer = :issuer and client_id = :client_id")
_OF_ISSUER = Sql(f"{_COLUMNS} where issuer = :issuer and status = 'active' limit 2")
_OF_ID = Sql(f"{_COLUMNS} where id = :id")


def check_status(status: str, **names: object) -> None:
    """Raises PlatformPending or PlatformDisabled unless the registration is active."""
    if status == "pending":
        raise PlatformPending(**names)
    if status != "active":
        raise PlatformDisabled(**names)
