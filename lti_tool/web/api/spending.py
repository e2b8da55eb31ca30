"""What holds and spends share: whose credits, of which resource, and the figures after it."""

from uuid import UUID

from flask import current_app
from sqlalchemy.orm import Session

from lti_tool.db import Sql
from lti_tool.errors import Invalid, NotFound
from lti_tool.ledger.rules import Standing
from lti_tool.sending import Sent
from lti_tool.settings import Resource, Settings
from lti_tool.web.api import pages
from lti_tool.web.api.callers import caller

_LICENSE_OF = Sql("select license_id from members where id = :member_id")


def license_of(member_id: UUID, session: Session) -> Sent:
    """Asks for the member's licence; `within_reach` reads the answer."""
    return _LICENSE_OF.send(session, member_id=str(member_id))


def within_reach(found: Sent, what: str) -> str:
    """The licence that was found. Raises NotFound where none was, and behind another licence's wall: it is the same."""
    row = found.first()
    if row is None or not caller().reaches(row[0]):
        raise NotFound(f"There is no such {what}.")
    return str(row[0])


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
