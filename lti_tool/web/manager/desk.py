"""What every page of a teacher stands on: who is here, whose members they reach, and what the licence has."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from flask import current_app
from sqlalchemy.orm import Session

from lti_tool.db import database_now, db, micros
from lti_tool.ledger import policies, pools
from lti_tool.ledger.movements import Actor
from lti_tool.ledger.policies import Setting
from lti_tool.ledger.pools import Pool, Totals
from lti_tool.licenses import licenses
from lti_tool.licenses.licenses import License
from lti_tool.lti.roles import Role
from lti_tool.members import pulse, reach
from lti_tool.members.reach import Reach
from lti_tool.members.selection import Terms
from lti_tool.settings import Resource, Settings
from lti_tool.web import access
from lti_tool.web.session import Visit


@dataclass(frozen=True)
class Desk:
    """One visit of staff as the books have it now; `now` is the database's clock."""

    visit: Visit
    license: License
    resource: Resource
    within: Reach
    pool: int
    """Units that nobody was given yet."""
    issued: int
    """Units that the licence ever had."""
    setting: Setting
    now: datetime

    @cached_property
    def totals(self) -> Totals:
        """Where all of the licence's units are, told by a look through its accounts: for pages that show it."""
        found = pools.totals(db.session(), self.license.id, now_us=micros(self.now))
        nothing = Totals(self.resource.name, 0, 0, 0, 0, 0, 0)
        return next((totals for totals in found if totals.resource == self.resource.name), nothing)

    @property
    def may_give(self) -> bool:
        """TAs look, and change nothing, unless the licence lets them (R24)."""
        return access.teaches()

    @property
    def may_mark(self) -> bool:
        """Who teaches by the LMS's own word says who else is staff (R26)."""
        return self.visit.role is Role.TEACHER

    @property
    def terms(self) -> Terms:
        """What decides who waits."""
        return Terms(self.resource.name, self.resource.bundle, self.setting.maximum, self.pool)

    @property
    def pulse(self) -> str:
        """Another text as soon as anything that this desk shows has changed."""
        return pulse.pulse(db.session(), self.within, self.resource.name)


def open_desk(session: Session) -> Desk:
    """The desk of this request's visit, which has a licence and a member (the blueprint sees to that)."""
    visit = access.visit()
    license_id = license_of(visit)
    resource = resource_of()
    now = database_now(session)
    pool = session.get(Pool, (license_id, resource.name))
    return Desk(
        visit=visit,
        license=licenses.find(session, license_id),
        resource=resource,
        within=courses_of(session, visit),
        pool=pool.balance if pool else 0,
        issued=pool.issued if pool else 0,
        setting=policies.current(session, license_id, resource.name),
        now=now,
    )


def courses_of(session: Session, visit: Visit) -> Reach:
    """The courses that the visit reaches: those its person teaches, or for other staff, helps in (R24)."""
    assert visit.member_id is not None
    return reach.of_staff(session, license_of(visit), visit.member_id, teaching=access.teaches())


def license_of(visit: Visit) -> str:
    """The visit's licence; the blueprint has turned those without one away."""
    assert visit.license_id is not None
    return visit.license_id


def actor_of(visit: Visit) -> Actor:
    """The visit's person, as the books name who caused a movement."""
    return Actor("person", visit.person_id)


def resource_of() -> Resource:
    """The resource that the pages show."""
    settings: Settings = current_app.extensions["creditroll"]
    return settings.resource
