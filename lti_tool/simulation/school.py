"""One licence with two courses, and the product's own doors to it: launches, rosters, teachers, programs.

Each deed answers None if it was granted, else the code of its refusal, and may be done again as it is.
"""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.errors import Refusal
from lti_tool.ids import new_id
from lti_tool.ledger import allotment, issuing, policies
from lti_tool.ledger.movements import OPERATOR, Actor, Share
from lti_tool.licenses import api_keys, bindings, licenses
from lti_tool.lti.claims import ContextClaim, LaunchClaims
from lti_tool.lti.contexts import Context
from lti_tool.lti.launches import Arrival
from lti_tool.lti.names_roles import RosterMember
from lti_tool.lti.platforms import Deployment, Platform
from lti_tool.lti.roles import Role
from lti_tool.lti.states import Carrier
from lti_tool.members import roster
from lti_tool.members.admission import admit
from lti_tool.members.people import Member, Person
from lti_tool.simulation.model import Shares
from lti_tool.simulation.tool import Answer, Tool

COURSES = ("biology", "chemistry")
TEACHER = "teacher"
_ACTOR = Actor("person", "00000000-0000-7000-8000-000000000001")


class School:
    """Whom the licence is for, and what can be done there."""

    def __init__(self, tool: Tool, name: str, *, is_trusted: bool) -> None:
        self.tool = tool
        self.resource = tool.settings.resource
        self.is_trusted = is_trusted
        self._member_ids: dict[str, str] = {}
        with tool.write() as session:
            self._deployment = _install(session, name, now=tool.now)
            self._courses = {course: _open_course(session, self._deployment, course, tool.now) for course in COURSES}
            license_ = licenses.create(session, name=name, now=tool.now)
            licenses.trust(session, license_.id, is_trusted)
            bindings.bind(session, license_.id, self._deployment.id, None, now=tool.now)
            self.license_id = license_.id
            scopes = (api_keys.SPEND,)
            _, self._secret = api_keys.create(session, name=name, scopes=scopes, license_id=license_.id, now=tool.now)

    def member_id(self, subject: str) -> str:
        """Our id of a member."""
        if subject not in self._member_ids:
            ours = Member.license_id == self.license_id
            query = select(Person.subject, Member.id).join(Member, Member.person_id == Person.id).where(ours)
            with self.tool.read() as session:
                self._member_ids = {row.subject: row.id for row in session.execute(query)}
        return self._member_ids[subject]

    def launch(self, subject: str, course: str, role: Role) -> str | None:
        """Somebody opens the tool in a course."""
        claims = LaunchClaims(
            message_type="LtiResourceLinkRequest",
            deployment_id=self._deployment.deployment_id,
            target_link_uri=f"{self.tool.settings.public_url}/lti/launch",
            subject=subject,
            roles=(),
            context=ContextClaim(course, None, course),
            resource_link_id="link",
            name=None,
            email=None,
            locale=None,
            return_url=None,
            memberships_url=None,
            mentored=(),
        )
        where = (self._deployment.platform_id, self._deployment.id, self._courses[course])
        arrival = Arrival(*where, claims, role, Carrier.COOKIE)
        return self._granted(lambda session, now: admit(session, arrival, settings=self.tool.settings, now=now))

    def read_roster(self, course: str, listed: Collection[str], *, began_at: datetime, confirm: bool) -> str | None:
        """A whole roster has arrived, of which the reading began then; "to_confirm" where it waits for a yes."""
        people = [
            RosterMember(one, None, None, Role.TEACHER if one == TEACHER else Role.LEARNER, active=True)
            for one in sorted(listed)
        ]
        with self.tool.write() as session:
            now = self.tool.now
            read = roster.course(session, self._courses[course], now=now)
            outcome = roster.apply(session, read, people, began_at=began_at, now=now, confirm=confirm)
        return "to_confirm" if outcome.is_to_confirm else None

    def grant(self, amount: int) -> str | None:
        """The operator grants units."""
        return self._granted(
            lambda session, now: issuing.grant(
                session, self.license_id, self.resource, amount=amount, actor=OPERATOR, now=now
            )
        )

    def save_maximum(self, maximum: int, based_on: int) -> str | None:
        """A teacher saves the setting, over the version that the form showed."""
        return self._granted(
            lambda session, now: policies.save(
                session, self.license_id, self.resource, maximum=maximum, based_on=based_on, actor=_ACTOR, now=now
            )
        )

    def allot(self, shares: Shares, form: str) -> str | None:
        """A teacher gives each person their share."""
        wished = [Share(self.member_id(one), amount) for one, amount in shares]
        return self._granted(
            lambda session, now: allotment.allot_shares(
                session, self.license_id, self.resource, wished, actor=_ACTOR, now=now, request_key=form
            )
        )

    def post(self, address: str, key: str, body: dict[str, Any]) -> Answer:
        """A program of the school's calls the machine API."""
        return self.tool.post(address, self._secret, key, body)

    def _granted(self, deed: Callable[[Session, datetime], object]) -> str | None:
        try:
            with self.tool.write() as session:
                deed(session, self.tool.now)
        except Refusal as refusal:
            return refusal.code
        return None


def _install(session: Session, name: str, *, now: datetime) -> Deployment:
    issuer = f"https://lms.example/{name}"
    platform = Platform(
        id=new_id(),
        name=name,
        family="other",
        issuer=issuer,
        client_id=name,
        auth_login_url=f"{issuer}/auth",
        auth_token_url=f"{issuer}/token",
        auth_audience=None,
        jwks_url=f"{issuer}/jwks",
        status="active",
        created_at=now,
    )
    session.add(platform)
    session.flush()
    deployment = Deployment(
        id=new_id(), platform_id=platform.id, deployment_id="deployment", status="active", created_at=now
    )
    session.add(deployment)
    session.flush()
    return deployment


def _open_course(session: Session, deployment: Deployment, course: str, now: datetime) -> str:
    context = Context(
        id=new_id(),
        deployment_id=deployment.id,
        context_id=course,
        label=None,
        title=course,
        memberships_url=f"https://lms.example/{course}/roster",
        first_seen_at=now,
        last_launch_at=None,
    )
    session.add(context)
    session.flush()
    return context.id
