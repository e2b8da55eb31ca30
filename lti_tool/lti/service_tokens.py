"""Access tokens for an LMS's services: one a registration and set of scopes, kept while good, shared with no other."""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from lti_tool.db import micros
from lti_tool.ids import new_id
from lti_tool.language import _
from lti_tool.lti.service_calls import Fault, Patience, ServiceFault
from lti_tool.outbound import Answer, Outbound

Signer = Callable[[dict[str, Any], datetime], str]
"""Signs claims as a JWT with the key whose time it is (RS256, its `kid` in the header)."""

_JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
# Moodle has no clock leeway: an `iat` in its future is refused, so ours lies a minute back.
_BACKDATED = timedelta(seconds=60)
_ASSERTION_LIFE = timedelta(minutes=4)
_MARGIN = timedelta(seconds=60)
_LIFE_UNKNOWN_S, _LIFE_MOST_S = 300, 86_400
_FLIGHTS = 64

_Key = tuple[str, frozenset[str]]


@dataclass(frozen=True)
class ServiceAccount:
    """As whom we ask: one registration. `platform_id` is our own id of it; an issuer may have many."""

    platform_id: str
    client_id: str
    token_url: str
    audience: str
    """What the assertion's `aud` must be: the token URL, but for some families (Brightspace)."""


@dataclass(frozen=True)
class _Kept:
    token: str
    good_until: datetime


class ServiceTokens:
    """The tokens of this process, for any number of threads; at most `most_kept` are kept."""

    def __init__(self, outbound: Outbound, sign: Signer, *, most_kept: int = 1_000) -> None:
        self._outbound = outbound
        self._most_kept = most_kept
        self._sign = sign
        self._kept: OrderedDict[_Key, _Kept] = OrderedDict()
        self._lock = Lock()
        self._flights = [Lock() for _ in range(_FLIGHTS)]

    def token(self, account: ServiceAccount, scopes: Iterable[str], *, patience: Patience) -> str:
        """A token that is good for a minute at least; asked for once, however many want it. Raises ServiceFault."""
        key = (account.platform_id, frozenset(scopes))
        found = self._look(key, patience.clock())
        if found:
            return found
        with self._flights[hash(key) % _FLIGHTS]:
            found = self._look(key, patience.clock())
            return found or self._fetch(key, account, patience)

    def drop(self, account: ServiceAccount, scopes: Iterable[str], token: str) -> None:
        """Forgets the token that a service refused; one that another thread fetched meanwhile stays."""
        key = (account.platform_id, frozenset(scopes))
        with self._lock:
            kept = self._kept.get(key)
            if kept and kept.token == token:
                del self._kept[key]

    def _look(self, key: _Key, now: datetime) -> str | None:
        with self._lock:
            kept = self._kept.get(key)
            return kept.token if kept and kept.good_until > now else None

    def _fetch(self, key: _Key, account: ServiceAccount, patience: Patience) -> str:
        answer = patience.call(lambda: self._ask(account, key[1], patience.clock()))
        now = patience.clock()
        token, life_s = _read(answer, key[1])
        with self._lock:
            self._kept[key] = _Kept(token, now + timedelta(seconds=life_s) - _MARGIN)
            self._kept.move_to_end(key)
            while len(self._kept) > self._most_kept:
                self._kept.popitem(last=False)
        return token

    def _ask(self, account: ServiceAccount, scopes: frozenset[str], now: datetime) -> Answer:
        # LTI Security 1.0 #using-json-web-tokens-with-oauth-2-0-client-credentials-grant
        issued_at = now - _BACKDATED
        assertion = self._sign(
            {
                "iss": account.client_id,
                "sub": account.client_id,
                "aud": account.audience,
                "iat": _seconds(issued_at),
                "exp": _seconds(now + _ASSERTION_LIFE),
                "jti": new_id(),
            },
            now,
        )
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": _JWT_BEARER,
            "client_assertion": assertion,
            "scope": " ".join(sorted(scopes)),
        }
        return self._outbound.post_form(account.token_url, form, headers={"Accept": "application/json"})


def _seconds(moment: datetime) -> int:
    return micros(moment) // 1_000_000


def _read(answer: Answer, scopes: frozenset[str]) -> tuple[str, float]:
    """The token and its life in seconds. Whatever is not JSON with a token is one refusal: Moodle's errors are texts,
    HTML pages and broken JSON, and its good answers say text/html.
    """
    try:
        body = answer.json()
    except (ValueError, RecursionError):
        body = None
    fields: dict[str, Any] = body if isinstance(body, dict) else {}
    token = fields.get("access_token")
    if answer.status not in (200, 201) or not isinstance(token, str) or not _is_header_safe(token):
        if fields.get("error") == "invalid_scope":
            raise ServiceFault(Fault.FORBIDDEN, _("The LMS does not grant this tool the service."))
        raise ServiceFault(
            Fault.TOKEN_REFUSED,
            _(
                "The LMS gave us no access token (status %(status)s): it could not read our keys, or refused us.",
                status=answer.status,
            ),
        )
    granted = fields.get("scope")
    # RFC 6749 5.1: without `scope` all that was asked for is granted; with it, perhaps less.
    if isinstance(granted, str) and not scopes <= set(granted.split()):
        raise ServiceFault(Fault.FORBIDDEN, _("The LMS granted this tool fewer services than it asked for."))
    return token, _life_s(fields.get("expires_in"))


def _is_header_safe(token: str) -> bool:
    return token != "" and token.isascii() and token.isprintable() and " " not in token


def _life_s(told: object) -> float:
    try:
        life_s = float(told) if isinstance(told, int | float | str) else _LIFE_UNKNOWN_S
    except (ValueError, OverflowError):
        return _LIFE_UNKNOWN_S
    return min(life_s, _LIFE_MOST_S) if life_s > 0 else _LIFE_UNKNOWN_S
