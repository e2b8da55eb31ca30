"""How many members within reach there are, who of them waits, and how many have how much: for the Overview.

Each answer is one pass over accounts or enrolments that looks nobody up but those it is about, so that a course of
5,000 is counted in the time in which the page is drawn. `directory` says who they are.
"""

import json
import re
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lti_tool.db import Sql, micros, moment
from lti_tool.ledger.accounts import Account
from lti_tool.lti.roles import Role
from lti_tool.members import directory
from lti_tool.members.people import Enrollment, Member, Person, pseudonym
from lti_tool.members.reach import Reach
from lti_tool.members.selection import Terms

_STAFF = ", ".join(f"'{role.value}'" for role in (Role.TEACHER, Role.TA, Role.DESIGNER, Role.ADMIN))


def sql(statement: str) -> Sql:
    """A statement in SQLite's words where `COURSES` stands for the ids of the courses within reach, which
    `reach_values` fills in, and `FOUND` and `MISSED` for ids in parameters called so; all as JSON.
    """
    ids = r"\b(COURSES|FOUND|MISSED)\b"

    def array(place: re.Match[str]) -> str:
        # As an array, which is made once: a list would be gone through for every row.
        how = "<> all" if place[1] else "= any"
        return f"{how} (array(select json_array_elements_text(:{place[2].lower()}::json)))"

    return Sql(
        re.sub(ids, lambda place: f"(select value from json_each(:{place[1].lower()}))", statement),
        postgresql=re.sub(rf"(not )?\bin {ids}", array, statement).replace("instr(", "strpos("),
    )


def reach_values(within: Reach) -> dict[str, object]:
    """Parameters of `sql`."""
    return {"license_id": within.license_id, "courses": json.dumps(list(within.courses))}


@dataclass(frozen=True)
class Heads:
    """How many members are active, and how many of those are students."""

    active: int
    students: int


STAFF = f"""
    select distinct member_id from enrollments
     where license_id = :license_id and active and role <> 'learner' and role in ({_STAFF}) and context_id in COURSES
"""
"""Active members who are staff: few, who have an index of their own."""
_COUNT_STAFF = f"(select count(*) from ({STAFF}) s)"
_HEADS = sql(
    f"""
    select (select count(distinct member_id) from enrollments
             where license_id = :license_id and active and context_id in COURSES), {_COUNT_STAFF}
    """
)
_HEADS_OF_LICENSE = sql(
    f"""
    select coalesce(:known, (select count(*) from accounts
                              where license_id = :license_id and resource = :resource and not frozen)), {_COUNT_STAFF}
    """
)


def heads(session: Session, within: Reach, resource: str, *, known: int | None = None) -> Heads:
    """Counts the members within reach; `known` is how many of a whole licence are active, where the page has that."""
    statement = _HEADS_OF_LICENSE if within.is_whole else _HEADS
    active, staff = statement.run(session, **reach_values(within), resource=resource, known=known).one()
    return Heads(active, active - staff)


@dataclass(frozen=True)
class Held:
    """What the members within reach have in all, in units, those who left too; what came to them is the sum."""

    available: int
    reserved: int
    used: int


# What is held past its time is available again, whether or not a sweeper ran (R19): few holds, if any.
_OVERDUE = """
    left join (select h.member_id, sum(h.amount) as amount from holds h
                where h.license_id = :license_id and h.resource = :resource and h.status = 'held'
                  and h.expires_at <= :now
                group by h.member_id) o on o.member_id = a.member_id
"""

_HELD = sql(
    f"""
    select coalesce(sum(a.balance), 0), coalesce(sum(a.held - coalesce(o.amount, 0)), 0), coalesce(sum(a.used), 0)
      from accounts a {_OVERDUE.strip()}
     where a.license_id = :license_id and a.resource = :resource
       and a.member_id in (select e.member_id from enrollments e
                            where e.license_id = :license_id and e.context_id in COURSES)
    """
)


def held(session: Session, within: Reach, resource: str, *, now: datetime) -> Held:
    """Sums over the members within reach."""
    row = _HELD.run(session, **reach_values(within), resource=resource, now=micros(now)).one()
    balance, reserved, used = (int(units) for units in row)
    return Held(balance - reserved, reserved, used)


# Active students of a whole licence are who is not frozen, since these are active somewhere, less the few who are so as
# staff alone: to look for these among all the others takes as long as the count itself.
_ACTIVE = "not a.frozen"
_STAFF_ALONE = """
    not a.frozen and a.member_id in (
        select s.member_id from enrollments s
         where s.license_id = :license_id and s.active and s.role <> 'learner'
           and not exists (select 1 from enrollments l where l.license_id = s.license_id and l.member_id = s.member_id
                              and l.active and l.role = 'learner'))
"""
_OF_COURSES = """
    a.member_id in (select e.member_id from enrollments e
                     where e.license_id = :license_id and e.context_id in COURSES and e.active and e.role = 'learner')
"""


def _purses(people: str, whose: str) -> str:
    # Of what is held, what is past its time is available again, whether or not a sweeper ran (R19).
    return f"""
    select a.received,
           a.balance - case when a.held = 0 then 0 else a.held - (
               select coalesce(sum(h.amount), 0) from holds h
                where h.license_id = a.license_id and h.resource = a.resource and h.member_id = a.member_id
                  and h.status = 'held' and h.expires_at <= :now) end as available,
           {people}
      from accounts a
     where a.license_id = :license_id and a.resource = :resource and {whose}
     group by 1, 2
    """


_PURSES_OF_LICENSE = sql(f"{_purses('count(*)', _ACTIVE)} union all {_purses('-count(*)', _STAFF_ALONE)}")
_PURSES_OF_COURSES = sql(_purses("count(*)", _OF_COURSES))
_BOUNDS = (0, 1, 2, 4)
"""Up to how many bundles a step of `Purses` goes; one more step is whatever is above."""


@dataclass(frozen=True)
class Purses:
    """How many active students have how much, in steps of bundles: nothing, up to one, two, four, and more."""

    received: dict[int, int]
    """How many have received how many units, ever: what a maximum could still cost (R7, R10)."""
    bundle: int
    left: tuple[int, ...]
    """How many have so much left, step by step."""
    active: int | None
    """Of a whole licence: how many are active, those who are so as staff too."""

    @property
    def students(self) -> int:
        """All of them."""
        return sum(self.left)

    @property
    def came(self) -> tuple[int, ...]:
        """How many have received so much, step by step."""
        up_to = [sum(people for units, people in self.received.items() if units <= most) for most in self.bounds]
        return tuple(most - less for less, most in pairwise([0, *up_to, self.students]))

    @property
    def bounds(self) -> tuple[int, ...]:
        """The most units of each step but the last, which has no end."""
        return tuple(bundles * self.bundle for bundles in _BOUNDS)


def purses(session: Session, within: Reach, terms: Terms, *, of_license: bool, now: datetime) -> Purses:
    """Of the students within reach, or of the whole licence."""
    statement = _PURSES_OF_LICENSE if of_license else _PURSES_OF_COURSES
    rows = statement.run(session, **reach_values(within), resource=terms.resource, now=micros(now)).all()
    received: Counter[int] = Counter()
    left = [0] * (len(_BOUNDS) + 1)
    bounds = [bundles * terms.bundle for bundles in _BOUNDS]
    for units, available, people in rows:
        received[units] += people
        left[bisect_left(bounds, available)] += people
    active = sum(people for *_, people in rows if people > 0) if of_license else None
    return Purses(dict(+received), terms.bundle, tuple(left), active)


def _received(people: str, whose: str) -> str:
    return f"""
    select a.received, {people} from accounts a
     where a.license_id = :license_id and a.resource = :resource and {whose}
     group by a.received
    """


_RECEIVED = Sql(f"{_received('count(*)', _ACTIVE)} union all {_received('-count(*)', _STAFF_ALONE)}")


def received_by_students(session: Session, license_id: str, resource: str) -> dict[int, int]:
    """How many active students of the whole licence received how much, ever: what a maximum could cost (R7, R10)."""
    received: Counter[int] = Counter()
    for units, people in _RECEIVED.run(session, license_id=license_id, resource=resource):
        received[units] += people
    return dict(+received)


@dataclass(frozen=True)
class Waiting:
    """A student who has nothing left and gets nothing by themselves."""

    member_id: str
    name: str
    email: str | None
    subject: str
    received: int
    opened_at: datetime
    namesakes: int


_NOTHING_COMES = "a.balance = 0 and not a.frozen and not (:is_on and a.received <= :most_received)"
# Who opened the tool in any of the courses, and is a student there now; nearly always in the same course.
_HAS_COME = """
    exists (select 1 from enrollments e
             where e.license_id = :license_id and e.member_id = a.member_id and e.context_id in COURSES
               and e.active and e.role = 'learner'
               and (e.last_launch_at is not null or exists (
                    select 1 from enrollments o
                     where o.license_id = :license_id and o.member_id = a.member_id
                       and o.context_id in COURSES and o.last_launch_at is not null)))
"""
WAITS = f"case when {_NOTHING_COMES} then {_HAS_COME.strip()} else 1 = 0 end"
"""Whether the student of an account `a` waits; an "and" would look up everybody."""
_WHO_WAITS = f"""
    a.license_id = :license_id and a.resource = :resource and {_NOTHING_COMES} and {_HAS_COME.strip()}
"""
_COUNT_WAITING = sql(f"select count(*) from accounts a where {_WHO_WAITS}")
_FIRST_WAITING_TEXT = f"""
    select a.member_id, p.id, p.name, m.sort_name, p.email, p.subject, a.received,
           (select max(e.last_launch_at) from enrollments e
             where e.license_id = :license_id and e.member_id = a.member_id and e.context_id in COURSES)
      from accounts a
      join members m on m.id = a.member_id
      join people p on p.id = m.person_id
     where {_WHO_WAITS}
     order by ORDER
     limit :most
"""
_BY_NAME = sql(_FIRST_WAITING_TEXT.replace("ORDER", "m.sort_name, a.member_id"))
_BY_COMING = sql(_FIRST_WAITING_TEXT.replace("ORDER", "a.member_id"))


def count_waiting(session: Session, within: Reach, terms: Terms) -> int:
    """How many students opened the tool, have nothing left and get nothing by themselves (R10, R11)."""
    return int(_COUNT_WAITING.run(session, **reach_values(within), **terms_values(terms)).scalar_one())


def waiting(session: Session, within: Reach, terms: Terms, *, count: int, limit: int) -> list[Waiting]:
    """They themselves, by name; where there are more than `limit`, so many of those who came first, unsorted."""
    statement = _BY_NAME if count <= limit else _BY_COMING
    rows = statement.run(session, **reach_values(within), **terms_values(terms), most=limit).all()
    called = directory.namesakes(session, within, {row.sort_name for row in rows})
    return [
        Waiting(
            member_id, name or pseudonym(person_id), email, subject, received, moment(opened), called.get(sort_name, 1)
        )
        for member_id, person_id, name, sort_name, email, subject, received, opened in rows
    ]


def terms_values(terms: Terms) -> dict[str, object]:
    """Parameters of `WAITS`."""
    return {
        "resource": terms.resource,
        "is_on": terms.maximum > 0 and terms.pool >= terms.bundle,
        "most_received": terms.maximum - terms.bundle,
    }


def example_students(session: Session, within: Reach, *, limit: int) -> list[str]:
    """Names of some students within reach, the first of the list: so that an explanation can speak of them."""
    found = session.execute(
        select(Person.name, Member.sort_name, Person.id)
        .join(Member, Member.person_id == Person.id)
        .join(Enrollment, Enrollment.member_id == Member.id)
        .where(Enrollment.license_id == within.license_id, Enrollment.context_id.in_(within.courses))
        .where(Enrollment.active, Enrollment.role == Role.LEARNER.value, Person.name.is_not(None))
        .distinct()
        .order_by(Member.sort_name, Person.id)
        .limit(limit)
    )
    return [row.name for row in found]


def frozen_members(session: Session, license_id: str, resource: str) -> int:
    """How many who left every course of the licence still have something (R20)."""
    return (
        session.scalar(
            select(func.count())
            .select_from(Account)
            .where(Account.license_id == license_id, Account.resource == resource)
            .where(Account.frozen, Account.balance > 0)
        )
        or 0
    )
