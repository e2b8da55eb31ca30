"""A registration that an administrator typed in: kept if its addresses can only be those of one LMS.

Nobody proves here who they are. What they say is checked against the vendors that we know, and waits for the operator
unless every registration is welcome.
"""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from lti_tool.errors import Invalid
from lti_tool.language import _
from lti_tool.lti import families, platforms
from lti_tool.lti.families import Endpoints, Family
from lti_tool.lti.platforms import Platform, check_url

_ADDRESSES = ("issuer", "jwks_url", "auth_token_url", "auth_login_url")


@dataclass(frozen=True, kw_only=True)
class Typed:
    """What the form brought; `endpoints` are the vendor's own where it has the same for all schools."""

    family: Family
    name: str
    client_id: str
    endpoints: Endpoints
    deployment_id: str | None = None
    auth_audience: str | None = None


def register(
    session: Session, typed: Typed, *, is_admitted: bool, allow_private_hosts: frozenset[str], now: datetime
) -> Platform:
    """Keeps it, waiting or admitted. Raises Invalid, AlreadyRegistered, TooManyWaiting."""
    if is_admitted:
        platforms.require_calm(session, now=now)
    if typed.endpoints not in typed.family.constant:
        _check(typed, allow_private_hosts)
    issuer, client_id = typed.endpoints.issuer, typed.client_id
    platforms.require_own_client(session, issuer, client_id, allow_private_hosts=allow_private_hosts)
    return platforms.add_platform(
        session,
        name=typed.name,
        family=typed.family.name,
        client_id=client_id,
        issuer=issuer,
        auth_login_url=typed.endpoints.auth_login_url,
        auth_token_url=typed.endpoints.auth_token_url,
        auth_audience=typed.auth_audience,
        jwks_url=typed.endpoints.jwks_url,
        deployment_ids=(typed.deployment_id,) if typed.deployment_id else (),
        is_admitted=is_admitted,
        allow_private_hosts=allow_private_hosts,
        now=now,
    )


def _check(typed: Typed, allow_private_hosts: frozenset[str]) -> None:
    """One who invents a registration must not be able to take another school's issuer with keys of their own."""
    for field in _ADDRESSES:
        check_url(field, getattr(typed.endpoints, field), allow_private_hosts)
    issuer = _host(typed.endpoints.issuer)
    vendor = families.of_host(issuer)
    if vendor is not None and vendor.constant:
        raise Invalid(_("This is %(lms)s’s: choose %(lms)s at the top of the page.", lms=vendor.title), field="issuer")
    for field in _ADDRESSES[1:]:
        host = _host(getattr(typed.endpoints, field))
        if host != issuer and host not in allow_private_hosts and not typed.family.has_host(host):
            raise Invalid(
                _(
                    "%(host)s is not the host of the issuer, %(issuer)s. If that is right, ask whoever runs Creditroll"
                    " to register your LMS.",
                    host=host,
                    issuer=issuer,
                ),
                field=field,
            )


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").lower().rstrip(".")  # "lms.example." is lms.example
