"""The last logins and launches, let in or refused: what each check said and what came, without anybody's data.

A launch that is let in is noted by one statement of its own transaction; a refused one in a transaction of its own.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, String, Text, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from lti_tool.db import Base, Instant, Sql, micros
from lti_tool.errors import NotFound
from lti_tool.ids import new_id
from lti_tool.lti import redaction
from lti_tool.lti.attempts import Attempt

OK = "ok"
"""The code of a launch that was let in."""
_MOST_PLATFORMS = 50
"""Rows in all: as many times what one platform may have."""
_LONGEST = 8_192
"""Characters that one row keeps of what came; Canvas's launches, the longest known, need 3,000."""
_TO_ASCII = json.JSONEncoder(separators=(",", ":")).encode  # no NUL, no half characters: any database takes it


class Launch(Base):
    """One login that was refused, or launch. `platform_id` is None where none was found.

    `deployment_id` is the LMS's own; `skew_s` is our clock less the LMS's; `carried_by` is how the browser proved that
    it began the login: "cookie", "storage" or "new_tab".
    """

    __tablename__ = "launches"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    support_id: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(Instant)
    platform_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("platforms.id"))
    deployment_id: Mapped[str | None] = mapped_column(Text)
    code: Mapped[str] = mapped_column(Text)
    carried_by: Mapped[str | None] = mapped_column(Text)
    skew_s: Mapped[int | None] = mapped_column(BigInteger)
    checks: Mapped[str] = mapped_column(Text)
    claims: Mapped[str] = mapped_column(Text)

    @property
    def results(self) -> dict[str, str]:
        """Each check in its order: "ok", "failed" or "not reached"."""
        results: dict[str, str] = json.loads(self.checks)
        return results

    @property
    def came(self) -> dict[str, Any]:
        """What the message held, redacted."""
        came: dict[str, Any] = json.loads(self.claims)
        return came


class LaunchLog:
    """Makes rows of attempts; people are told apart by a hash under a key that is used for nothing else."""

    def __init__(self, secret_key: str) -> None:
        self._key = hmac.digest(secret_key.encode(), b"launch-log", "sha256")

    def row(self, attempt: Attempt, code: str, *, now: datetime, **figures: object) -> dict[str, object]:
        """The row of an attempt that ended with `code`; `figures` are what a refusal names. Never raises."""
        issued = redaction.seconds(attempt.said.get("iat"))
        return {
            "id": new_id(),
            "support_id": attempt.support_id,
            "at": micros(now),
            "platform_id": attempt.platform_id,
            "deployment_id": redaction.deployment(attempt.said),
            "code": code,
            "carried_by": attempt.carried_by,
            "skew_s": None if issued is None else round(now.timestamp() - issued),
            "checks": _results(attempt.steps, None if code == OK else attempt.reached),
            "claims": self._claims(attempt, figures),
        }

    def _claims(self, attempt: Attempt, figures: Mapping[str, object]) -> str:
        if attempt.is_login:
            came = redaction.of_login(attempt.said)
        else:
            came = redaction.of_launch(attempt, self._person(attempt))
        about = {name: redaction.protocol(value) for name, value in figures.items() if value is not None}
        text = _TO_ASCII(about | came)
        return text if len(text) <= _LONGEST else _TO_ASCII(about | {"came": f"({len(text)} characters)"})

    def _person(self, attempt: Attempt) -> str | None:
        subject = attempt.said.get("sub")
        if not isinstance(subject, str):
            return redaction.shape(subject)
        # With the platform: a small number, as Moodle's, is somebody else in every LMS.
        named = f"{attempt.platform_id} {subject}".encode("utf-8", "replace")
        return hmac.new(self._key, named, hashlib.sha256).hexdigest()[:12]


@lru_cache(maxsize=128)
def _results(steps: tuple[str, ...], failed: str | None) -> str:
    at = steps.index(failed) if failed in steps else len(steps) if failed is None else 0
    results = ["ok"] * at + ["failed"] * (at < len(steps)) + ["not reached"] * (len(steps) - at - 1)
    return json.dumps(dict(zip(steps, results, strict=True)))


NOTE = """
    insert into launches (id, support_id, at, platform_id, deployment_id, code, carried_by, skew_s, checks, claims)
    values (:id, :support_id, :at, :platform_id, :deployment_id, :code, :carried_by, :skew_s, :checks, :claims)
    on conflict do nothing
"""
"""The statement of `note`, for a write that does more at once."""
_NOTE = Sql(NOTE)

_NOTE_REFUSED = Sql(
    """
    insert into launches (id, support_id, at, platform_id, deployment_id, code, carried_by, skew_s, checks, claims)
    values (:id, :support_id, :at,
            coalesce(:platform_id, (select id from platforms where issuer = :issuer and client_id = :client_id)),
            :deployment_id, :code, :carried_by, :skew_s, :checks, :claims)
    on conflict do nothing
    """
)


def note(session: Session, row: Mapping[str, object]) -> None:
    """Notes a launch that was let in, with the launch's own transaction: nothing that a row can hold makes it fail."""
    _NOTE.send(session, **row)


def note_refused(session: Session, row: Mapping[str, object], *, issuer: object, client_id: object) -> None:
    """Notes a refused login or launch, with the platform that it named if it got no further."""
    _NOTE_REFUSED.run(session, **row, issuer=_text(issuer), client_id=_text(client_id))


def _text(value: object) -> str | None:
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else None


def recent(
    session: Session,
    *,
    platform_id: str | None = None,
    code: str | None = None,
    was_let_in: bool | None = None,
    before: str | None = None,
    limit: int,
) -> Sequence[Launch]:
    """The last of them, newest first; `before` is the id of the last one of the page before."""
    asked = select(Launch).order_by(Launch.id.desc()).limit(limit)
    if platform_id is not None:
        asked = asked.where(Launch.platform_id == platform_id)
    if code is not None:
        asked = asked.where(Launch.code == code)
    if was_let_in is not None:
        asked = asked.where((Launch.code == OK) if was_let_in else (Launch.code != OK))
    if before is not None:
        asked = asked.where(Launch.id < before)
    return session.scalars(asked).all()


def find(session: Session, support_id: str) -> Launch:
    """The one with the support id that a page or a log line shows, however it was typed. Raises NotFound."""
    letters = "".join(letter for letter in support_id.upper() if letter.isalnum())
    found = session.scalar(select(Launch).where(Launch.support_id == f"{letters[:4]}-{letters[4:]}"))
    if found is None:
        raise NotFound(f"No login or launch with the support id {support_id[:20]} is kept.")
    return found


_SIGNED = '%"signature": "ok"%'
"""In the checks of what the LMS itself signed: strangers can't crowd it out."""

_OVERDUE = Sql(
    """
    select id from (
        select id, at, row_number() over (order by id desc) as place,
               row_number() over (partition by platform_id, case when code = 'ok' then 2
                                                                 when checks like :signed then 1 else 0 end
                                  order by id desc) as place_of_its_kind
          from launches
    ) l
     where at < :oldest or place_of_its_kind > :rows or place > :rows_in_all
     limit :most
    """
)

_FORGET = Sql(
    "delete from launches where id in (select value from json_each(:ids))",
    postgresql="delete from launches where id in (select value from json_array_elements_text(cast(:ids as json)))",
)


def overdue(session: Session, *, days: int, rows: int, now: datetime, most: int = 2_000) -> list[str]:
    """What need not be kept: what is older than so many days, and of each platform all but the last `rows` launches,
    refusals of what it signed, and refusals of what anybody may have sent. A read, so that nobody waits for it;
    `forget` then deletes.
    """
    oldest = micros(now - timedelta(days=days))
    limits = {"rows": rows, "rows_in_all": rows * _MOST_PLATFORMS, "most": most}
    found = _OVERDUE.run(session, oldest=oldest, signed=_SIGNED, **limits)
    return [row[0] for row in found]


def forget(session: Session, ids: Sequence[str]) -> None:
    """Deletes these rows."""
    _FORGET.run(session, ids=json.dumps(ids))
