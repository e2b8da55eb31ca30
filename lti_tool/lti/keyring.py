"""The tool's own signing keys: made on first need, kept in files that only the owner reads, parsed once a process."""

import hashlib
import json
import os
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

_BITS = 2048
_FIRST = "key-0001.pem"
"""Later keys count up: the last in order signs, all are shown."""


@dataclass(frozen=True)
class SigningKey:
    """A private key; `kid` is its RFC 7638 thumbprint, so the same in every process."""

    kid: str
    private: RSAPrivateKey

    @property
    def jwk(self) -> dict[str, str]:
        """The public half, as a key set shows it."""
        return {**_public(self.private), "kid": self.kid, "alg": "RS256", "use": "sig"}


@dataclass(frozen=True)
class Keyring:
    """All keys of the tool, oldest first."""

    keys: Sequence[SigningKey]

    def sign(self, claims: Mapping[str, Any]) -> str:
        """A JWT of the claims, signed RS256 with the newest key and naming it."""
        newest = self.keys[-1]
        return jwt.encode(dict(claims), newest.private, algorithm="RS256", headers={"kid": newest.kid})

    @property
    def jwks(self) -> dict[str, list[dict[str, str]]]:
        """The public key set, for LMSs that check what we sign."""
        return {"keys": [key.jwk for key in self.keys]}


@lru_cache(maxsize=8)
def open_keyring(folder: Path) -> Keyring:
    """The keys in the folder; the first one is made if there is none. Raises OSError where that cannot be done."""
    if not _files(folder):
        _make_first(folder)
    return Keyring([_load(path) for path in _files(folder)])


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("key-*.pem"))


def _make_first(folder: Path) -> None:
    """However many processes start at once, all of them end up with one key: the first link to the name stands."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    pem = generate_private_key(65537, _BITS).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with NamedTemporaryFile(dir=folder, prefix=".new-") as file:  # made with mode 600
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())
        try:
            (folder / _FIRST).hardlink_to(file.name)
        except FileExistsError:
            return


def _load(path: Path) -> SigningKey:
    private = load_pem_private_key(path.read_bytes(), None)
    assert isinstance(private, RSAPrivateKey)
    canonical = json.dumps(_public(private), sort_keys=True, separators=(",", ":"))
    return SigningKey(_text(hashlib.sha256(canonical.encode()).digest()), private)


def _public(private: RSAPrivateKey) -> dict[str, str]:
    numbers = private.public_key().public_numbers()
    return {"kty": "RSA", "n": _number(numbers.n), "e": _number(numbers.e)}


def _number(value: int) -> str:
    return _text(value.to_bytes((value.bit_length() + 7) // 8))


def _text(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode()
