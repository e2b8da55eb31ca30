"""What an LMS says of itself when it is registered, parsed, with addresses that belong together.

Everything in it may come from somebody who only says that they are that LMS, `product_family_code` as well. What proves
an issuer is that its own host, or its vendor's, served the document (LTI Dynamic Registration 1.0, 3.5).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from lti_tool.errors import Invalid
from lti_tool.language import _
from lti_tool.lti import families
from lti_tool.lti.families import FAMILIES, Family
from lti_tool.lti.platforms import check_url
from lti_tool.lti.registration_refusals import AddressRefused, CannotServe, ConfigurationUnreadable, HostsDisagree

_PLATFORM = "https://purl.imsglobal.org/spec/lti-platform-configuration"
_MOST_CHARACTERS = 2000
_MOST_ENTRIES = 1000
_LONGEST_NAME = 100
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """Of the LMS's configuration what matters to us; None where it does not say what it can."""

    issuer: str
    auth_login_url: str
    auth_token_url: str
    auth_audience: str | None
    jwks_url: str
    registration_url: str
    family_name: str
    version: str | None
    school: str | None
    scopes: frozenset[str]
    claims: frozenset[str] | None
    messages: Mapping[str, frozenset[str] | None] | None
    """The places that each type of message may come from."""
    variables: frozenset[str] | None

    @property
    def family(self) -> Family:
        """The kind of LMS that it says it is, unless its vendor's own hosts say otherwise."""
        return FAMILIES[self.family_name]

    @property
    def name(self) -> str:
        """As people know it: the school where it tells, else its host."""
        return self.school or urlsplit(self.issuer).netloc

    @property
    def title(self) -> str:
        """The same with the kind of LMS, for lists."""
        return f"{self.name} ({self.family.title})" if self.family.product_codes else self.name


def parse(document: object, *, found_at: str, allow_private_hosts: frozenset[str]) -> Configuration:
    """The configuration that was found at that address.

    Raises ConfigurationUnreadable, CannotServe, AddressRefused, HostsDisagree.
    """
    try:
        told = _Document.model_validate(document)
    except ValidationError as error:
        raise ConfigurationUnreadable(_("Wrong in it: %(fields)s.", fields=_where(error))) from error
    _check_abilities(told)
    configuration = _configuration(told)
    _check_addresses(configuration, allow_private_hosts)
    vendor = families.of_host(host_of(configuration.issuer))
    if vendor is not None:
        _check_vendor(configuration, found_at, vendor)
    else:
        _check_school(configuration, found_at)
        # One that the operator named is no stranger.
        if host_of(configuration.auth_token_url) not in allow_private_hosts:
            _check_token_endpoint(configuration)
    return configuration


def _printable(text: str) -> str:
    if not text.isprintable():  # controls, and halves of characters that no database or page can take
        raise ValueError("unprintable characters")
    return text


def _as_message(value: object) -> object:
    return {"type": value} if isinstance(value, str) else value  # older Moodles list only the types


Text = Annotated[str, Field(max_length=_MOST_CHARACTERS), AfterValidator(_printable)]
_Texts = Annotated[list[Text], Field(max_length=_MOST_ENTRIES)]


class _Told(BaseModel):
    model_config = ConfigDict(strict=True, extra="allow")


class _Message(_Told):
    type: Text
    placements: _Texts | None = None


class _Platform(_Told):
    product_family_code: Text | None = None
    version: Any = None
    messages_supported: (
        Annotated[list[Annotated[_Message, BeforeValidator(_as_message)]], Field(max_length=_MOST_ENTRIES)] | None
    ) = None
    variables: _Texts | None = None


class _Document(_Told):
    issuer: Text
    authorization_endpoint: Text
    token_endpoint: Text
    jwks_uri: Text
    registration_endpoint: Text
    authorization_server: Text | None = None
    scopes_supported: _Texts | None = None
    claims_supported: _Texts | None = None
    id_token_signing_alg_values_supported: _Texts | None = None
    token_endpoint_auth_methods_supported: _Texts | None = None
    platform: _Platform = Field(alias="https://purl.imsglobal.org/spec/lti-platform-configuration")


def _where(error: ValidationError) -> str:
    """The field's name only: the value may be anything."""
    names = [part for part in error.errors()[0]["loc"] if isinstance(part, str) and part != _PLATFORM]
    return names[0] if names else "its form"


def _check_abilities(told: _Document) -> None:
    needs = (
        (told.id_token_signing_alg_values_supported, "RS256"),
        (told.token_endpoint_auth_methods_supported, "private_key_jwt"),
    )
    for offered, needed in needs:
        if offered is not None and needed not in offered:
            raise CannotServe(_("It does not offer %(needed)s.", needed=needed))


def _configuration(told: _Document) -> Configuration:
    family = families.of_host(host_of(told.issuer)) or families.of_product(told.platform.product_family_code or "")
    messages = told.platform.messages_supported
    variables = told.platform.variables
    return Configuration(
        issuer=told.issuer,
        auth_login_url=told.authorization_endpoint,
        auth_token_url=told.token_endpoint,
        auth_audience=_audience(told, family),
        jwks_url=told.jwks_uri,
        registration_url=told.registration_endpoint,
        family_name=family.name,
        version=_shown(told.platform.version),
        school=_shown((told.platform.model_extra or {}).get(f"{family.extension}account_name")),
        scopes=frozenset(told.scopes_supported or ()),
        claims=None if told.claims_supported is None else frozenset(told.claims_supported),
        messages=None if messages is None else _places(messages, family),
        variables=None if variables is None else frozenset(one.removeprefix("$") for one in variables),
    )


def _places(messages: list[_Message], family: Family) -> Mapping[str, frozenset[str] | None]:
    prefix = family.extension or ""
    return {
        one.type: None if one.placements is None else frozenset(place.removeprefix(prefix) for place in one.placements)
        for one in messages
    }


def _shown(value: object) -> str | None:
    """A text that the LMS would like people to see: cleaned and cut."""
    if not isinstance(value, str):
        return None
    clean = "".join(letter if letter.isprintable() else " " for letter in value[:_MOST_CHARACTERS])
    return re.sub(" +", " ", clean).strip()[:_LONGEST_NAME].rstrip() or None


def _audience(told: _Document, family: Family) -> str | None:
    """What our assertions are made out to where it is not the token endpoint."""
    named = told.authorization_server or ""
    # Canvas names a bare host there, and wants the token endpoint all the same.
    return named if "://" in named else family.token_audience


def _check_addresses(configuration: Configuration, allow_private_hosts: frozenset[str]) -> None:
    for field in ("issuer", "auth_login_url", "auth_token_url", "jwks_url", "registration_url"):
        try:
            check_url(field, getattr(configuration, field), allow_private_hosts)
        except Invalid as error:
            raise AddressRefused(error.detail) from error


def _check_vendor(configuration: Configuration, found_at: str, vendor: Family) -> None:
    """One issuer for thousands of schools: only the vendor's own hosts speak for it, and it names no others."""
    addresses = (
        found_at,
        configuration.registration_url,
        configuration.auth_login_url,
        configuration.auth_token_url,
        configuration.auth_audience or configuration.auth_token_url,
        configuration.jwks_url,
    )
    if not all(vendor.has_host(host_of(url)) for url in addresses):
        raise HostsDisagree(_("One of them is not %(lms)s’s.", lms=vendor.title))


def _check_school(configuration: Configuration, found_at: str) -> None:
    own, registration_url = _site(configuration.issuer), configuration.registration_url
    if _site(found_at) != own:
        raise HostsDisagree(_("The issuer is on another host than the configuration."))
    if _site(registration_url) != own and not configuration.family.has_host(host_of(registration_url)):
        raise HostsDisagree(_("The registration endpoint is on another host than the issuer."))


def _check_token_endpoint(configuration: Configuration) -> None:
    """What we sign must be of use at this LMS only: else whoever registers one could carry it to another's."""
    token_host = host_of(configuration.auth_token_url)
    vendor = families.of_host(token_host)
    if vendor is not None and vendor.constant:
        raise HostsDisagree(_("The token endpoint is that of another LMS."))
    audience = configuration.auth_audience
    if audience is None or _site(audience) == _site(configuration.auth_token_url):
        return
    if vendor is None or not vendor.has_host(host_of(audience)):
        raise HostsDisagree(_("The authorization server is on another host than the token endpoint."))


def host_of(url: str) -> str:
    """The host alone, in the one spelling that two of the same have in common."""
    return _site(url)[0]


def _site(url: str) -> tuple[str, int | None]:
    try:
        parts = urlsplit(url)
        return (parts.hostname or "").rstrip("."), parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return "", None
