"""The automatic-allotment setting: the maximum a student may receive, kept as a history that is never rewritten."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, ForeignKeyConstraint, String, Text
from sqlalchemy.orm import Mapped, Session, mapped_column

from lti_tool.db import Base, Instant, Sql, micros
from lti_tool.language import _
from lti_tool.ledger import rules
from lti_tool.ledger.movements import Actor
from lti_tool.ledger.pools import open_pool
from lti_tool.ledger.refusals import MaximumInvalid, StaleSetting
from lti_tool.settings import Resource


class Policy(Base):
    """One saved setting; the newest version is in force, and each automatic batch names the one it obeyed (R14)."""

    __tablename__ = "policies"
    __table_args__ = (ForeignKeyConstraint(["license_id", "resource"], ["pools.license_id", "pools.resource"]),)

    license_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    resource: Mapped[str] = mapped_column(Text, primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    maximum: Mapped[int] = mapped_column(BigInteger)
    actor_kind: Mapped[str] = mapped_column(Text)
    actor_id: Mapped[str | None] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(Instant)


@dataclass(frozen=True)
class Setting:
    """The maximum in force, in units; 0 is off. Version 0 means that nobody ever saved one."""

    maximum: int
    version: int


_CURRENT = Sql(
    "select maximum, version from policies where license_id = :license_id and resource = :resource"
    " order by version desc limit 1"
)


def current(session: Session, license_id: str, resource: str) -> Setting:
    """The setting in force; off where nobody saved one (R6)."""
    row = _CURRENT.run(session, license_id=license_id, resource=resource).first()
    return Setting(row[0], row[1]) if row else Setting(0, 0)


def newest(session: Session, license_id: str, resource: str) -> Policy | None:
    """The setting in force with who saved it and when; None where nobody did."""
    return session.get(Policy, (license_id, resource, current(session, license_id, resource).version))


_SAVE = Sql(
    """
    insert into policies (license_id, resource, version, maximum, actor_kind, actor_id, at)
    values (:license_id, :resource, :version, :maximum, :actor_kind, :actor_id, :at)
    on conflict do nothing
    """
)


def save(
    session: Session,
    license_id: str,
    resource: Resource,
    *,
    maximum: int,
    based_on: int,
    actor: Actor,
    now: datetime,
) -> Setting:
    """Puts a new maximum in force from each student's next need on (R6, R13); saving the same again changes nothing.

    The first is saved in any case: that it is off is then somebody's decision.

    `based_on` is the version that the person saw. Raises MaximumInvalid, or StaleSetting if a newer one was saved.
    """
    if not rules.is_allowed_maximum(maximum, resource.bundle):
        raise not_allowed(maximum, resource)
    open_pool(session, license_id, resource.name)  # a licence of another resource alone has none yet
    before = current(session, license_id, resource.name)
    if before.version == based_on and (before.maximum != maximum or before.version == 0):
        saved = _SAVE.run(
            session,
            license_id=license_id,
            resource=resource.name,
            version=based_on + 1,
            maximum=maximum,
            actor_kind=actor.kind,
            actor_id=actor.id,
            at=micros(now),
        )
        if saved.rowcount == 1:
            return Setting(maximum, based_on + 1)
        before = current(session, license_id, resource.name)  # somebody was faster by a moment
    if before.maximum != maximum:
        raise StaleSetting(
            _("Somebody saved %(maximum)s in the meantime.", maximum=before.maximum), maximum=before.maximum
        )
    return before


def not_allowed(maximum: int, resource: Resource) -> MaximumInvalid:
    """Why this maximum can't be saved, with its two nearest neighbours (R6)."""
    below, above = rules.nearest_allowed(maximum, resource.bundle)
    if maximum < 0:
        reason = _("%(maximum)s is below 0.", maximum=maximum)
    elif maximum > rules.MAXIMUM_LIMIT:
        reason = _("%(maximum)s is more than %(most)s.", maximum=maximum, most=rules.MAXIMUM_LIMIT)
    else:
        reason = _("%(maximum)s is not a multiple of %(bundle)s.", maximum=maximum, bundle=resource.bundle)
    nearest = _("The nearest are %(below)s and %(above)s.", below=below, above=above)
    return MaximumInvalid(f"{reason} {nearest}", field="maximum", value=maximum, nearest=[below, above])
