"""How many members a search matches, by status, and what they have: for the head and the foot of the list."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.orm import Session

from lti_tool.db import micros
from lti_tool.members import census
from lti_tool.members.people import Member, Person
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

    def of(self, show: str) -> int:
        """How many that filter shows."""
        by_show = {"active": self.active, "inactive": self.inactive, "waiting": self.waiting}
        return by_show.get(show, self.active + self.inactive)

    def sums(self, show: str) -> tuple[int, int, int, int]:
        """Received, used, reserved and available of those whom that filter shows, in units."""
        here = (self.received, self.used, self.reserved, self.available)
        gone = (self.inactive_received, self.inactive_used, self.inactive_reserved, self.inactive_available)
        if show == "waiting":
            return self.waiting_received, self.waiting_received, 0, 0  # who waits has used all of it
        if show == "active":
            return here
        return (
            gone if show == "inactive" else (here[0] + gone[0], here[1] + gone[1], here[2] + gone[2], here[3] + gone[3])
        )


def count(session: Session, within: Reach, terms: Terms, wish: Wish, *, now: datetime) -> Counts:
    """Counts and sums over everybody whom the search and the course of `wish` match, whatever it shows."""
    here = within.only(wish.course)
    if not wish.search and here.is_whole:
        return _count_license(session, here, terms, now=now)
    # By enrolments, even of a whole licence: staff who are searched are told apart by their roles.
    listed = everybody(replace(here, is_whole=False), terms, replace(wish, sort="name"), now=now)
    figures = ("received", "used", "reserved", "available")
    is_here, is_gone, waits = listed.c.active, ~listed.c.active, listed.c.waiting == 1
    query = select(
        *(_sum(when) for when in (is_here, and_(is_here, listed.c.rank == 0), is_gone, waits)),
        *(_sum(is_here, listed.c[name]) for name in figures),
        *(_sum(is_gone, listed.c[name]) for name in figures),
        _sum(waits, listed.c.received),
    )
    if wish.search:
        query = (
            query.join(Member, Member.id == listed.c.member_id)
            .join(Person, Person.id == Member.person_id)
            .where(matches(wish))
        )
    return Counts(*(int(value) for value in session.execute(query).one()))


def _sum(when: ColumnElement[bool], what: ColumnElement[int] | int = 1) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((when, what), else_=0)), 0)


# What is held past its time is available again, whether or not a sweeper ran (R19): few holds, if any.
_OVERDUE = """
    select coalesce(sum(case when f.frozen then 0 else h.amount end), 0) as here, coalesce(sum(h.amount), 0) as anywhere
      from holds h
      join accounts f on f.license_id = h.license_id and f.resource = h.resource and f.member_id = h.member_id
     where h.license_id = :license_id and h.resource = :resource and h.status = 'held' and h.expires_at <= :now
"""
_OF_LICENSE = census.sql(
    f"""
    select a.active, {census.STAFF.strip()} as staff, a.members, w.people as waiting, w.received as waiting_received,
           a.received, a.used, a.held - o.here as reserved,
           a.all_received, a.all_used, a.all_held - o.anywhere as all_reserved
      from (select count(*) as members, coalesce(sum(case when frozen then 0 else 1 end), 0) as active,
                   coalesce(sum(case when frozen then 0 else received end), 0) as received,
                   coalesce(sum(case when frozen then 0 else used end), 0) as used,
                   coalesce(sum(case when frozen then 0 else held end), 0) as held,
                   coalesce(sum(received), 0) as all_received, coalesce(sum(used), 0) as all_used,
                   coalesce(sum(held), 0) as all_held
              from accounts where license_id = :license_id and resource = :resource) a,
           ({_OVERDUE.strip()}) o,
           (select count(*) as people, coalesce(sum(a.received), 0) as received from accounts a where {census.WAITS}) w
    """
)


def _count_license(session: Session, within: Reach, terms: Terms, *, now: datetime) -> Counts:
    """Of the whole licence: one pass over its accounts, which looks up nobody but those who may wait."""
    found = (
        _OF_LICENSE.run(session, **census.reach_values(within), **census.terms_values(terms), now=micros(now))
        .mappings()
        .one()
    )
    row = {name: int(value) for name, value in found.items()}
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
    )
