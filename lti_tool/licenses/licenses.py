"""Licences: who owns credits, who manages them, and what each has."""

import logging
import secrets
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Boolean, ForeignKey, String, Text, exists, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from lti_tool.db import Base, Instant, micros
from lti_tool.errors import Invalid, NotFound
from lti_tool.ids import new_id
from lti_tool.language import _
from lti_tool.ledger import policies, pools
from lti_tool.ledger.movements import Actor
from lti_tool.ledger.pools import Totals
from lti_tool.licenses import setting_changes
from lti_tool.licenses.setting_changes import ASSISTANTS
from lti_tool.settings import Resource

_log = logging.getLogger(__name__)
_CODE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # none that are read for one another


class License(Base):
    """One licence. `code` is what a teacher claims it with; `owner_person_id` is the single educator who owns it."""

    __tablename__ = "licenses"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    code: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    owner_person_id: Mapped[str | None] = mapped_column(String(36))
    assistants_teach: Mapped[bool] = mapped_column(Boolean, default=False)
    """Whether teaching assistants may do what teachers may (R24)."""
    is_trusted: Mapped[bool] = mapped_column(Boolean, default=False)
    """Whether purchase orders are credited at once, before anybody looked at them (R29)."""
    created_at: Mapped[datetime] = mapped_column(Instant)


class LicenseManager(Base):
    """A person whom the operator named to manage a school licence; where nobody is named, its teachers do (R24)."""

    __tablename__ = "license_managers"

    license_id: Mapped[str] = mapped_column(String(36), ForeignKey("licenses.id"), primary_key=True)
    person_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    named_at: Mapped[datetime] = mapped_column(Instant)


def create(session: Session, *, name: str, now: datetime, owner_person_id: str | None = None) -> License:
    """A new licence without credits; `ledger.issuing.grant` gives it some. Raises Invalid for an empty name."""
    if not name.strip():
        raise Invalid("A licence needs a name.", field="name")
    made = License(
        id=new_id(), code=_new_code(), name=name.strip()[:200], owner_person_id=owner_person_id, created_at=now
    )
    session.add(made)
    session.flush()
    return made


def find(session: Session, license_id: str) -> License:
    """The licence with this id. Raises NotFound."""
    found = session.get(License, license_id)
    if found is None:
        raise NotFound("There is no such licence.")
    return found


def lock(session: Session, license_id: str) -> License:
    """The licence as it is now; nobody else changes its settings before this transaction ends. Raises NotFound."""
    # Not FOR UPDATE: members who come in name it as their parent, and would have to wait.
    found = session.get(License, license_id, populate_existing=True, with_for_update={"key_share": True})
    if found is None:
        raise NotFound("There is no such licence.")
    return found


def names(session: Session, license_ids: Collection[str]) -> dict[str, str]:
    """The names of these licences, by id."""
    rows = session.execute(select(License.id, License.name).where(License.id.in_(license_ids)))
    return {row.id: row.name for row in rows}


def every(session: Session) -> Sequence[License]:
    """All licences, oldest first."""
    return session.scalars(select(License).order_by(License.id)).all()


def by_code(session: Session, code: str) -> License:
    """The licence that a teacher claims with this code, however they typed it. Raises NotFound."""
    letters = "".join(letter for letter in code.upper() if letter.isalnum())
    written = "-".join(letters[start : start + 4] for start in range(0, len(letters), 4))
    found = session.scalar(select(License).where(License.code == written))
    if found is None:
        raise NotFound(_("No license has this code. Check each letter, or ask whoever gave it to you."))
    return found


def is_manager(session: Session, license_id: str, person_id: str) -> bool:
    """Whether a teacher of the licence manages it (R24): the named ones do, or all where none is named."""
    named = LicenseManager.license_id == license_id
    if not session.scalar(select(exists().where(named))):
        return True
    return bool(session.scalar(select(exists().where(named, LicenseManager.person_id == person_id))))


def name_manager(session: Session, license_id: str, person_id: str, *, now: datetime) -> None:
    """Names a manager of a school licence; from the first one named on, only those named manage it (R24)."""
    if session.get(LicenseManager, (license_id, person_id)) is None:
        session.add(LicenseManager(license_id=license_id, person_id=person_id, named_at=now))
        session.flush()


def managers(session: Session, license_id: str, *, limit: int) -> Sequence[str]:
    """The people who were named to manage it, the first named first."""
    named = select(LicenseManager.person_id).where(LicenseManager.license_id == license_id)
    return session.scalars(named.order_by(LicenseManager.named_at, LicenseManager.person_id).limit(limit)).all()


def let_assistants_teach(
    session: Session, license_id: str, teach: bool, *, actor: Actor, now: datetime, based_on: int | None = None
) -> None:
    """Treats teaching assistants as teachers, or no longer: from each one's next request on.

    `based_on` is the version of `setting_changes` that the person saw, if they looked. Raises NotFound, StaleSetting.
    """
    license_ = lock(session, license_id)
    if license_.assistants_teach != teach:
        setting_changes.note(session, license_id, ASSISTANTS, actor=actor, now=now, based_on=based_on)
        license_.assistants_teach = teach
        session.flush()
        _log.info("license %s assistants_teach=%s by %s %s", license_id, teach, actor.kind, actor.id)


def trust(session: Session, license_id: str, is_trusted: bool) -> License:
    """Credits the licence's purchase orders when they are placed, or again when they are approved (R29).

    What waits already waits on. Raises NotFound.
    """
    found = find(session, license_id)
    found.is_trusted = is_trusted
    session.flush()
    return found


def describe(
    session: Session, found: License, *, resources: Mapping[str, Resource], now: datetime
) -> dict[str, object]:
    """The licence as docs/api.md shows it (`GET /licenses/{license}`); `now` is the database's clock."""
    return {
        "id": found.id,
        "name": found.name,
        "resources": [
            figures(totals, resources[totals.resource], policies.current(session, found.id, totals.resource).maximum)
            for totals in pools.totals(session, found.id, now_us=micros(now))
            if totals.resource in resources
        ],
    }


def figures(totals: Totals, resource: Resource, maximum: int) -> dict[str, object]:
    """One resource's part of it: issued = pool + allotted, allotted = available + held + used (R5)."""
    return {
        "resource": resource.name,
        "unit": resource.unit,
        "bundle": resource.bundle,
        "max_per_member": maximum,
        "issued": totals.issued,
        "pool": totals.pool,
        "allotted": totals.allotted,
        "available": totals.available,
        "held": totals.held,
        "used": totals.used,
    }


def _new_code() -> str:
    letters = "".join(secrets.choice(_CODE_LETTERS) for _ in range(16))
    return "-".join(letters[start : start + 4] for start in range(0, 16, 4))
