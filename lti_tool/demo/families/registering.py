"""How an LMS takes a tool that registers itself, and what is left for its administrator to press."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from uuid import uuid4

from lti_tool.demo.tools import NRPS_SCOPE


def _uuid() -> str:
    return str(uuid4())


def _one(number: int) -> str:
    return "1"


def plain_messages() -> list[dict[str, Any]]:
    """What can be opened, and where teachers add it, in LTI's own words."""
    return [{"type": "LtiResourceLinkRequest"}, {"type": "LtiDeepLinkingRequest", "placements": ["ContentArea"]}]


@dataclass(frozen=True, kw_only=True)
class Registering:
    """Dynamic Registration in one LMS."""

    configuration_path: str
    registration_path: str
    menu: str
    """Where an administrator finds it."""
    button: str
    """What opens the tool's page."""
    window: Literal["frame", "tab", "popup"]
    enable: str | None
    """What is to be pressed before anybody can open the tool; None where it works at once."""
    platform: Mapping[str, Any]
    scopes: tuple[str, ...] = (NRPS_SCOPE, "openid")
    variables: tuple[str, ...] = ("Context.id.history", "Person.sourcedId", "User.id")
    configuration_needs_bearer: bool = False
    status: int = 201
    tells_deployment: bool = True
    says_texts: bool = False
    """Errors are a bare JSON text."""
    new_client_id: Callable[[], str] = _uuid
    new_deployment_id: Callable[[int], str] = _one
    """From how many registered themselves before."""


def digits() -> str:
    """A client as Canvas numbers it."""
    return f"1{secrets.randbelow(10**13):013}"


def letters() -> str:
    """A client as Moodle names it."""
    return secrets.token_urlsafe(24).replace("-", "").replace("_", "")[:15]
