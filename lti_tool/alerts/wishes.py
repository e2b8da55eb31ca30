"""Who asked to be told by e-mail, of what, and in which language; nobody is told who did not ask, and no student."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, ForeignKeyConstraint, String, Text, and_, exists, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from lti_tool.alerts.levels import EVENTS
from lti_tool.db import Base, Instant
from lti_tool.ledger.refusals import StaleSetting
from lti_tool.licenses import licenses
from lti_tool.lti.roles import Role
from lti_tool.members.people import Enrollment, Member, Person

_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")


class Wish(Base):
    """One manager's wish for one pool; `low` is what held when it was last looked, so that a crossing is told once."""

    __tablename__ = "alert_wishes"
    __table_args__ = (ForeignKeyConstraint(["license_id", "resource"], ["pools.license_id", "pools.resource"]),)

    license_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    resource: Mapped[str] = mapped_column(Text, primary_key=True)
    person_id: Mapped[str] = mapped_column(String(36), ForeignKey("people.id"), primary_key=True)
    events: Mapped[str] = mapped_column(Text)
    low: Mapped[str] = mapped_column(Text)
    locale: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime] = mapped_column(Instant)

    @property
    def wanted(self) -> frozenset[str]:
        """The events that the person asked for."""
        return frozenset(self.events.split())


@dataclass(frozen=True)
class Key:
    """Whose wish, for which pool."""

    license_id: str
    resource: str
    person_id: str

    @property
    def columns(self) -> tuple[str, str, str]:
        """As the table has them."""
        return self.license_id, self.resource, self.person_id


def find(session: Session, key: Key) -> Wish | None:
    """What the person asked for; None where they never did."""
    return session.get(Wish, key.columns)


def find_with_address(session: Session, key: Key) -> tuple[Wish | None, str | None]:
    """What the person asked for, and the e-mail address that the LMS gave, if a letter can go there."""
    is_theirs = and_(Wish.license_id == key.license_id, Wish.resource == key.resource, Wish.person_id == key.person_id)
    query = select(Wish, Person.email).outerjoin_from(Person, Wish, is_theirs).where(Person.id == key.person_id)
    wish, email = session.execute(query).one()
    return wish, _if_usable(email)


def save(
    session: Session,
    key: Key,
    wanted: Collection[str],
    *,
    low: Collection[str],
    locale: str,
    based_on: int,
    now: datetime,
) -> None:
    """Tells the person of these events from now on; what is `low` already they have just been shown.

    `based_on` is the version that they saw. Raises StaleSetting.
    """
    licenses.lock(session, key.license_id)
    before = session.get(Wish, key.columns, populate_existing=True)
    events = _as_text(wanted)
    if before is None:
        session.add(
            Wish(
                license_id=key.license_id,
                resource=key.resource,
                person_id=key.person_id,
                events=events,
                low=_as_text(low),
                locale=locale,
                version=1,
                at=now,
            )
        )
    elif before.events != events:
        if before.version != based_on:
            raise StaleSetting("This was changed in the meantime.")
        _change(before, events, now=now)
    if before is not None:
        before.locale = locale
    session.flush()


def leave(session: Session, key: Key, *, now: datetime) -> None:
    """Tells the person of nothing any more; doing it twice is as good as once."""
    licenses.lock(session, key.license_id)
    wish = session.get(Wish, key.columns, populate_existing=True)
    if wish is not None and wish.events:
        _change(wish, "", now=now)
        session.flush()


def may_be_told(session: Session, license_id: str, person_id: str) -> bool:
    """Whether the person teaches a course of the licence and manages it, at this moment (R24)."""
    teaches = exists().where(
        Member.license_id == license_id,
        Member.person_id == person_id,
        Enrollment.member_id == Member.id,
        Enrollment.active,
        Enrollment.role == Role.TEACHER.value,
    )
    return bool(session.scalar(select(teaches))) and licenses.is_manager(session, license_id, person_id)


def address_of(session: Session, person_id: str) -> str | None:
    """The e-mail address that the LMS gave, if a letter can go there."""
    person = session.get(Person, person_id)
    return _if_usable(person.email if person else None)


def _if_usable(email: str | None) -> str | None:
    return email if email and _ADDRESS.fullmatch(email) else None


def _change(wish: Wish, events: str, *, now: datetime) -> None:
    wish.events, wish.version, wish.at = events, wish.version + 1, now


def _as_text(events: Collection[str]) -> str:
    return " ".join(event for event in EVENTS if event in events)
