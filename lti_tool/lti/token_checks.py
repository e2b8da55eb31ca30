"""What every message of an LMS is asked once its signature is right: from whom, for whom, from when until when."""

from collections.abc import Mapping
from typing import Any, Protocol

from lti_tool.lti import refusals
from lti_tool.lti.registrations import Registered

_LEEWAY_S = 60.0
"""Clocks of LMSs are off by this much (Moodle's tokens live no longer than a minute)."""
_LONGEST_S = 86_400.0
"""A token is for one message: issued no longer ago, and valid no longer, than a day."""


class Signed(Protocol):
    """A message whose signature is right, and the registration whose key that was."""

    @property
    def registered(self) -> Registered:
        """Whose key it was."""
        ...

    @property
    def body(self) -> Mapping[str, Any]:
        """The claims, of whatever type the LMS made them."""
        ...

    @property
    def now_s(self) -> float:
        """The time, in seconds since 1970."""
        ...


def issuer(token: Signed) -> None:
    """`iss` is the LMS whose key it was."""
    if token.body.get("iss") != token.registered.issuer:
        raise refusals.IssuerWrong()


def audience(token: Signed) -> None:
    """We are among the audiences (Schoology sends a list), and where there are several, the token says it is for us."""
    aud, azp, ours = token.body.get("aud"), token.body.get("azp"), token.registered.client_id
    audiences = aud if isinstance(aud, list) else [aud]
    if ours not in audiences:
        raise refusals.AudienceWrong()
    if azp != ours and (azp is not None or len(audiences) > 1):
        raise refusals.AuthorizedPartyWrong()


def expiry(token: Signed) -> None:
    """`exp` is there, not past, and no more than a day ahead."""
    exp = _seconds(token.body.get("exp"))
    if exp is None or not token.now_s - _LEEWAY_S < exp <= token.now_s + _LONGEST_S + _LEEWAY_S:
        raise refusals.Expired()


def issued_at(token: Signed) -> None:
    """`iat` is there, not ahead, and no more than a day ago; `nbf`, if it is there, is not ahead."""
    iat, nbf = _seconds(token.body.get("iat")), token.body.get("nbf")
    if iat is None or not token.now_s - _LONGEST_S - _LEEWAY_S <= iat <= token.now_s + _LEEWAY_S:
        raise refusals.IssuedAtWrong()
    begins = _seconds(nbf)
    if nbf is not None and (begins is None or begins > token.now_s + _LEEWAY_S):
        raise refusals.IssuedAtWrong()


def _seconds(value: object) -> float | None:
    """A NumericDate (RFC 7519 2); None for anything else, true and false included."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value
