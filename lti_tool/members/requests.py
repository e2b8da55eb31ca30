"""What students ask their teachers for: one open request a member and resource, answered with credits or without.

A request is open until somebody answers it or its student receives something: `received` is what they had received when
they asked. So whoever gives, on whatever page, has answered it as well, as has a bundle that comes by itself, and no
way of giving has to know of requests.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, ForeignKeyConstraint, Row, String, Text, and_, func, select, true
from sqlalchemy.orm import Mapped, Session, mapped_column

from lti_tool.db import Base, Instant, Sql, micros
from lti_tool.errors import Invalid, Refusal
from lti_tool.ids import new_id
from lti_tool.language import _
from lti_tool.ledger import journal, policies, rules, transfers
from lti_tool.ledger.accounts import Account
from lti_tool.ledger.allotment import allot, lock_member
from lti_tool.ledger.movements import Actor, Posted
from lti_tool.members import reach
from lti_tool.members.people import Enrollment, Member, Person, pseudonym
from lti_tool.members.reach import Reach
from lti_tool.settings import Resource

LONGEST = 200
"""Characters of a reason, and of what is said to somebody who gets none."""
MOST_A_DAY = 3


class CreditRequest(Base):
    """A student asks. Answers: "given" (credits came), "declined" (by `closed_by`, with `words`) and "withdrawn"."""

    __tablename__ = "credit_requests"
    __table_args__ = (
        ForeignKeyConstraint(
            ["license_id", "resource", "member_id"],
            ["accounts.license_id", "accounts.resource", "accounts.member_id"],
        ),
    )

    license_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    resource: Mapped[str] = mapped_column(Text)
    member_id: Mapped[str] = mapped_column(String(36))
    received: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str | None] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(Instant)
    answer: Mapped[str | None] = mapped_column(Text)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    closed_by: Mapped[str | None] = mapped_column(String(36))
    words: Mapped[str | None] = mapped_column(Text)


class HasCredits(Refusal):
    """Who has credits, or gets some when they are needed, has nothing to ask for."""

    code = "has_credits"


class AskedOften(Refusal):
    """The student asked as often as one may in a day."""

    code = "asked_often"


class AnsweredBefore(Refusal):
    """Somebody answered one of the requests meanwhile, or who asked is in none of the teacher's courses any more."""

    code = "answered_before"


_IDS = "(select value from json_each(:ids))"
_IDS_ON_POSTGRESQL = "(select value from json_array_elements_text(cast(:ids as json)))"


def _closing(answer: str, which: str) -> Sql:
    """Closes open requests of a licence; `which` of them has IDS for a list of ids."""
    statement = f"""
    update credit_requests set closed_at = :now, answer = '{answer}', closed_by = :by, words = :words
     where license_id = :license_id and closed_at is null and {which}
    """
    return Sql(statement.replace("IDS", _IDS), postgresql=statement.replace("IDS", _IDS_ON_POSTGRESQL))


_OF_MEMBER = "resource = :resource and member_id = :member_id"
_MET = _closing("given", f"{_OF_MEMBER} and received <> :received")
_WITHDRAWN = _closing("withdrawn", _OF_MEMBER)
_LEFT = _closing("withdrawn", "member_id in IDS")
_GIVEN = _closing("given", "id in IDS")
_DECLINED = _closing(
    "declined",
    """id in IDS and received = (select a.received from accounts a
                                 where a.license_id = credit_requests.license_id
                                   and a.resource = credit_requests.resource
                                   and a.member_id = credit_requests.member_id)""",
)

_ASK = Sql(
    """
    insert into credit_requests (license_id, id, resource, member_id, received, reason, at)
    values (:license_id, :id, :resource, :member_id, :received, :reason, :now)
    on conflict (license_id, resource, member_id) where closed_at is null do nothing
    """
)


def ask(
    session: Session, license_id: str, resource: Resource, member_id: str, *, reason: str | None, now: datetime
) -> None:
    """Notes the request; asked again while it is open, nothing happens. `now` is the database's clock.

    Raises Invalid, NotActive (who asks is in no course), HasCredits, AskedOften.
    """
    if reason and len(reason) > LONGEST:
        raise _too_long(reason, "reason")
    # Nothing is given to them until we are done, and they ask for one thing at a time.
    lock_member(session, license_id, resource.name, member_id)
    received = _received_with_nothing_left(session, license_id, resource, member_id, now=now)
    where = {"license_id": license_id, "resource": resource.name, "member_id": member_id}
    _MET.run(session, **where, received=received, by=None, words=None, now=micros(now))
    mine = select(func.count()).select_from(CreditRequest).filter_by(**where)
    is_open = session.scalar(mine.where(CreditRequest.closed_at.is_(None)))
    if not is_open and (session.scalar(mine.where(CreditRequest.at > now - timedelta(days=1))) or 0) >= MOST_A_DAY:
        raise AskedOften(_("You have asked %(most)s times in a day. You can ask again tomorrow.", most=MOST_A_DAY))
    _ASK.run(session, **where, id=new_id(), received=received, reason=reason, now=micros(now))


def _too_long(text: str, field: str) -> Invalid:
    return Invalid(_("At most %(most)s characters; these are %(typed)s.", most=LONGEST, typed=len(text)), field=field)


def may_ask(standing: rules.Standing, *, coming: int) -> bool:
    """Whether there is something to ask for: nothing is left, and nothing comes by itself."""
    return standing.available == 0 and coming == 0


def _received_with_nothing_left(
    session: Session, license_id: str, resource: Resource, member_id: str, *, now: datetime
) -> int:
    found = journal.standing(session, license_id, resource.name, member_id, now=now)
    assert found is not None  # it was locked
    standing = found[0]
    coming = rules.may_still_come(
        received=standing.received,
        maximum=policies.current(session, license_id, resource.name).maximum,
        pool=transfers.pool_balance(session, license_id, resource.name),
        bundle=resource.bundle,
    )
    if not may_ask(standing, coming=coming):
        raise HasCredits(_("There is nothing to ask for: some are left, or come when they are needed."))
    return standing.received


def withdraw(session: Session, license_id: str, resource: str, member_id: str, *, now: datetime) -> None:
    """The student takes the request back; nothing happens if it was answered already."""
    where = {"license_id": license_id, "resource": resource, "member_id": member_id}
    _WITHDRAWN.run(session, **where, by=None, words=None, now=micros(now))


def leave(session: Session, license_id: str, member_ids: Sequence[str], *, now: datetime) -> None:
    """Who left every course of the licence asks for nothing any more."""
    _LEFT.run(session, license_id=license_id, ids=json.dumps(member_ids), by=None, words=None, now=micros(now))


_UNMET = and_(
    Account.license_id == CreditRequest.license_id,
    Account.resource == CreditRequest.resource,
    Account.member_id == CreditRequest.member_id,
    Account.received == CreditRequest.received,
)
"""The account of who asks, if nothing came since."""


@dataclass(frozen=True)
class Asking:
    """A student who asks, with what they have received and used, in units."""

    id: str
    member_id: str
    name: str
    login: str
    """What tells two of one name apart: the e-mail, or what the LMS calls them."""
    reason: str | None
    at: datetime
    received: int
    used: int


@dataclass(frozen=True)
class Waiting:
    """The first of those who ask, longest waiting first, and how many there are in all."""

    shown: list[Asking]
    total: int

    @property
    def by_member(self) -> dict[str, Asking]:
        """Those shown, by the member's id."""
        return {asking.member_id: asking for asking in self.shown}


def waiting(
    session: Session, within: Reach, resource: str, *, limit: int, ids: Collection[str] | None = None
) -> Waiting:
    """Who asks among the members within reach; with `ids`, of these requests alone."""
    here = (
        select(Enrollment.member_id)
        .where(Enrollment.license_id == CreditRequest.license_id, Enrollment.member_id == CreditRequest.member_id)
        .where(Enrollment.active, Enrollment.context_id.in_(within.courses))
        .exists()
    )
    asked = (
        select(
            CreditRequest.id,
            CreditRequest.member_id,
            CreditRequest.reason,
            CreditRequest.at,
            CreditRequest.received,
            Account.used,
            func.count().over().label("total"),
        )
        .join(Account, _UNMET)
        .where(CreditRequest.license_id == within.license_id, CreditRequest.resource == resource)
        .where(CreditRequest.closed_at.is_(None), here, true() if ids is None else CreditRequest.id.in_(ids))
        .order_by(CreditRequest.at, CreditRequest.id)
        .limit(limit)
        .subquery()
    )
    # Only those who are shown are looked up by name.
    rows = session.execute(
        select(asked, Person.id.label("person_id"), Person.name, Person.email, Person.subject)
        .join(Member, Member.id == asked.c.member_id)
        .join(Person, Person.id == Member.person_id)
        .order_by(asked.c.at, asked.c.id)
    ).all()
    return Waiting([_asking(row) for row in rows], rows[0].total if rows else 0)


def asking_among(session: Session, within: Reach, resource: str, member_ids: Collection[str]) -> frozenset[str]:
    """Which of these members ask."""
    query = (
        select(CreditRequest.member_id)
        .join(Account, _UNMET)
        .where(CreditRequest.license_id == within.license_id, CreditRequest.resource == resource)
        .where(CreditRequest.closed_at.is_(None), CreditRequest.member_id.in_(member_ids))
    )
    return frozenset(session.scalars(query))


def _asking(row: Row[Any]) -> Asking:
    return Asking(
        id=row.id,
        member_id=row.member_id,
        name=row.name or pseudonym(row.person_id),
        login=row.email or row.subject,
        reason=row.reason,
        at=row.at,
        received=row.received,
        used=row.used,
    )


_LOCK = Sql(
    f"select count(*) from credit_requests where license_id = :license_id and id in {_IDS}",
    # In the order in which allotments lock them.
    postgresql=f"""
    select 1 from accounts
     where license_id = :license_id and resource = :resource
       and member_id in (select member_id from credit_requests
                          where license_id = :license_id and id in {_IDS_ON_POSTGRESQL})
     order by member_id for update
    """,
)
_OF_REQUESTS = """
    select r.member_id, r.closed_at is null and r.received = a.received
      from credit_requests r
      join accounts a on a.license_id = r.license_id and a.resource = r.resource and a.member_id = r.member_id
     where r.license_id = :license_id and r.resource = :resource and r.id in IDS
"""
_LOOK = Sql(_OF_REQUESTS.replace("IDS", _IDS), postgresql=_OF_REQUESTS.replace("IDS", _IDS_ON_POSTGRESQL))


def give(
    session: Session,
    within: Reach,
    resource: Resource,
    ids: Collection[str],
    *,
    each: int,
    actor: Actor,
    now: datetime,
    note: str | None,
    request_key: str,
) -> Posted:
    """Answers these requests with the same number of units: all of them, or none, and once a form (R15, R17, R18).

    Raises AnsweredBefore, and what `allot` raises.
    """
    wanted = sorted(set(ids))
    where = {"license_id": within.license_id, "ids": json.dumps(wanted)}
    _LOCK.run(session, **where, resource=resource.name)
    rows = _LOOK.run(session, **where, resource=resource.name).all()
    members = [member_id for member_id, _is_open in rows]
    # A form that was saved before is answered by its own batch (R17), though its requests are closed now.
    is_again = journal.saved_by(session, within.license_id, request_key) is not None
    if not is_again and (len(rows) < len(wanted) or not all(is_open for _id, is_open in rows)):
        raise _answered_before()
    if not is_again and not reach.holds_all(session, within, members):
        raise _answered_before()
    posted = allot(
        session,
        within.license_id,
        resource,
        member_ids=members,
        each=each,
        actor=actor,
        now=now,
        note=note,
        request_key=request_key,
    )
    if is_again:  # nobody got anything now, and what the same people ask for since is open
        return posted
    closed = _GIVEN.run(session, **where, by=actor.id, words=None, now=micros(now)).rowcount
    if closed != len(wanted):  # somebody declined one at this moment
        raise _answered_before()
    return posted


def decline(
    session: Session, within: Reach, resource: str, ids: Collection[str], *, words: str | None, by: str, now: datetime
) -> None:
    """Answers these requests without credits: all of them, or none; who declined them before has done it already.

    Raises Invalid, AnsweredBefore.
    """
    if words and len(words) > LONGEST:
        raise _too_long(words, "words")
    wanted = sorted(set(ids))
    if len(waiting(session, within, resource, limit=len(wanted), ids=wanted).shown) == len(wanted):
        where = {"license_id": within.license_id, "ids": json.dumps(wanted)}
        _DECLINED.run(session, **where, by=by, words=words, now=micros(now))
    mine = select(func.count()).select_from(CreditRequest).filter_by(answer="declined", closed_by=by)
    declined = mine.where(CreditRequest.license_id == within.license_id, CreditRequest.id.in_(wanted))
    if session.scalar(declined) != len(wanted):
        raise _answered_before()


def _answered_before() -> AnsweredBefore:
    return AnsweredBefore(_("One of these requests was answered meanwhile. Nothing was changed by this press."))
