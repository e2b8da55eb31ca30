"""How many members a search matches, by status, and what they have: for the head and the foot of the list."""

import json
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.orm import Session

from lti_tool.db import Sql, micros
from lti_tool.ledger.accounts import Account
from lti_tool.members import census
from lti_tool.members.named import IS_NAMED, searched
from lti_tool.members.people import Enrollment, Member
from lti_tool.members.reach import Reach
from lti_tool.members.selection import Terms, Wish, everybody, matches


@dataclass(frozen=True)
class Counts:
    """How many the search matches, by status, and the sums of the active and the inactive ones, in units."""

    active: int
    students: int
    inactive: int
    waiting: int
    received: int
    used: int
    reserved: int
    available: int
    inactive_received: int
    inactive_used: int
    inactive_reserved: int
    inactive_available: int
    waiting_received: int
    show: str = field(kw_only=True)
    """What was counted for; `waiting_received` is added up for "waiting" alone."""
    of_license: int | None = field(default=None, kw_only=True, compare=False)
    """How many of a whole license are active, whatever is searched, where that was counted along."""

    def of(self, show: str) -> int:
        """How many that filter shows."""
        by_show = {"active": self.active, "inactive": self.inactive, "waiting": self.waiting}
        return by_show.get(show, self.active + self.inactive)

    @property
    def sums(self) -> tuple[int, int, int, int]:
        """Received, used, reserved and available of those who are shown, in units."""
        here = (self.received, self.used, self.reserved, self.available)
        gone = (self.inactive_received, self.inactive_used, self.inactive_reserved, self.inactive_available)
        if self.show == "waiting":
            return self.waiting_received, self.waiting_received, 0, 0  # who waits has used all of it
        if self.show == "active":
            return here
        if self.show == "inactive":
            return gone
        return here[0] + gone[0], here[1] + gone[1], here[2] + gone[2], here[3] + gone[3]


def count(session: Session, within: Reach, terms: Terms, wish: Wish, *, now: datetime) -> Counts:
    """Counts and sums over everybody whom the search and the course of `wish` match, whatever it shows."""
    here = within.only(wish.course)
    if here.is_whole:
        return _count_license(session, here, terms, wish, now=now)
    listed = everybody(here, terms, replace(wish, sort="name"), now=now)
    figures = ("received", "used", "reserved", "available")
    is_here, is_gone, waits = listed.c.active, ~listed.c.active, listed.c.waiting == 1
    query = select(
        *(_sum(when) for when in (is_here, and_(is_here, listed.c.rank == 0), is_gone, waits)),
        *(_sum(is_here, listed.c[name]) for name in figures),
        *(_sum(is_gone, listed.c[name]) for name in figures),
        _sum(waits, listed.c.received if wish.show == "waiting" else 0),
    )
    if wish.search:
        query = query.join(Member, Member.id == listed.c.member_id).where(matches(here, wish))
    return Counts(*(int(value) for value in session.execute(query).one()), show=wish.show)


def size(session: Session, within: Reach, resource: str) -> int:
    """How many members there are within reach, those who left too."""
    found = select(func.count()).where(Account.license_id == within.license_id, Account.resource == resource)
    if not within.is_whole:
        here = (Enrollment.license_id == within.license_id, Enrollment.context_id.in_(within.courses))
        found = found.where(Account.member_id.in_(select(Enrollment.member_id).where(*here)))
    return session.scalar(found) or 0


def _sum(when: ColumnElement[bool], what: ColumnElement[int] | int = 1) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((when, what), else_=0)), 0)


def _of_license(among: str, *, join: str = "", missed_active: str = "null") -> Sql:
    """`among` is a condition on members, and `join` the same as what leads to their accounts; `missed_active` counts
    the active ones whom it leaves out.
    """
    # What is held past its time is available again, whether or not a sweeper ran (R19): few holds, if any.
    whose = join or f"where {among}"
    return census.sql(
        f"""
        select f.active, {missed_active} as missed_active,
               (select count(*) from ({census.STAFF} and {among}) s) as staff, f.members,
               f.waiting, f.waiting_received, f.received, f.used, f.held - o.here as reserved,
               f.all_received, f.all_used, f.all_held - o.anywhere as all_reserved
          from (select count(*) as members, count(*) filter (where not a.frozen) as active,
                       coalesce(sum(a.received) filter (where not a.frozen), 0) as received,
                       coalesce(sum(a.used) filter (where not a.frozen), 0) as used,
                       coalesce(sum(a.held) filter (where not a.frozen), 0) as held,
                       coalesce(sum(a.received), 0) as all_received, coalesce(sum(a.used), 0) as all_used,
                       coalesce(sum(a.held), 0) as all_held,
                       count(*) filter (where {census.WAITS}) as waiting,
                       coalesce(sum(a.received) filter (
                           where case when :is_waiting_shown then {census.WAITS} else 1 = 0 end), 0) as waiting_received
                  from accounts a {whose} and a.license_id = :license_id and a.resource = :resource) f,
               (select coalesce(sum(amount) filter (where not frozen), 0) as here, coalesce(sum(amount), 0) as anywhere
                  from (select member_id, amount, frozen
                          from holds h join accounts a using (license_id, resource, member_id)
                         where license_id = :license_id and resource = :resource and h.status = 'held'
                           and h.expires_at <= :now) h
                 where {among}) o
        """
    )


_OF_ALL = _of_license("1 = 1", missed_active="0")
_OF_FEW = _of_license("member_id in FOUND")
_OF_MOST = _of_license(
    "member_id not in MISSED",
    missed_active="(select count(*) from accounts where license_id = :license_id and resource = :resource"
    " and member_id in MISSED and not frozen)",
)
_OF_NAMED = _of_license(
    f"exists (select 1 from members m where m.id = member_id and {IS_NAMED})",
    # Everybody's names stand together in an index of their own.
    join=f"join members m on m.id = a.member_id and m.license_id = :license_id and {IS_NAMED}",
)


def _count_license(session: Session, within: Reach, terms: Terms, wish: Wish, *, now: datetime) -> Counts:
    """Of the whole licence: one pass over its accounts, which looks up nobody but those who may wait."""
    statement, of_search = _OF_ALL, {}
    if wish.found is not None:
        statement, of_search = _OF_FEW, {"found": json.dumps(wish.found)}
    elif wish.missed is not None:
        statement, of_search = _OF_MOST, {"missed": json.dumps(wish.missed)}
    elif wish.search:
        statement, of_search = _OF_NAMED, {"text": searched(wish.search)}
    shown = {"is_waiting_shown": wish.show == "waiting"}
    values = census.reach_values(within) | census.terms_values(terms) | of_search | shown
    found = statement.run(session, **values, now=micros(now)).mappings().one()
    row = {name: int(value) for name, value in found.items() if value is not None}
    received, used, reserved = row["received"], row["used"], row["reserved"]
    gone = (row["all_received"] - received, row["all_used"] - used, row["all_reserved"] - reserved)
    return Counts(
        active=row["active"],
        students=row["active"] - row["staff"],
        inactive=row["members"] - row["active"],
        waiting=row["waiting"],
        received=received,
        used=used,
        reserved=reserved,
        available=received - used - reserved,
        inactive_received=gone[0],
        inactive_used=gone[1],
        inactive_reserved=gone[2],
        inactive_available=gone[0] - gone[1] - gone[2],
        waiting_received=row["waiting_received"],
        show=wish.show,
        of_license=row["active"] + row["missed_active"] if "missed_active" in row else None,
    )
