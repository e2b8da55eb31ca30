"""What the launch log may keep of a login or launch: which parts came, their shapes, and ids of the protocol.

Never anybody's name, e-mail, `sub`, token or hint. Whatever an LMS or a stranger sends, nothing here raises.
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from lti_tool.lti.attempts import Attempt
from lti_tool.lti.claims import CLAIM, is_unresolved

_MOST = 60
"""Claims, roles and custom parameters of one message that are listed."""
_PROTOCOL = re.compile(r"[\w.:/#+~,;=$*-]{1,255}", re.ASCII)
"""Ids, roles and addresses: no space and no @, so no name of the usual kind and no e-mail."""
_SERVICES = {
    "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice": "names and roles",
    "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint": "grades",
    f"{CLAIM}platformnotificationservice": "notices",
    "https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings": "deep linking",
}
_KINDS = {bool: "true or false", int: "a number", float: "a number", list: "a list", dict: "an object"}
_PLACEMENT = "https://www.instructure.com/placement"
_LOGIN_IDS = ("iss", "client_id", "lti_deployment_id", "deployment_id", "lti_storage_target")
_LOGIN_HINTS = ("login_hint", "lti_message_hint")


def of_login(said: Mapping[str, Any]) -> dict[str, object]:
    """A login's parameters: the LMS's own ids as they came, the hints as shapes."""
    return {
        **{name: protocol(said[name]) for name in _LOGIN_IDS if name in said},
        **{name: shape(said[name]) for name in _LOGIN_HINTS if name in said},
        "target": _place(said.get("target_link_uri")),
        "came": _names(said),
    }


def of_launch(attempt: Attempt, subject: str | None) -> dict[str, object]:
    """A launch's claims; `subject` is what stands for the person. Before the signature is right there are none."""
    said = attempt.said
    context, link = _object(said, f"{CLAIM}context"), _object(said, f"{CLAIM}resource_link")
    platform, shown_in = _object(said, f"{CLAIM}tool_platform"), _object(said, f"{CLAIM}launch_presentation")
    custom = _object(said, f"{CLAIM}custom")
    return {
        "kid": protocol(attempt.kid),
        "message_type": protocol(said.get(f"{CLAIM}message_type")),
        "version": protocol(said.get(f"{CLAIM}version")),
        "audience": _list(said.get("aud")),
        "authorized_party": protocol(said.get("azp")),
        "lives_s": _difference(said.get("exp"), said.get("iat")),
        "target": _place(said.get(f"{CLAIM}target_link_uri")),
        "roles": _list(said.get(f"{CLAIM}roles")),
        "role_here": attempt.role and attempt.role.value,
        "context": protocol(context.get("id")),
        "context_type": _list(context.get("type")),
        "context_title": shape(context.get("title")),
        "resource_link": protocol(link.get("id")),
        "placement": protocol(said.get(_PLACEMENT)),
        "shown_in": protocol(shown_in.get("document_target")),
        "lms": protocol(platform.get("product_family_code")),
        "person": subject,
        "name": shape(said.get("name")),
        "email": shape(said.get("email")),
        "services": [words for claim, words in _SERVICES.items() if claim in said],
        "custom": {_name(key): _resolved(custom[key]) for key in list(custom)[:_MOST]},
        "came": _names(said),
    }


def deployment(said: Mapping[str, Any]) -> str | None:
    """The LMS's own id of its installation, in a launch or a login; Canvas's documentation leaves the prefix away."""
    names = (f"{CLAIM}deployment_id", "lti_deployment_id", "deployment_id")
    return next((protocol(said[name]) for name in names if said.get(name) is not None), None)


def protocol(value: object) -> str | None:
    """An id or address as it came; of what looks like something else, only its shape."""
    if isinstance(value, str) and _PROTOCOL.fullmatch(value):
        return value
    return None if value is None else f"({shape(value)})"


def shape(value: object) -> str | None:
    """What came, without what it says: "12 characters", "empty", "unresolved", or that it was no text."""
    if value is None:
        return None
    if not isinstance(value, str):
        return _KINDS.get(type(value), "something else")
    if not value.strip():
        return "empty"
    if is_unresolved(value.strip()):
        return "unresolved"
    return f"{len(value)} characters" if len(value) > 1 else "1 character"


def seconds(value: object) -> float | None:
    """A NumericDate that can be counted with; None for anything else."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and abs(value) < 1e12 else None  # type: ignore[arg-type] # a number


def _difference(later: object, earlier: object) -> int | None:
    ends, begins = seconds(later), seconds(earlier)
    return None if ends is None or begins is None else round(ends - begins)


def _names(said: Mapping[str, Any]) -> list[str]:
    return [_name(name) for name in list(said)[:_MOST]]


def _name(claim: str) -> str:
    return _known_name(claim) if len(claim) < 256 else f"({shape(claim)})"


@lru_cache(maxsize=512)  # an LMS sends the same claims for ever
def _known_name(claim: str) -> str:
    return protocol(claim.removeprefix(CLAIM)) or ""


def _list(value: object) -> list[str | None]:
    """A list of protocol words, or what stands in its place."""
    found: Iterable[object] = value[:_MOST] if isinstance(value, list) else [] if value is None else [value]
    return [protocol(one) for one in found]


def _place(url: object) -> str | None:
    """Host and path: queries carry whatever an LMS put there."""
    if not isinstance(url, str):
        return shape(url)
    try:
        parts = urlsplit(url)
        return protocol(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}")
    except ValueError:
        return protocol(url.partition("?")[0])


def _resolved(value: object) -> str:
    kind = shape(value) or "empty"
    return "sent" if kind[0].isdigit() else kind


def _object(said: Mapping[str, Any], claim: str) -> Mapping[str, Any]:
    value = said.get(claim)
    return value if isinstance(value, dict) else {}
