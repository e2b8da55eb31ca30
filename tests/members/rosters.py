"""A licence with a course whose roster is applied, an hour after everything else happened, and launches into it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lti_tool.ledger.accounts import Account
from lti_tool.licenses.licenses import License
from lti_tool.lti.claims import ContextClaim, LaunchClaims
from lti_tool.lti.contexts import Context
from lti_tool.lti.launches import Arrival
from lti_tool.lti.names_roles import RosterMember
from lti_tool.lti.platforms import Deployment
from lti_tool.lti.roles import Role
from lti_tool.lti.states import Carrier
from lti_tool.members import roster
from lti_tool.members.admission import Admitted, admit
from lti_tool.members.people import Enrollment, Member, Person
from lti_tool.members.roster import Course, Outcome
from lti_tool.settings import load
from tests.conftest import Books
from tests.factories import NOW, bind, make_context, make_license, make_member

LATER = NOW + timedelta(hours=1)


def student(subject: str, name: str | None = None, **changes: Any) -> RosterMember:
    """A row of a roster as it was read."""
    return RosterMember(subject, name, None, Role.LEARNER, True)._replace(**changes)


def a_class(people: int) -> list[RosterMember]:
    return [student(f"s-{n}", f"Student {n}") for n in range(people)]


@dataclass
class School:
    """A licence with a course whose roster is applied, an hour after everything else happened."""

    books: Books
    course: Course

    def apply(self, people: Iterable[RosterMember], **options: Any) -> Outcome:
        with self.books() as session:
            return roster.apply(session, self.course, people, **{"began_at": LATER, "now": LATER, **options})

    def enrollment(self, subject: str) -> Enrollment:
        with self.books() as session:
            return session.scalars(
                select(Enrollment)
                .join(Member, Member.id == Enrollment.member_id)
                .join(Person, Person.id == Member.person_id)
                .where(Person.subject == subject, Enrollment.context_id == self.course.context_id)
            ).one()

    def account(self, subject: str) -> Account:
        with self.books() as session:
            return session.scalars(
                select(Account)
                .join(Member, Member.id == Account.member_id)
                .join(Person, Person.id == Member.person_id)
                .where(Person.subject == subject, Member.license_id == self.course.license_id)
            ).one()

    def count(self, model: Any) -> int:
        with self.books() as session:
            return session.scalar(select(func.count()).select_from(model)) or 0

    def launched(self, subject: str, role: Role, **changes: Any) -> None:
        """Somebody who came by a launch, before any roster was read."""
        with self.books() as session:
            member = make_member(
                session,
                session.get_one(License, self.course.license_id),
                session.get_one(Context, self.course.context_id),
                role=role,
                subject=subject,
            )
            for name, value in changes.items():
                setattr(session.get_one(Enrollment, (self.course.context_id, member.id)), name, value)

    def other_course(self) -> Course:
        """One more course of the same licence."""
        with self.books() as session:
            first = session.get_one(Context, self.course.context_id)
            context = make_context(
                session, session.get_one(Deployment, first.deployment_id), memberships_url="https://lms.test/other"
            )
            bind(session, session.get_one(License, self.course.license_id), context=context)
            return roster.course(session, context.id, now=NOW)


def open_school(books: Books) -> School:
    """The licence and its course, without people."""
    with books() as session:
        context = make_context(session, memberships_url="https://lms.test/roster")
        make_license(session, credits=100_000, context=context)
        return School(books, roster.course(session, context.id, now=NOW))


def launch(
    session: Session, context_id: str, subject: str, role: Role, *, provisioning: str = "claim", **said: str | None
) -> Admitted:
    """A verified launch into the course, inside the open transaction; `said` are claims about the person."""
    course = session.get_one(Context, context_id)
    deployment = session.get_one(Deployment, course.deployment_id)
    claims = LaunchClaims(
        message_type="LtiResourceLinkRequest",
        deployment_id=deployment.deployment_id,
        target_link_uri="https://tool.test/lti/launch",
        subject=subject,
        roles=(),
        context=ContextClaim(course.context_id, None, None),
        resource_link_id="link",
        name=said.get("name"),
        email=said.get("email"),
        locale=None,
        return_url=None,
        memberships_url=None,
        mentored=(),
    )
    arrival = Arrival(deployment.platform_id, deployment.id, course.id, claims, role, Carrier.COOKIE)
    return admit(session, arrival, settings=load({}, provisioning=provisioning), now=LATER)


def neighbour(school: School) -> School:
    """A course of another licence in the same LMS."""
    with school.books() as session:
        first = session.get_one(Context, school.course.context_id)
        deployment = session.get_one(Deployment, first.deployment_id)
        context = make_context(session, deployment, memberships_url="https://lms.test/neighbour")
        make_license(session, context=context)
        return School(school.books, roster.course(session, context.id, now=NOW))
