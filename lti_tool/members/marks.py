"""A teacher's word that somebody is staff of a course whom the LMS calls a student (R26), and its taking back."""

import logging
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.errors import Refusal
from lti_tool.language import _
from lti_tool.lti.roles import Role
from lti_tool.members.people import Enrollment, Member, Person, pseudonym, standing_role
from lti_tool.members.reach import Reach

_log = logging.getLogger(__name__)


class NotInCourse(Refusal):
    """Somebody is not in that course, or it is not the teacher's: which of the two is not told."""

    code = "not_in_course"


class OwnMark(Refusal):
    """Nobody says of themselves whether they are staff."""

    code = "own_mark"


@dataclass(frozen=True)
class Standing:
    """One member in one course: staff by a mark, or a student who could be marked."""

    member_id: str
    context_id: str
    name: str
    is_marked: bool


def standings(session: Session, within: Reach, member_ids: Collection[str]) -> list[Standing]:
    """How these members stand in the courses within reach, by name; whom the LMS calls staff is left out."""
    rows = session.execute(
        select(Enrollment, Person.id, Person.name)
        .join(Member, Member.id == Enrollment.member_id)
        .join(Person, Person.id == Member.person_id)
        .where(Enrollment.license_id == within.license_id, Enrollment.context_id.in_(within.courses))
        .where(Enrollment.member_id.in_(member_ids))
        .order_by(Member.sort_name, Enrollment.member_id)
    )
    return [
        Standing(row.member_id, row.context_id, name or pseudonym(person_id), row.is_marked_staff)
        for row, person_id, name in rows
        if not standing_role(_role(row.launch_role), _role(row.roster_role)).is_staff
    ]


def mark(
    session: Session, license_id: str, context_id: str, member_ids: Collection[str], *, is_staff: bool, by_member: str
) -> int:
    """Marks members of the course as staff, or takes that back; how many changed. All of them or none.

    What they received stays theirs. Raises OwnMark, NotInCourse.
    """
    wanted = set(member_ids)
    if by_member in wanted:
        raise OwnMark(_("You cannot say of yourself whether you are staff."))
    rows = session.scalars(
        select(Enrollment)
        .where(Enrollment.license_id == license_id, Enrollment.context_id == context_id)
        .where(Enrollment.member_id.in_(wanted))
        .order_by(Enrollment.member_id)  # in the order in which roster reads lock them
        .with_for_update()
    ).all()
    if not wanted or len(rows) != len(wanted):
        raise NotInCourse(_("Somebody you picked is not in that course."))
    changed = [row for row in rows if row.is_marked_staff != is_staff]
    for row in changed:
        row.is_marked_staff = is_staff
        row.role = standing_role(_role(row.launch_role), _role(row.roster_role), is_staff).value
        _log.info("member %s of course %s marked_staff=%s by member %s", row.member_id, context_id, is_staff, by_member)
    session.flush()
    return len(changed)


def _role(kept: str | None) -> Role | None:
    return None if kept is None else Role(kept)
