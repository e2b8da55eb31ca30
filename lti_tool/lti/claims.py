"""What a verified id_token says, parsed once into plain values; nothing inside the house reads a raw claim."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from lti_tool.lti.refusals import ClaimMalformed, ClaimMissing

CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
NAMES_AND_ROLES = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
COPY_NOTICE = "LtiContextCopyNotice"
MOST_ORIGINS = 20
"""Of the courses that one is a copy of, so many are looked at, the latest; Canvas names up to a thousand."""
_HISTORY = "context_history"
"""The custom parameter for which every registration of ours asks `$Context.id.history`."""
_NO_IDS = frozenset({"truncated", "timed out"})
"""What Canvas writes in the place of ids."""
_LONGEST_ID = 255  # LTI Core 1.3 #user-identity-claims
_LONGEST_TEXT = 255
_LONGEST_URL = 2000
_MOST_ROLES = 200
_UNUSABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
"""Characters that no database or page can take: controls, line separators, halves of characters."""


@dataclass(frozen=True)
class ContextClaim:
    """The course, as the LMS names it (LTI Core 1.3 #context-claim)."""

    id: str
    label: str | None
    title: str | None


@dataclass(frozen=True)
class LaunchClaims:
    """One launch's claims; texts that are missing, empty or unresolved (`$Variable`) are None."""

    message_type: str
    deployment_id: str
    target_link_uri: str | None
    """None only where a picker asks: LTI Deep Linking 2.0 does not require it there."""
    subject: str | None
    roles: tuple[str, ...]
    context: ContextClaim | None
    resource_link_id: str | None
    name: str | None
    email: str | None
    locale: str | None
    return_url: str | None
    memberships_url: str | None
    mentored: tuple[str, ...]
    """Subjects of the students whom an observer mentors (`role_scope_mentor`)."""
    copied_from: tuple[str, ...] = ()
    """The courses that this one is a copy of, latest first; empty where the LMS names none, or does not say."""
    notices_url: str | None = None
    """Where one asks to be told of copied courses (Platform Notification Service), if the LMS tells of them."""


@dataclass(frozen=True)
class NoticeClaims:
    """One notice's claims; `context_id` is None where it is about no course."""

    id: str
    kind: str
    deployment_id: str
    context_id: str | None
    copied_from: tuple[str, ...]


def parse(body: Mapping[str, Any]) -> LaunchClaims:
    """The claims of a token's body, each checked for its type. Raises ClaimMalformed, ClaimMissing.

    An empty list of roles is allowed and grants nothing (LTI Core 1.3 #roles-claim); none at all is not.
    """
    presentation = _object(body, f"{CLAIM}launch_presentation")
    services = _object(body, NAMES_AND_ROLES)
    link = _object(body, f"{CLAIM}resource_link")
    return LaunchClaims(
        message_type=_required(body, f"{CLAIM}message_type"),
        deployment_id=_required(body, f"{CLAIM}deployment_id"),
        target_link_uri=_id(body, f"{CLAIM}target_link_uri", most=_LONGEST_URL),
        subject=_subject(body),
        roles=_roles(body),
        context=_context(body),
        resource_link_id=_id(link, "id") if link else None,
        name=_name(body),
        email=_text(body, "email"),
        locale=_text(body, "locale") or _text(presentation, "locale"),
        return_url=_url(presentation, "return_url"),
        memberships_url=_url(services, "context_memberships_url"),
        mentored=_ids(body, f"{CLAIM}role_scope_mentor"),
        copied_from=_history(body),
        notices_url=_notices_url(body),
    )


def parse_notice(body: Mapping[str, Any]) -> NoticeClaims:
    """The claims of a notice's body (Platform Notification Service 1.0). Raises ClaimMalformed, ClaimMissing."""
    notice, context = _object(body, f"{CLAIM}notice"), _object(body, f"{CLAIM}context")
    return NoticeClaims(
        id=_required(notice, "id"),
        kind=_required(notice, "type"),
        deployment_id=_required(body, f"{CLAIM}deployment_id"),
        context_id=_id(context, "id"),
        copied_from=_origins(body.get(f"{CLAIM}origin_contexts")),
    )


def sender(body: Mapping[str, Any]) -> tuple[str, str]:
    """Issuer and client of a message that nobody verified: to find whose key is to be tried, and for nothing else.

    Raises ClaimMalformed, ClaimMissing.
    """
    aud = body.get("aud")
    one = aud[0] if isinstance(aud, list) and len(aud) == 1 else aud
    return _required(body, "iss"), _required({"aud": body.get("azp") or one}, "aud")


def _history(body: Mapping[str, Any]) -> tuple[str, ...]:
    """Ids between commas, each percent-encoded (LTI Core 1.3 #lti-context-variables): at no launch worth a refusal."""
    custom = body.get(f"{CLAIM}custom")
    text = custom.get(_HISTORY) if isinstance(custom, dict) else None
    if not isinstance(text, str) or is_unresolved(text.strip()):
        return ()
    listed = (one.strip() for one in text.split(",", MOST_ORIGINS)[:MOST_ORIGINS])
    return _origins([unquote(one) for one in listed if one not in _NO_IDS])


def _origins(listed: object) -> tuple[str, ...]:
    """The usable ids of a list of courses; whatever else it holds is passed over."""
    found = listed[:MOST_ORIGINS] if isinstance(listed, list) else []
    return tuple(one for one in found if isinstance(one, str) and _is_usable(one))


def _notices_url(body: Mapping[str, Any]) -> str | None:
    service = body.get(f"{CLAIM}platformnotificationservice")
    if not isinstance(service, dict):
        return None
    types, url = service.get("notice_types_supported"), service.get("platform_notification_service_url")
    tells = isinstance(types, list) and COPY_NOTICE in types and isinstance(url, str)
    return _url(service, "platform_notification_service_url") if tells else None


def _subject(body: Mapping[str, Any]) -> str | None:
    if body.get("sub") == "":
        raise ClaimMissing(claim="sub")  # a broken LMS; one that does not tell who it is leaves the claim out
    return _id(body, "sub")


def _roles(body: Mapping[str, Any]) -> tuple[str, ...]:
    claim = f"{CLAIM}roles"
    if body.get(claim) is None:
        raise ClaimMissing(claim=claim)
    return _strings(body, claim)


def _context(body: Mapping[str, Any]) -> ContextClaim | None:
    claim = f"{CLAIM}context"
    if body.get(claim) is None:
        return None
    context = _object(body, claim)
    return ContextClaim(_required(context, "id"), _text(context, "label"), _text(context, "title"))


def _name(body: Mapping[str, Any]) -> str | None:
    parts = (_text(body, "given_name"), _text(body, "family_name"))
    return _text(body, "name") or " ".join(part for part in parts if part) or None


def _required(source: Mapping[str, Any], claim: str, *, most: int = _LONGEST_ID) -> str:
    value = _id(source, claim, most=most)
    if value is None:
        raise ClaimMissing(claim=claim)
    return value


def _id(source: Mapping[str, Any], claim: str, *, most: int = _LONGEST_ID) -> str | None:
    """An id keeps every character that the LMS gave it, or is refused; it is never cut or cleaned."""
    value = _string(source, claim)
    if value is not None and (len(value) > most or _UNUSABLE.search(value)):
        raise ClaimMalformed(claim=claim)
    return value


def _ids(source: Mapping[str, Any], claim: str) -> tuple[str, ...]:
    found = _strings(source, claim) if source.get(claim) is not None else ()
    return tuple(one for one in found if _is_usable(one))


def _is_usable(one: str) -> bool:
    return 0 < len(one) <= _LONGEST_ID and not _UNUSABLE.search(one)


def _text(source: Mapping[str, Any], claim: str) -> str | None:
    """A text for people: cleaned and cut rather than refused."""
    value = _string(source, claim)
    return value and (_UNUSABLE.sub(" ", value).strip()[:_LONGEST_TEXT].rstrip() or None)


def _url(source: Mapping[str, Any], claim: str) -> str | None:
    value = _string(source, claim)
    if value is None or len(value) > _LONGEST_URL or _UNUSABLE.search(value):
        return None
    return value if value.startswith(("https://", "http://")) else None


def _string(source: Mapping[str, Any], claim: str) -> str | None:
    value = source.get(claim)
    if value is None:
        return None
    if not isinstance(value, str):
        raise ClaimMalformed(claim=claim)
    text = value.strip()
    return None if not text or is_unresolved(text) else value


def is_unresolved(text: str) -> bool:
    """A substitution variable that the LMS did not know, and so sent as it was ("$Person.sourcedId", "@X@")."""
    return text.startswith("$") or (len(text) > 2 and text[0] == text[-1] == "@")


def _strings(source: Mapping[str, Any], claim: str) -> tuple[str, ...]:
    value = source[claim]
    if not isinstance(value, list) or len(value) > _MOST_ROLES or not all(isinstance(one, str) for one in value):
        raise ClaimMalformed(claim=claim)
    return tuple(value)


def _object(source: Mapping[str, Any], claim: str) -> Mapping[str, Any]:
    value = source.get(claim)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ClaimMalformed(claim=claim)
    return value
