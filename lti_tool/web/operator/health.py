"""/operator/health: version, database, queue, sweep, disk, keys, and what the settings leave off; never a secret."""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.metadata import version
from pathlib import Path

from flask import Blueprint, current_app, render_template
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from lti_tool import clock, last_results, schema
from lti_tool.db import Sql, db
from lti_tool.jobs import JOBS, Jobs
from lti_tool.language import _, ngettext
from lti_tool.lti import keyring
from lti_tool.lti.keyring import KeysUnusable
from lti_tool.lti.signing_keys import Keyring
from lti_tool.members import roster_reads
from lti_tool.settings import Settings
from lti_tool.sweeper import LAST_SWEEP
from lti_tool.web.access import OPERATOR, only
from lti_tool.web.operator.switches import switches
from lti_tool.webhooks import deliveries

_SWEPT_WITHIN = timedelta(minutes=5)
_WAITS_AT_MOST = timedelta(minutes=15)
_LEAST_FREE = 0.05
_KEY_LASTS = timedelta(days=365)


@dataclass(frozen=True)
class Disk:
    """How many bytes the database takes, and what its disk has left; None where the database server knows that."""

    taken: int
    free: int | None
    total: int | None

    @property
    def is_full(self) -> bool:
        """Whether hardly anything is left."""
        return self.free is not None and bool(self.total) and self.free < _LEAST_FREE * (self.total or 0)


@dataclass(frozen=True)
class Health:
    """How the tool does at this moment."""

    now: datetime
    migration: str | None
    newest: str
    jobs: int
    readings: int
    oldest_reading: datetime | None
    messages: int
    oldest_message_s: float
    swept_at: datetime | None
    disk: Disk
    keys: Keyring | None
    """None where the folder of the keys cannot be used."""

    @property
    def is_swept(self) -> bool:
        """Whether the sweep, which runs each minute, ran lately."""
        return self.swept_at is not None and self.now - self.swept_at < _SWEPT_WITHIN

    @property
    def oldest_message(self) -> datetime | None:
        """Since when the oldest webhook waits."""
        return self.now - timedelta(seconds=self.oldest_message_s) if self.messages else None

    @property
    def is_key_old(self) -> bool:
        """Whether the signing key should be followed by another."""
        if not self.keys or not self.keys.keys:
            return False
        signs_from = self.keys.signer(self.now).signs_from
        return signs_from.year > 1 and self.now - signs_from > _KEY_LASTS

    @property
    def faults(self) -> list[str]:
        """What is wrong, a sentence each."""
        return list(self._faults())

    def _faults(self) -> Iterator[str]:
        if self.migration != self.newest:
            yield _("The database has another migration than this version needs.")
        if self.swept_at is None:
            yield _("The sweep has not run yet: are the jobs running?")
        elif not self.is_swept:
            yield _("The sweep, which runs each minute, has not run for more than five: are the jobs running?")
        if self.oldest_reading and self.now - self.oldest_reading > _WAITS_AT_MOST:
            yield ngettext(
                "%(num)s roster waits to be read, for more than a quarter of an hour.",
                "%(num)s rosters wait to be read, the first for more than a quarter of an hour.",
                self.readings,
            )
        if self.disk.is_full:
            yield _("The disk of the database is nearly full.")
        if self.keys is None:
            yield _("The signing keys cannot be read.")
        elif self.is_key_old:
            yield _("The signing key is more than a year old.")


def routes(blueprint: Blueprint) -> None:
    """Adds the page."""
    blueprint.add_url_rule("/health", "health", health)


@only(OPERATOR)
def health() -> str:
    """How the tool does; `switches` are what the settings leave off."""
    settings = _settings()
    found = look(db.session())
    return render_template(
        "operator/health.html",
        health=found,
        version=version("creditroll"),
        database=db.engine.dialect.name,
        switches=switches(settings),
        keys=_keys(found),
        settings=settings,
    )


def look(session: Session) -> Health:
    """Asks the database, the queue, the disk and the keys."""
    jobs: Jobs = current_app.extensions[JOBS]
    now = clock.now()
    readings, oldest = roster_reads.queued(session)
    messages, oldest_s = deliveries.waiting(session, now=now)
    swept = last_results.find(session, LAST_SWEEP)
    return Health(
        now=now,
        migration=schema.current(db.engine),
        newest=schema.newest(),
        jobs=jobs.waiting(),
        readings=readings,
        oldest_reading=oldest,
        messages=messages,
        oldest_message_s=oldest_s,
        swept_at=swept.touched_at if swept else None,
        disk=_disk(session, db.engine),
        keys=_keyring(_settings().keys_dir),
    )


@dataclass(frozen=True)
class KeyRow:
    """A signing key as the page shows it: never its private half."""

    kid: str
    status: str
    signs_from: datetime | None
    needed_until: datetime | None


def _keys(found: Health) -> Sequence[KeyRow]:
    ring = found.keys or Keyring(())
    return [
        KeyRow(
            key.kid,
            ring.status(key, found.now),
            key.signs_from if key.signs_from.year > 1 else None,
            ring.needed_until(key),
        )
        for key in ring.keys
    ]


def _keyring(folder: Path) -> Keyring | None:
    try:
        return keyring.read_keyring(folder)
    except KeysUnusable:
        return None


_SIZE = Sql("select 0", postgresql="select pg_database_size(current_database())")


def _disk(session: Session, engine: Engine) -> Disk:
    path = engine.url.database
    if engine.dialect.name != "sqlite" or not path:
        return Disk(int(_SIZE.run(session).scalar_one()), None, None)
    files = [Path(f"{path}{end}") for end in ("", "-wal", "-jobs", "-jobs-wal")]
    usage = shutil.disk_usage(Path(path).parent)
    return Disk(sum(file.stat().st_size for file in files if file.exists()), usage.free, usage.total)


def _settings() -> Settings:
    settings: Settings = current_app.extensions["creditroll"]
    return settings
