"""Whom a visit may see and change: the members of the courses its person teaches, by name; nobody else (R24)."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import and_, exists, or_, select, text
from sqlalchemy.orm import Session

from lti_tool.db import Sql
from lti_tool.licenses.licenses import License
from lti_tool.lti.contexts import Context
from lti_tool.lti.roles import Role
from lti_tool.members.people import Enrollment, Member, Person, pseudonym

_STAFF = tuple(role.value for role in Role if role.is_staff)


@dataclass(frozen=True)
class Reach:
    """These courses of this licence; `courses` has the title by the id of the context, in the titles' order."""

    license_id: str
    courses: dict[str, str]
    is_whole: bool = False
    """Nobody of the licence was ever in another course: its accounts alone say then who is active (R20)."""

    def only(self, context_id: str) -> "Reach":
        """Narrowed to one of its courses; a course that is not among them leaves it as it is."""
        if context_id not in self.courses:
            return self
        return Reach(self.license_id, {context_id: self.courses[context_id]}, self.is_whole and len(self.courses) == 1)


# From each course's first enrolment to the next course's by their index, so that nobody is gone through.
_ALL_COURSES = """
    (with recursive course (id) as (
        select min(context_id) from enrollments where license_id = :of_license
        union all
        select (select min(e.context_id) from enrollments e
                 where e.license_id = :of_license and e.context_id > course.id)
          from course where course.id is not null)
     select count(id) from course)
"""


def of_staff(session: Session, license_id: str, member_id: str, *, teaching: bool) -> Reach:
    """The courses in which the member is active staff; `teaching` counts only those where they may teach (R24)."""
    may_teach = or_(
        Enrollment.role == Role.TEACHER.value, and_(Enrollment.role == Role.TA.value, License.assistants_teach)
    )
    rows = session.execute(
        select(
            Context.id,
            Context.title,
            Context.label,
            Context.context_id,
            text(_ALL_COURSES).bindparams(of_license=license_id),
        )
        .join(Enrollment, Enrollment.context_id == Context.id)
        .join(License, License.id == Enrollment.license_id)
        .where(Enrollment.license_id == license_id, Enrollment.member_id == member_id, Enrollment.active)
        .where(may_teach if teaching else Enrollment.role.in_(_STAFF))
        .order_by(Context.title, Context.id)
    ).all()
    courses = {row[0]: row[1] or row[2] or row[3] for row in rows}
    return Reach(license_id, courses, is_whole=bool(rows) and rows[0][4] == len(courses))


def of_license(session: Session, license_id: str) -> Reach:
    """All courses of the licence, for figures that no page shows by name."""
    rows = session.scalars(select(Enrollment.context_id).where(Enrollment.license_id == license_id).distinct())
    return Reach(license_id, dict.fromkeys(rows, ""), is_whole=True)


@dataclass(frozen=True)
class Assistant:
    """How an assistant stands in their course now: whether staff at all, and whether the licence lets them teach."""

    is_staff: bool
    may_teach: bool


def assistant(session: Session, license_id: str, member_id: str, context_id: str) -> Assistant:
    """Asked at each request: a mark that is taken away and a setting that is switched off count at once."""
    row = session.execute(
        select(Enrollment.role, License.assistants_teach)
        .join(License, License.id == Enrollment.license_id)
        .where(Enrollment.license_id == license_id, Enrollment.member_id == member_id, Enrollment.active)
        .where(Enrollment.context_id == context_id)
    ).first()
    is_staff = row is not None and row[0] in _STAFF
    return Assistant(is_staff, may_teach=row is not None and is_staff and bool(row[1]))


_ACTIVE_HERE = Sql(
    """
    select count(distinct e.member_id) from enrollments e
     where e.license_id = :license_id and e.active
       and e.context_id in (select value from json_each(:contexts))
       and e.member_id in (select value from json_each(:member_ids))
    """,
    # Here to count distinct ids would sort them all; the courses as an array keep it from a look-up for each id.
    postgresql="""
    select count(*) from json_array_elements_text(cast(:member_ids as json)) m
     where exists (
        select 1 from enrollments e
         where e.license_id = :license_id and e.member_id = m.value and e.active
           and e.context_id = any (array(select value from json_array_elements_text(cast(:contexts as json)))))
    """,
)


def holds_all(session: Session, within: Reach, member_ids: Collection[str]) -> bool:
    """Whether every one of these ids is an active member of a course within reach."""
    ids = sorted(set(member_ids))
    found = _ACTIVE_HERE.run(
        session, license_id=within.license_id, contexts=json.dumps(list(within.courses)), member_ids=json.dumps(ids)
    )
    return int(found.scalar_one()) == len(ids)


def names(session: Session, within: Reach, member_ids: Sequence[str]) -> dict[str, str]:
    """Display names by member id, of those within reach only, active or not."""
    here = exists().where(Enrollment.member_id == Member.id, Enrollment.context_id.in_(within.courses))
    rows = session.execute(
        select(Member.id, Person.id, Person.name)
        .join(Person, Person.id == Member.person_id)
        .where(Member.license_id == within.license_id, Member.id.in_(member_ids), here)
        .order_by(Member.sort_name, Member.id)
    )
    return {member_id: name or pseudonym(person_id) for member_id, person_id, name in rows}


def person_names(session: Session, person_ids: Collection[str]) -> dict[str, str]:
    """Display names of those who acted, by the id of the person."""
    rows = session.execute(select(Person.id, Person.name).where(Person.id.in_(person_ids)))
    return {person_id: name or pseudonym(person_id) for person_id, name in rows}
