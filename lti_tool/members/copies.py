"""A course that the LMS copied: what its teacher is offered of the earlier one, and what they answered.

A license, or the settings of one, and only to whoever manages it already. Credits never come with a copy: they are the
license's, and each student's own.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Exists, exists, select
from sqlalchemy.orm import Session

from lti_tool.errors import Refusal
from lti_tool.language import _
from lti_tool.ledger import policies
from lti_tool.ledger.movements import Actor
from lti_tool.ledger.policies import Setting
from lti_tool.licenses import bindings, licenses
from lti_tool.licenses.bindings import Binding
from lti_tool.licenses.licenses import License, LicenseManager
from lti_tool.lti.contexts import Context
from lti_tool.lti.roles import Role
from lti_tool.members.people import Enrollment, Member
from lti_tool.settings import Resource


class OfferGone(Refusal):
    """It was answered already, or is not what the page showed; nothing was changed."""

    code = "offer_gone"


@dataclass(frozen=True)
class Original:
    """The course that another is a copy of, and its licence; `title` is for who taught it, and None for others."""

    course_id: str
    title: str | None
    license: License

    @property
    def key(self) -> str:
        """What the page showed: an answer counts for nothing else."""
        return f"{self.course_id} {self.license.id}"


@dataclass(frozen=True)
class Settings:
    """The settings of the original's licence beside those of the copy's, which may take them over."""

    original: Original
    here: License
    before: Setting
    maximum: int
    assistants_teach: bool

    @property
    def key(self) -> str:
        """What the page showed, the figures too."""
        now = f"{self.before.version} {self.here.assistants_teach:d}"
        return f"{self.original.key} {self.here.id} {now} {self.maximum} {self.assistants_teach:d}"


def license_offer(session: Session, course_id: str, person_id: str) -> Original | None:
    """For a teacher of a course that has no licence: the original whose licence it could use, too."""
    course = session.get_one(Context, course_id)
    if not course.origins or license_of(session, course_id):
        return None
    return _original(session, course, person_id)


def license_of(session: Session, course_id: str) -> License | None:
    """The licence that the course has by now, or will have at its next launch, since its deployment has it (R23)."""
    course = session.get_one(Context, course_id)
    whole = (Binding.deployment_id == course.deployment_id) & Binding.context_id.is_(None)
    return session.scalar(
        select(License)
        .join(Binding, Binding.license_id == License.id)
        .where((Binding.context_id == course.id) | whole)
        .order_by(Binding.context_id.is_(None))
        .limit(1)
    )


def settings_offer(
    session: Session, course_id: str, license_id: str, person_id: str, resource: Resource
) -> Settings | None:
    """For a manager of the course's licence who manages the original's, too: its settings, if they are others."""
    course, here = session.get_one(Context, course_id), session.get_one(License, license_id)
    original = _original(session, course, person_id)
    if original is None or original.license.id == here.id or not _manages(session, here, person_id):
        return None
    before = policies.current(session, here.id, resource.name)
    maximum = policies.current(session, original.license.id, resource.name).maximum
    there = original.license.assistants_teach
    if (maximum, there) == (before.maximum, here.assistants_teach):
        return None
    return Settings(original, here, before, maximum, there)


def use_license(session: Session, course_id: str, person_id: str, *, key: str, now: datetime) -> License:
    """Binds the copy to the original's licence (R23). Raises OfferGone."""
    course = _locked(session, course_id)
    offer = license_offer(session, course_id, person_id)
    if offer is None or offer.key != key:
        raise gone()
    bindings.bind(session, offer.license.id, course.deployment_id, course.id, now=now)
    course.copy_answered_at = now
    return offer.license


def take_settings(
    session: Session, course_id: str, license_id: str, person_id: str, resource: Resource, *, key: str, now: datetime
) -> None:
    """Puts the original's settings in force for the copy's licence. Raises OfferGone, StaleSetting."""
    course = _locked(session, course_id)
    offer = settings_offer(session, course_id, license_id, person_id, resource)
    if offer is None or offer.key != key:
        raise gone()
    actor = Actor("person", person_id)
    policies.save(
        session,
        license_id,
        resource,
        maximum=offer.maximum,
        based_on=offer.before.version,
        actor=actor,
        now=now,
    )
    licenses.let_assistants_teach(session, license_id, offer.assistants_teach, actor=actor, now=now)
    course.copy_answered_at = now


def decline(session: Session, course_id: str, *, offered: Original | Settings | None, key: str, now: datetime) -> None:
    """Offers nothing for this course any more. Raises OfferGone, so that only who was offered something can."""
    if offered is None or offered.key != key:
        raise gone()
    _locked(session, course_id).copy_answered_at = now


def gone() -> OfferGone:
    """The one answer to every press that comes too late, or from whom nothing was offered."""
    return OfferGone(_("This was answered already, or something changed meanwhile. Nothing was changed by this press."))


def _locked(session: Session, course_id: str) -> Context:
    """One answer after the other."""
    course = session.get_one(Context, course_id)
    session.refresh(course, with_for_update=True)
    return course


def _original(session: Session, course: Context, person_id: str) -> Original | None:
    """The latest of the courses that it is a copy of whose licence the person manages.

    Only of its own installation: another's course may have the same id, and is nobody's here.
    """
    origins = course.origins
    if not origins or course.copy_answered_at is not None:
        return None
    rows = session.execute(
        select(Context, License)
        .join(Binding, Binding.context_id == Context.id)
        .join(License, License.id == Binding.license_id)
        .where(Context.deployment_id == course.deployment_id, Context.context_id.in_(origins))
    ).all()
    for found, license_ in sorted(rows, key=lambda row: origins.index(row[0].context_id)):
        if _manages(session, license_, person_id):
            taught = _taught(session, license_, found, person_id)
            return Original(found.id, (found.title or found.label or found.context_id) if taught else None, license_)
    return None


def _manages(session: Session, license_: License, person_id: str) -> bool:
    """R24, asked from outside the licence's courses: a teacher who left them all manages it only by name."""
    named = session.scalars(select(LicenseManager.person_id).where(LicenseManager.license_id == license_.id)).all()
    if person_id == license_.owner_person_id or person_id in named:
        return True
    if named:
        return False
    teaches = Enrollment.active & (Enrollment.role == Role.TEACHER.value)
    return bool(session.scalar(select(_enrolled(license_, person_id, teaches))))


def _taught(session: Session, license_: License, course: Context, person_id: str) -> bool:
    """Whether they were its staff at any time: a title is not for others, even of the same licence."""
    staff = Enrollment.role.in_([role.value for role in Role if role.is_staff])
    return bool(session.scalar(select(_enrolled(license_, person_id, staff & (Enrollment.context_id == course.id)))))


def _enrolled(license_: License, person_id: str, where: ColumnElement[bool]) -> Exists:
    return exists().where(
        Enrollment.member_id == Member.id, Member.license_id == license_.id, Member.person_id == person_id, where
    )
