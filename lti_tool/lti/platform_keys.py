"""The LMSs' public keys, parsed once and remembered by key set and name: no network on a warm launch."""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, TypeGuard

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt import InvalidKeyError
from jwt.algorithms import RSAAlgorithm

from lti_tool.language import _
from lti_tool.lti.id_tokens import LONGEST_KID
from lti_tool.lti.refusals import KeysUnreadable, KidUnknown
from lti_tool.outbound import Answer, Outbound, OutboundError, TimedOut

_FRESH = timedelta(hours=1)
"""Whatever its headers say of caching: a new key is found at once by its name, a withdrawn one is gone after this."""
_LAST_GOOD = timedelta(days=1)
"""How long remembered keys stand in while the LMS cannot show its own."""
_COOL_DOWN = timedelta(seconds=30)
"""After a read for a key that was not there: a flood of made-up names costs the LMS two reads a minute."""
_RETRY = timedelta(seconds=5)
"""Between two reads of a key set that could not be read; after one that took too long it is the cool-down."""
_WAIT_S = 5.0
"""The longest that a launch waits for another one's read: an LMS that is slow must not hold all threads."""
_MOST_BYTES = 256_000
_LEAST_BITS = 2048
_MOST_BITS = 16_384
_REDIRECTS = 2

_log = logging.getLogger(__name__)


class NoKeySet(Exception):
    """The answer is no key set that we can use; the message says why, and holds nothing of it."""


@dataclass(frozen=True)
class _KeySet:
    keys: Mapping[str, RSAPublicKey]
    read_at: datetime


class _Source:
    """One key set: what is remembered of it, and when it may be asked again. One thread at a time reads it."""

    def __init__(self) -> None:
        self.reading = Lock()
        self.known: _KeySet | None = None
        self.next_read: datetime | None = None

    def key(self, kid: str, now: datetime, *, for_at_most: timedelta) -> RSAPublicKey | None:
        """The remembered key of that name, if it was read no longer ago than that."""
        known = self.known
        return known.keys.get(kid) if known is not None and now - known.read_at < for_at_most else None

    def may_read(self, now: datetime) -> bool:
        """False in the cool-down after a read that did not help."""
        return self.next_read is None or now >= self.next_read


class PlatformKeys:
    """One object a process, for any number of threads; holds as many key sets as there are registrations."""

    def __init__(self, outbound: Outbound) -> None:
        self._outbound = outbound
        self._sources: dict[str, _Source] = {}

    def find(self, jwks_url: str, kid: str, *, now: datetime) -> RSAPublicKey:
        """The key of that name. Raises KidUnknown, KeysUnreadable."""
        source = self._sources.setdefault(jwks_url, _Source())
        if key := source.key(kid, now, for_at_most=_FRESH):
            return key
        last_good = source.key(kid, now, for_at_most=_LAST_GOOD)
        # Who has a key to go on with does not wait for the thread that is reading, and nobody where no read may be.
        wait_s = _WAIT_S if last_good is None else 0
        if source.may_read(now) and source.reading.acquire(timeout=wait_s):
            try:
                self._read(source, jwks_url, kid, now)
            finally:
                source.reading.release()
        key = source.key(kid, now, for_at_most=_LAST_GOOD)
        if key is None:
            raise KeysUnreadable() if source.known is None else KidUnknown()
        return key

    def read_at(self, jwks_url: str) -> datetime | None:
        """When this process last read the key set; None where it has not, or could not."""
        source = self._sources.get(jwks_url)
        return source.known.read_at if source and source.known else None

    def _read(self, source: _Source, jwks_url: str, kid: str, now: datetime) -> None:
        if source.key(kid, now, for_at_most=_FRESH) or not source.may_read(now):
            return  # another thread has just read it
        try:
            keys, _ = read_key_set(self._outbound, jwks_url)
            source.known = _KeySet(keys, now)
            source.next_read = None if kid in source.known.keys else now + _COOL_DOWN
        except (OutboundError, NoKeySet) as error:
            source.next_read = now + (_COOL_DOWN if isinstance(error, TimedOut) else _RETRY)
            _log.warning("key set %s not read: %s", jwks_url, error)


def read_key_set(outbound: Outbound, jwks_url: str) -> tuple[Mapping[str, RSAPublicKey], Answer]:
    """The usable keys by their names, one at least, and the answer they came in. Raises OutboundError, NoKeySet."""
    answer = outbound.get(jwks_url, headers={"Accept": "application/json"}, max_bytes=_MOST_BYTES, redirects=_REDIRECTS)
    if answer.status != 200:
        raise NoKeySet(_("status %(status)s", status=answer.status))
    try:
        document = answer.json()
    except (ValueError, RecursionError) as error:
        raise NoKeySet(_("not JSON")) from error
    listed = document.get("keys") if isinstance(document, dict) else None
    keys = dict(_usable(listed if isinstance(listed, list) else []))
    if not keys:
        raise NoKeySet(_("no usable key"))
    return keys, answer


def _is_name(kid: object) -> TypeGuard[str]:
    """Names are shown on pages and in terminals, by the test of a registration."""
    return isinstance(kid, str) and 0 < len(kid) <= LONGEST_KID and kid.isprintable()


def _usable(listed: list[Any]) -> Iterator[tuple[str, RSAPublicKey]]:
    """RSA of 2048 bits or more, for RS256 signatures, with a name (LTI Security Framework 1.0 #h_key-set-url)."""
    for jwk in listed:
        if not isinstance(jwk, dict) or jwk.get("kty") != "RSA":
            continue
        kid = jwk.get("kid")
        if not _is_name(kid) or jwk.get("use", "sig") != "sig" or jwk.get("alg", "RS256") != "RS256":
            continue
        try:
            key = RSAAlgorithm.from_jwk({name: jwk[name] for name in ("kty", "n", "e")})
        except (InvalidKeyError, KeyError, ValueError, TypeError, AttributeError):
            continue  # one broken key does not spoil the others
        if isinstance(key, RSAPublicKey) and _LEAST_BITS <= key.key_size <= _MOST_BITS:
            yield kid, key
