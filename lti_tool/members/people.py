"""People as (platform, subject), members as (licence, person), and their enrolments in courses (R22)."""

import unicodedata
from datetime import datetime

from sqlalchemy import Boolean, ForeignKey, ForeignKeyConstraint, String, Text, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from lti_tool.db import Base, Instant
from lti_tool.errors import NotFound
from lti_tool.lti.roles import Role


class Person(Base):
    """Somebody in an LMS: (platform, `sub`), never matched by name or e-mail."""

    __tablename__ = "people"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    platform_id: Mapped[str] = mapped_column(String(36), ForeignKey("platforms.id"))
    subject: Mapped[str] = mapped_column(Text)
    name: Mapped[str | None] = mapped_column(Text)
    sort_name: Mapped[str] = mapped_column(Text)
    """The name or the pseudonym as lists sort and search by it: case-folded and without accents."""
    email: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Instant)

    @property
    def display_name(self) -> str:
        """The name, or a stable pseudonym where the LMS sent none (R22)."""
        return self.name or pseudonym(self.id)


class Member(Base):
    """A person of a licence: holds one account for each of its resources, for good."""

    __tablename__ = "members"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    license_id: Mapped[str] = mapped_column(String(36), ForeignKey("licenses.id"))
    person_id: Mapped[str] = mapped_column(String(36), ForeignKey("people.id"))
    created_at: Mapped[datetime] = mapped_column(Instant)
    sort_name: Mapped[str] = mapped_column(Text)
    """The person's, at hand for lists of thousands; the database changes it with the person's."""
    lower_email: Mapped[str] = mapped_column(Text)
    """The person's e-mail in lower case, or "", at hand for searches; changed with the person's."""


class Enrollment(Base):
    """A member in one course: what the launch and the roster each said, and the role that follows (R26)."""

    __tablename__ = "enrollments"
    __table_args__ = (ForeignKeyConstraint(["license_id", "member_id"], ["members.license_id", "members.id"]),)

    context_id: Mapped[str] = mapped_column(String(36), ForeignKey("contexts.id"), primary_key=True)
    member_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    license_id: Mapped[str] = mapped_column(String(36))
    launch_role: Mapped[str | None] = mapped_column(Text)
    roster_role: Mapped[str | None] = mapped_column(Text)
    role: Mapped[str] = mapped_column(Text)
    is_marked_staff: Mapped[bool] = mapped_column(Boolean, default=False)
    """A teacher said that this person is staff, whatever the LMS says (R26); launches and rosters leave it alone."""
    active: Mapped[bool] = mapped_column(Boolean)
    last_launch_at: Mapped[datetime | None] = mapped_column(Instant)


def find(session: Session, platform_id: str, subject: str) -> Person:
    """The person whom the platform calls `subject`. Raises NotFound."""
    person = session.scalar(select(Person).where(Person.platform_id == platform_id, Person.subject == subject))
    if person is None:
        raise NotFound(f"Nobody with the subject {subject} has come from this platform yet.")
    return person


def counted(session: Session, license_id: str) -> tuple[int, int]:
    """How many members the licence has, and how many of them are in a course at present."""
    members = select(func.count()).select_from(Member).where(Member.license_id == license_id)
    here = select(func.count(Enrollment.member_id.distinct())).where(
        Enrollment.license_id == license_id, Enrollment.active
    )
    return session.scalar(members) or 0, session.scalar(here) or 0


def pseudonym(person_id: str) -> str:
    """A name for somebody without one: the same for ever, and nothing but the id behind it ("Learner 7F3A")."""
    return f"Learner {person_id[-4:].upper()}"


_LONGEST_SORT_NAME = 255
"""Characters: some letters fall apart into many, and an entry of an index has to stay short enough for PostgreSQL."""


def sort_name(display: str) -> str:
    """What lists sort and search by: case-folded and without accents ("Łukasz" beside "Lukas")."""
    if display.isascii():
        return display.lower().strip()[:_LONGEST_SORT_NAME]
    plain = unicodedata.normalize("NFKD", display.casefold().replace("ł", "l").replace("ø", "o").replace("đ", "d"))
    return "".join(letter for letter in plain if not unicodedata.combining(letter)).strip()[:_LONGEST_SORT_NAME]


def standing_role(launched: Role | None, listed: Role | None, is_marked: bool = False) -> Role:
    """The role that counts in a course, from what verified launches, the roster and a teacher's mark said (R26).

    Staff by either outranks a student by the other: a Moodle teacher who "switches role to student", and its
    non-editing teacher whom the roster calls a Learner, must not be filled with a class's credits. Whom a teacher
    marked as staff, because the LMS calls them a student, is an assistant (Schoology's co-teachers).
    """
    said = [role for role in (launched, listed) if role is not None]
    staff = [role for role in said if role.is_staff]
    if not staff and is_marked:
        return Role.TA
    return (staff or said or [Role.NONE])[0]
