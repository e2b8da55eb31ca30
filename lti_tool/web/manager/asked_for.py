"""What a manager asked to be told by e-mail, as Settings shows it; or why no letter can reach them."""

from dataclasses import dataclass

from flask import current_app

from lti_tool.alerts import wishes
from lti_tool.alerts.wishes import Key
from lti_tool.db import db
from lti_tool.settings import Settings
from lti_tool.web.manager.desk import Desk


@dataclass(frozen=True)
class AskedFor:
    """Of the visit's person: whether letters are sent at all, where theirs would go, and what they chose."""

    sends_mail: bool
    address: str | None
    wanted: frozenset[str]
    version: int


def asked_for(desk: Desk) -> AskedFor:
    """As it stands now."""
    settings: Settings = current_app.extensions["creditroll"]
    key = key_of(desk)
    wish, address = wishes.find_with_address(db.session(), key)
    return AskedFor(
        sends_mail=settings.sends_mail,
        address=address,
        wanted=wish.wanted if wish else frozenset(),
        version=wish.version if wish else 0,
    )


def key_of(desk: Desk) -> Key:
    """Whose wish it is."""
    assert desk.visit.person_id is not None, "who manages a license is a person"
    return Key(desk.license.id, desk.resource.name, desk.visit.person_id)
