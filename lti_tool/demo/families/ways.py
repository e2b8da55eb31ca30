"""Small changes to a message, of which ways to open the tool are made."""

from typing import Any

from lti_tool.demo.families.claims import CLAIM, NRPS
from lti_tool.demo.families.family import Message

NAMES = ("name", "given_name", "family_name")
PERSONAL = (*NAMES, "email", "picture", "lis")
_OF_OPENID = {"iss", "aud", "azp", "sub", "iat", "exp", "nbf", "nonce", "locale", "email", "picture", *NAMES}


def claim(name: str) -> str:
    """The claim with that name: LTI's own are long, OpenID's short, and an address is itself."""
    return name if name in _OF_OPENID or ":" in name else CLAIM + name


def drop(message: Message, *names: str) -> None:
    """Leaves claims out."""
    for name in names:
        message.claims.pop(claim(name), None)


def put(message: Message, **values: Any) -> None:
    """Sets claims."""
    message.claims |= {claim(name): value for name, value in values.items()}


def without_course(message: Message) -> None:
    """As from a menu that belongs to no course."""
    drop(message, "context", "resource_link", NRPS)


def without_names(message: Message) -> None:
    """As where a school keeps all personal data back."""
    drop(message, *PERSONAL)
