"""Deep linking: what an LMS's picker asks for, checked, and carried to the answer by the picker's own page.

The page holds it as signed text, so the answer needs no cookie and no visit. Whoever has that text can only do what the
LMS let its owner do: name links of ours, to the address and for the course that the LMS signed.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from itsdangerous import BadData, URLSafeSerializer

from lti_tool.errors import Invalid
from lti_tool.lti.platforms import check_url
from lti_tool.lti.refusals import ClaimMalformed, ClaimMissing, PickerExpired

DEEP_LINKING = "LtiDeepLinkingRequest"
SETTINGS = "https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings"
LASTS = timedelta(hours=1)
"""How long somebody may think about what to choose."""

_LONGEST_URL = 8000  # Canvas puts a JWT of its own into the query
_LONGEST_TEXT = 100_000  # `data` may be nearly as long as a token
_MOST_TYPES = 50
_HOST = re.compile(r"[A-Za-z0-9.\-\[\]:]+", re.ASCII)
"""What may stand in a Content-Security-Policy."""
_HALVES = re.compile("[\ud800-\udfff]")
"""Halves of characters, which no text can hold."""
_LAUNCH, _LINK = "ltiResourceLink", "link"


@dataclass(frozen=True)
class Picker:
    """What the LMS's picker takes, and where to (LTI Deep Linking 2.0 #deep-linking-settings).

    `accept_types` are those of them that we can make. Media types and document targets are not read: whatever they
    say, a link of ours is the same. `data` is the LMS's own, to be given back as it came; None where it sent none.
    """

    accept_types: frozenset[str]
    accept_multiple: bool
    return_url: str
    data: str | None

    @property
    def takes_launches(self) -> bool:
        """Whether it takes a link that launches us, and so tells us who came from which course."""
        return _LAUNCH in self.accept_types

    @property
    def takes_anything(self) -> bool:
        """Whether it takes a link at all: some ask for files or pictures only."""
        return bool(self.accept_types)


@dataclass(frozen=True)
class Asked:
    """One request, as the page that shows it needs it: our id of the platform, the LMS's words for the rest."""

    platform_id: str
    deployment_id: str
    course: str | None
    picker: Picker
    service: str | None = None
    """What the button to the exporting service says, where the course has one."""


def read(body: Mapping[str, Any], *, allow_private_hosts: frozenset[str]) -> Picker:
    """The settings of a request's token. Raises ClaimMissing, ClaimMalformed."""
    settings = body.get(SETTINGS)
    if settings is None:
        raise ClaimMissing(claim=SETTINGS)
    if not isinstance(settings, dict):
        raise ClaimMalformed(claim=SETTINGS)
    return Picker(
        accept_types=_types(settings),
        accept_multiple=_is_true(settings, "accept_multiple"),
        return_url=_return_url(settings, allow_private_hosts),
        data=_data(settings),
    )


def _types(settings: Mapping[str, Any]) -> frozenset[str]:
    value = settings.get("accept_types")
    if value is None:
        raise ClaimMissing(claim="accept_types")
    found = value.split(",") if isinstance(value, str) else value  # as Canvas has its accept_media_types
    if not isinstance(found, list) or len(found) > _MOST_TYPES or not all(isinstance(one, str) for one in found):
        raise ClaimMalformed(claim="accept_types")
    return frozenset({_LAUNCH, _LINK} & {one.strip() for one in found})


def _is_true(settings: Mapping[str, Any], name: str) -> bool:
    """A boolean, or the word for it; where it is missing, one link is what every picker takes."""
    value = settings.get(name)
    if value is None or isinstance(value, bool):
        return bool(value)
    if not isinstance(value, str) or value.lower() not in ("true", "false"):
        raise ClaimMalformed(claim=name)
    return value.lower() == "true"


def _return_url(settings: Mapping[str, Any], allow_private_hosts: frozenset[str]) -> str:
    """An address to which a form of ours may go: on the web, and as encrypted as the LMS's others have to be."""
    name = "deep_link_return_url"
    value = settings.get(name)
    if value is None:
        raise ClaimMissing(claim=name)
    if not isinstance(value, str) or len(value) > _LONGEST_URL or not _is_plain(value):
        raise ClaimMalformed(claim=name)
    address, _, query = value.partition("?")
    try:
        check_url(name, address, allow_private_hosts)
    except Invalid as error:
        raise ClaimMalformed(claim=name) from error
    if "#" in query or not _HOST.fullmatch(urlsplit(address).netloc):
        raise ClaimMalformed(claim=name)
    return value


def _is_plain(url: str) -> bool:
    """Without what browsers read in ways of their own."""
    return url.isascii() and url.isprintable() and not set(' "<>\\') & set(url)


def _data(settings: Mapping[str, Any]) -> str | None:
    value = settings.get("data")
    if value is not None and (not isinstance(value, str) or _HALVES.search(value)):
        raise ClaimMalformed(claim="data")
    return value


class Pickers:
    """Signs and reads what a picker's page holds, with a key that is used for nothing else."""

    def __init__(self, secret_key: str) -> None:
        self._serializer = URLSafeSerializer(
            secret_key, salt="lti-picker", signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256}
        )

    def sign(self, asked: Asked, *, now: datetime) -> str:
        """The request as text for a form."""
        picker = asked.picker
        ends = int((now + LASTS).timestamp())
        about = [asked.platform_id, asked.deployment_id, asked.course, asked.service]
        settings = [sorted(picker.accept_types), picker.accept_multiple, picker.return_url, picker.data]
        signed: str = self._serializer.dumps([ends, about, settings])
        return signed

    def read(self, text: str, *, now: datetime) -> Asked:
        """The request that `sign` made the text from, within an hour. Raises PickerExpired."""
        if len(text) > _LONGEST_TEXT:
            raise PickerExpired()
        try:
            ends, (platform_id, deployment_id, course, service), settings = self._serializer.loads(text)
        except (BadData, UnicodeEncodeError) as error:
            raise PickerExpired() from error
        if datetime.fromtimestamp(ends, UTC) <= now:
            raise PickerExpired()
        types, multiple, return_url, data = settings
        picker = Picker(frozenset(types), multiple, return_url, data)
        return Asked(platform_id, deployment_id, course, picker, service)
