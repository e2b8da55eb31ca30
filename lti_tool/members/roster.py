"""What a complete roster does to a course: people, members and enrolments, in one transaction or not at all (R25).

Every statement is set-based: 5,000 people cost as many statements as 5, and a roster without news writes nothing.
Credits are never allotted here (R8).
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from operator import attrgetter
from typing import NamedTuple

from sqlalchemy.orm import Session

from lti_tool.db import Sql, micros
from lti_tool.errors import NotFound, Refusal
from lti_tool.language import _
from lti_tool.ledger.accounts import freeze, thaw
from lti_tool.licenses import bindings
from lti_tool.lti.contexts import Context
from lti_tool.lti.names_roles import RosterMember
from lti_tool.lti.platforms import Deployment, Platform
from lti_tool.lti.roles import Role
from lti_tool.lti.service_tokens import ServiceAccount
from lti_tool.members import requests
from lti_tool.members.listed_people import ensure_members, portions
from lti_tool.members.people import standing_role

_ROLES = {role.value: role for role in Role}
_HOLDERS = frozenset(role for role in Role if role.has_account)
_standing = cache(standing_role)
_MANY = 500
"""So many newcomers at once are worth telling the database's planner of."""
_SMALL_COURSE = 10
"""Below this many members a read drops whom it drops without asking (R25)."""


class NoMembershipsUrl(Refusal):
    """The LMS has not offered this course's roster in any launch yet."""

    code = "no_url"


class NoLicense(Refusal):
    """The course belongs to no licence, so it has no members."""

    code = "no_license"


class PlatformOff(Refusal):
    """The operator disabled the LMS, or has not approved it yet."""

    code = "platform_off"


@dataclass(frozen=True)
class Course:
    """Whose roster is read, from where, and for which licence; ids are our own."""

    context_id: str
    license_id: str
    platform_id: str
    title: str
    memberships_url: str
    account: ServiceAccount
    family: str


@dataclass(frozen=True)
class Outcome:
    """What a roster changed: people who came or came back, and who went. With `is_to_confirm` nothing was changed."""

    added: int
    dropped: int
    is_to_confirm: bool = False


class _Enrolled(NamedTuple):
    """One row of the course as the books have it; `last_launch_at` in microseconds."""

    subject: str
    member_id: str
    launch_role: Role | None
    roster_role: Role | None
    role: Role
    active: bool
    is_marked: bool
    last_launch_at: int | None


def course(session: Session, context_id: str, *, now: datetime) -> Course:
    """What is needed to read the course's roster. Raises NotFound, NoLicense, NoMembershipsUrl, PlatformOff."""
    context = session.get(Context, context_id)
    if context is None:
        raise NotFound("There is no such course.")
    deployment = session.get_one(Deployment, context.deployment_id)
    platform = session.get_one(Platform, deployment.platform_id)
    title = context.title or context.label or context.context_id
    license_id = bindings.license_of_course(session, deployment.id, context.id, now=now)
    if license_id is None:
        raise NoLicense(_("%(course)s belongs to no license.", course=title))
    if platform.status != "active" or deployment.status != "active":
        raise PlatformOff(_("%(lms)s is not switched on.", lms=platform.name))
    if not context.memberships_url:
        raise NoMembershipsUrl(_("The LMS has not offered the roster of %(course)s.", course=title))
    where = (platform.account, platform.family)
    return Course(context.id, license_id, platform.id, title, context.memberships_url, *where)


def apply(
    session: Session,
    course: Course,
    roster: Iterable[RosterMember],
    *,
    began_at: datetime,
    now: datetime,
    confirm: bool = False,
) -> Outcome:
    """Brings the course in line with a COMPLETE roster whose reading began at `began_at` (R20, R22, R25, R26).

    Without `confirm`, a roster that would drop more than half of a course of 10 or more changes nothing.
    """
    _IN_TURN.run(session, platform_id=course.platform_id)
    listed = {person.subject: person for person in roster if _is_present(person)}
    before = _enrolled(session, course)
    known = _known_after(before, listed, began_at)
    gone = sum(row.active and not known[who].active for who, row in before.items())
    size = sum(row.active for row in before.values())
    if size >= _SMALL_COURSE and 2 * gone > size and not confirm:
        return Outcome(added=0, dropped=gone, is_to_confirm=True)
    holders = [person for person in listed.values() if person.role in _HOLDERS]
    members = ensure_members(session, course.platform_id, course.license_id, holders, now=now)
    rows, after = before, _planned(known, listed, members.ids)
    if after != rows:
        was_active = {who for who, row in rows.items() if row.active}
        moved = [row.member_id for who, row in after.items() if row.active != (who in was_active)]
        _lock(session, course, [member_id for member_id in moved if member_id not in members.made])
        rows = _enrolled(session, course, and_lock=True)
        if rows != before:  # launches came in between
            after = _planned(_known_after(rows, listed, began_at), listed, members.ids)
        _write_enrollments(session, course, [row for who, row in after.items() if row != rows.get(who)])
    _set_frozen(session, course, [row for row in after.values() if row.member_id not in members.made], now=now)
    was_active = {who for who, row in rows.items() if row.active}
    is_active = {who for who, row in after.items() if row.active}
    return Outcome(added=len(is_active - was_active), dropped=len(was_active - is_active))


# A roster locks people and members of any licence whom it renames, and then members who come or go: two of one LMS that
# did so at once could wait for each other. Until the transaction ends the next one waits here, where it holds nothing.
_IN_TURN = Sql(
    "select :platform_id", postgresql="select pg_advisory_xact_lock(hashtextextended(cast(:platform_id as text), 0))"
)

_COUNT_ANEW = "analyze people, members, enrollments, accounts"


def tell_planner(session: Session, outcome: Outcome) -> None:
    """Has PostgreSQL look how many people there are now; in a transaction of its own, after the roster's.

    Until it knows, which is within a minute or two by itself, it compares everybody's account with everybody: a page
    of members took 3 s after a roster of 5,000. SQLite reads the same lists well without.
    """
    if outcome.added >= _MANY and session.connection().dialect.name == "postgresql":
        session.connection().exec_driver_sql(_COUNT_ANEW)


def _known_after(
    rows: Mapping[str, _Enrolled], listed: Mapping[str, RosterMember], began_at: datetime
) -> dict[str, _Enrolled]:
    return {who: _after(row, listed, began_at) for who, row in rows.items()}


def _planned(
    known: dict[str, _Enrolled], listed: Mapping[str, RosterMember], members: Mapping[str, str]
) -> dict[str, _Enrolled]:
    """The course as it should be, by subject: who is known to it, and who is new."""
    new = {who: _new(listed[who], member_id) for who, member_id in members.items() if who not in known}
    return known | new if new else known


def _is_present(person: RosterMember) -> bool:
    # Observers and Student View are no members. Without a known role one is here, but becomes no member by it.
    return person.active and (person.role in _HOLDERS or person.role is Role.NONE)


def _after(row: _Enrolled, listed: Mapping[str, RosterMember], began_at: datetime) -> _Enrolled:
    """The row as it should be. Absence is how most LMSs say that somebody left; three are not dropped by it:

    who is dropped already; who launched after the reading began (too late for a page read before); and staff whom no
    roster ever listed: an administrator or manager may teach without being enrolled (Moodle), and launches prove it.
    """
    person = listed.get(row.subject)
    if person is not None:
        role = _standing(row.launch_role, person.role, row.is_marked)
        if (row.roster_role, row.role, row.active) == (person.role, role, True):
            return row
        return row._replace(roster_role=person.role, role=role, active=True)
    launched_since = row.last_launch_at is not None and row.last_launch_at >= micros(began_at)
    never_listed = row.roster_role is None and row.launch_role is not None and row.launch_role.is_staff
    if not row.active or launched_since or never_listed:
        return row
    return row._replace(roster_role=None, active=False)


def _new(person: RosterMember, member_id: str) -> _Enrolled:
    role = _standing(None, person.role)
    return _Enrolled(
        person.subject, member_id, None, person.role, role, active=True, is_marked=False, last_launch_at=None
    )


_LOCK_MEMBERS = Sql(
    """
    select id from members where license_id = :license_id and id in (select value from json_each(:member_ids))
    """,
    postgresql="""
    select id from members
     where license_id = :license_id and id in (select value from json_array_elements_text(cast(:member_ids as json)))
     order by id for no key update
    """,
)


def _lock(session: Session, course: Course, member_ids: Sequence[str]) -> None:
    # Two courses' readings must not each find the same leaver active in the other, nor freeze who just came there.
    if member_ids:
        _LOCK_MEMBERS.run(session, license_id=course.license_id, member_ids=json.dumps(member_ids)).all()


_FIND_ENROLLED = """
    select p.subject, e.member_id, e.launch_role, e.roster_role, e.role, e.active, e.is_marked_staff, e.last_launch_at
      from enrollments e
      join members m on m.id = e.member_id
      join people p on p.id = m.person_id
     where e.context_id = :context_id
     order by e.member_id
"""
_ENROLLED = Sql(_FIND_ENROLLED)
_ENROLLED_LOCKED = Sql(_FIND_ENROLLED, postgresql=f"{_FIND_ENROLLED} for update of e")


def _enrolled(session: Session, course: Course, *, and_lock: bool = False) -> dict[str, _Enrolled]:
    rows = (_ENROLLED_LOCKED if and_lock else _ENROLLED).run(session, context_id=course.context_id).all()
    return {
        subject: _Enrolled(
            subject, member_id, _ROLES.get(launched), _ROLES.get(listed), _ROLES[role], bool(active), bool(marked), at
        )
        for subject, member_id, launched, listed, role, active, marked, at in rows
    }


# Who launched as staff, or was marked, since the rows were locked stands as staff (R26).
_STAFF = ", ".join(f"'{role}'" for role in Role if role.is_staff)
_NEWER_ENROLLMENT = f"""
     order by 2
    on conflict (context_id, member_id) do update
       set roster_role = excluded.roster_role, active = excluded.active,
           role = case when enrollments.launch_role in ({_STAFF}) then enrollments.launch_role
                       when enrollments.is_marked_staff and excluded.role = 'learner' then 'ta'
                       else excluded.role end
"""

_WRITE_ENROLLMENTS = Sql(
    f"""
    insert into enrollments (context_id, member_id, license_id, roster_role, role, active)
    select :context_id, json_extract(r.value, '$[0]'), :license_id, json_extract(r.value, '$[1]'),
           json_extract(r.value, '$[2]'), json_extract(r.value, '$[3]')
      from json_each(:rows) r
     where true {_NEWER_ENROLLMENT}
    """,
    postgresql=f"""
    insert into enrollments (context_id, member_id, license_id, roster_role, role, active)
    select :context_id, r.value ->> 0, :license_id, r.value ->> 1, r.value ->> 2, cast(r.value ->> 3 as boolean)
      from json_array_elements(cast(:rows as json)) r {_NEWER_ENROLLMENT}
    """,
)


def _write_enrollments(session: Session, course: Course, changed: Sequence[_Enrolled]) -> None:
    for portion in portions(sorted(changed, key=_MEMBER)):
        rows = json.dumps([[row.member_id, row.roster_role, row.role, row.active] for row in portion])
        _WRITE_ENROLLMENTS.run(session, context_id=course.context_id, license_id=course.license_id, rows=rows)


_MEMBER = attrgetter("member_id")


_IN_NO_COURSE = Sql(
    """
    select m.value from json_each(:member_ids) m
     where not exists (select 1 from enrollments e
                        where e.license_id = :license_id and e.member_id = m.value and e.active)
    """,
    postgresql="""
    select m.value from json_array_elements_text(cast(:member_ids as json)) m
     where not exists (select 1 from enrollments e
                        where e.license_id = :license_id and e.member_id = m.value and e.active)
    """,
)


def _set_frozen(session: Session, course: Course, rows: Iterable[_Enrolled], *, now: datetime) -> None:
    """Freezes who is active in no course of the licence, and thaws who is here (R20); both write only what differs."""
    here: list[str] = []
    away: list[str] = []
    for row in rows:
        (here if row.active else away).append(row.member_id)
    thaw(session, course.license_id, here)
    if away:
        found = _IN_NO_COURSE.run(session, license_id=course.license_id, member_ids=json.dumps(away))
        left = [row[0] for row in found]
        freeze(session, course.license_id, left)
        requests.leave(session, course.license_id, left, now=now)
