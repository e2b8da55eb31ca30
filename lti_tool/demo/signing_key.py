"""The key with which this LMS signs, kept across restarts where it is given a file."""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Self

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa


@dataclass(frozen=True)
class SigningKey:
    """An RSA key of 2048 bits; `kid` follows from the key, so the same file has the same kid."""

    private: rsa.RSAPrivateKey

    @classmethod
    def generate(cls) -> Self:
        """A fresh key."""
        return cls(rsa.generate_private_key(public_exponent=65537, key_size=2048))

    @classmethod
    def load(cls, path: Path) -> Self:
        """The key in that PEM file; made and written there at the first start."""
        if path.exists():
            private = serialization.load_pem_private_key(path.read_bytes(), password=None)
            if not isinstance(private, rsa.RSAPrivateKey):
                raise ValueError(f"{path} holds no RSA key")
            return cls(private)
        key = cls.generate()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_bytes(
            key.private.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return key

    @property
    def kid(self) -> str:
        """A name for this key."""
        public = self.private.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return f"2026-08-01T00:00:00Z_{sha256(public).hexdigest()[:12]}"

    @property
    def public_pem(self) -> bytes:
        """The public half as text."""
        return self.private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    @property
    def public_jwk(self) -> dict[str, Any]:
        """The public half, as a key set lists it."""
        jwk = jwt.algorithms.RSAAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
        return {"kty": jwk["kty"], "n": jwk["n"], "e": jwk["e"], "kid": self.kid, "alg": "RS256", "use": "sig"}

    def sign(self, claims: dict[str, Any], headers: dict[str, Any] | None = None) -> str:
        """A JWT, RS256, naming its key unless `headers` are given (LTI Security 1.0: `kid` is needed)."""
        named = {"kid": self.kid} if headers is None else headers
        return jwt.encode(claims, self.private, algorithm="RS256", headers=named)
