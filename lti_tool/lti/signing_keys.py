"""The tool's own keys as values: which one signs now, which are shown, and how long an old one is still needed."""

import hashlib
import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

ALWAYS = datetime.min.replace(tzinfo=UTC)
"""Since when the first key signs."""
LONGEST_LIFE = timedelta(hours=1)
"""Nothing that we sign is good for longer, so it can be said when an old key is not needed any more."""
_NEEDED = LONGEST_LIFE + timedelta(hours=1)
"""After its last signature; the second hour is for clocks that differ."""


class Status(StrEnum):
    """What a key is for at the moment. All of them are shown to LMSs."""

    WAITING = "waiting"
    SIGNING = "signing"
    OLD = "old"


@dataclass(frozen=True)
class SigningKey:
    """A private key, which no text of it shows, and since when it signs."""

    kid: str
    private: RSAPrivateKey = field(repr=False)
    signs_from: datetime = ALWAYS

    @property
    def jwk(self) -> dict[str, str]:
        """The public half, as a key set shows it."""
        return {**_public(self.private), "kid": self.kid, "alg": "RS256", "use": "sig"}


@dataclass(frozen=True)
class Keyring:
    """All keys of the tool, oldest first; the newest whose time has come signs."""

    keys: Sequence[SigningKey]

    def sign(self, claims: Mapping[str, Any], now: datetime, *, typ: str = "JWT") -> str:
        """A JWT of the claims, signed RS256, that names its key. `exp` must be there, and within LONGEST_LIFE.

        `typ` keeps apart what the key signs for different readers (RFC 8725 3.11).
        """
        if claims["exp"] > (now + LONGEST_LIFE).timestamp():
            raise ValueError("What we sign must not outlive its key.")
        key = self.signer(now)
        return jwt.encode(dict(claims), key.private, algorithm="RS256", headers={"kid": key.kid, "typ": typ})

    def signer(self, now: datetime) -> SigningKey:
        """The key that signs; the first one where the clock says that none may yet."""
        return next((key for key in reversed(self.keys) if key.signs_from <= now), self.keys[0])

    @cached_property
    def jwks(self) -> dict[str, list[dict[str, str]]]:
        """The public key set, for LMSs that check what we sign: waiting and old keys too."""
        return {"keys": [key.jwk for key in self.keys]}

    def status(self, key: SigningKey, now: datetime) -> Status:
        """What the key is for."""
        place, signing = self.keys.index(key), self.keys.index(self.signer(now))
        if place == signing:
            return Status.SIGNING
        return Status.WAITING if place > signing else Status.OLD

    def needed_until(self, key: SigningKey) -> datetime | None:
        """When nothing that the key signed is good any more; None while no other key is to follow it."""
        followers = self.keys[self.keys.index(key) + 1 :]
        if not followers:
            return None
        ends = min(follower.signs_from for follower in followers)
        return ends + _NEEDED if key.signs_from < ends else ends  # or it never signed


def thumbprint(private: RSAPrivateKey) -> str:
    """The name of a key by RFC 7638: the same wherever the key is."""
    canonical = json.dumps(_public(private), sort_keys=True, separators=(",", ":"))
    return _text(hashlib.sha256(canonical.encode()).digest())


def _public(private: RSAPrivateKey) -> dict[str, str]:
    numbers = private.public_key().public_numbers()
    return {"kty": "RSA", "n": _number(numbers.n), "e": _number(numbers.e)}


def _number(value: int) -> str:
    return _text(value.to_bytes((value.bit_length() + 7) // 8))


def _text(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode()
