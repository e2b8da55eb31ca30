"""Who changed a setting of a licence last, and when: so that a form counts only for the state that it was opened on."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from lti_tool.db import Sql, micros, moment
from lti_tool.language import _
from lti_tool.ledger.movements import Actor
from lti_tool.ledger.refusals import StaleSetting

ASSISTANTS, EXPORT_SERVICE = "assistants", "export_service"


@dataclass(frozen=True)
class Change:
    """The newest change of one setting."""

    version: int
    actor: Actor
    at: datetime


_LAST = Sql(
    "select version, actor_kind, actor_id, at from setting_changes"
    " where license_id = :license_id and setting = :setting"
)


def last(session: Session, license_id: str, setting: str) -> Change | None:
    """The newest change; None where nobody ever changed it."""
    row = _LAST.run(session, license_id=license_id, setting=setting).first()
    return Change(row[0], Actor(row[1], row[2]), moment(row[3])) if row else None


def version(session: Session, license_id: str, setting: str) -> int:
    """How often it was changed."""
    change = last(session, license_id, setting)
    return change.version if change else 0


_VERSIONS = Sql("select setting, version from setting_changes where license_id = :license_id")


def versions(session: Session, license_id: str) -> dict[str, int]:
    """How often each of its settings was changed; one that never was is missing."""
    return {row.setting: row.version for row in _VERSIONS.run(session, license_id=license_id)}


_NOTE = Sql(
    """
    insert into setting_changes (license_id, setting, version, actor_kind, actor_id, at)
    values (:license_id, :setting, 1, :actor_kind, :actor_id, :at)
    on conflict (license_id, setting) do update
       set version = setting_changes.version + 1,
           actor_kind = excluded.actor_kind, actor_id = excluded.actor_id, at = excluded.at
    """
)


def note(
    session: Session, license_id: str, setting: str, *, actor: Actor, now: datetime, based_on: int | None = None
) -> None:
    """Writes a change down; the licence must be locked.

    `based_on` is the version that the person saw, None where nobody looked first. Raises StaleSetting.
    """
    if based_on not in (None, version(session, license_id, setting)):
        raise StaleSetting(_("Somebody changed this in the meantime."))
    _NOTE.run(session, license_id=license_id, setting=setting, actor_kind=actor.kind, actor_id=actor.id, at=micros(now))
