"""What holds and spends share: whose credits, of which resource, and the figures after it."""

from uuid import UUID

from flask import current_app
from sqlalchemy.orm import Session

from lti_tool.db import Sql
from lti_tool.errors import Invalid, NotFound
from lti_tool.ledger.rules import Standing
from lti_tool.settings import Resource, Settings
from lti_tool.web.api import pages
from lti_tool.web.api.callers import caller

_LICENSE_OF = Sql("select license_id from members where id = :member_id")


def license_of_member(session: Session, member_id: UUID) -> str:
    """The member's licence. Raises NotFound, also for one behind another licence's wall."""
    found = _LICENSE_OF.run(session, member_id=str(member_id)).scalar()
    if found is None or not caller().reaches(found):
        raise NotFound("There is no such member.")
    return str(found)


def resource_named(name: str) -> Resource:
    """The resource of the catalogue. Raises Invalid."""
    settings: Settings = current_app.extensions["creditroll"]
    if name not in settings.resources:
        raise Invalid(f"resource: The catalogue has {', '.join(settings.resources)}.", field="resource")
    return settings.resources[name]


def balance(member: Standing) -> pages.Item:
    """A member's figures after the call: received = available + held + used."""
    return {
        "available": member.available,
        "held": member.held,
        "used": member.used,
        "received": member.received,
    }
