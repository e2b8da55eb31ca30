"""Who was handed on: the tool's signed token, checked in full, and counted once (docs/exporting.md)."""

from dataclasses import dataclass
from typing import Any

import jwt
import requests

from lti_tool.demo.exporter.config import ExporterConfig
from lti_tool.demo.once import Once

_TYPE = "creditroll-handoff+jwt"
_NEEDED = ["iss", "aud", "sub", "iat", "exp", "jti", "license", "available", "coming"]
_LEEWAY_S = 30
_LONGEST = 8000


class TokenRefusedError(Exception):
    """The token is not the tool's, not for us, too old, or was here before; the text says which."""


@dataclass(frozen=True)
class Student:
    """Whom to charge: ids of Creditroll's, which say nothing of who it is; in credits, what there was."""

    member: str
    license: str
    available: int
    coming: int


class Door:
    """Reads tokens that are for one exporter."""

    def __init__(self, config: ExporterConfig) -> None:
        self._config = config
        self._used = Once()

    def read(self, token: str) -> Student:
        """The student of this token, the first time that it comes. Raises TokenRefusedError."""
        claims = self._verified(token)
        if claims["license"] not in self._config.api_keys:
            raise TokenRefusedError("It is of a license that this exporter has no key for.")
        if not self._used.is_first_use(claims["jti"], expires_at=claims["exp"] + _LEEWAY_S):
            raise TokenRefusedError("It was used before.")
        return Student(claims["sub"], claims["license"], claims["available"], claims["coming"])

    def _verified(self, token: str) -> dict[str, Any]:
        try:
            header = jwt.get_unverified_header(token[:_LONGEST])
            if header.get("typ") != _TYPE:  # the same key signs messages to LMSs
                raise TokenRefusedError("It is no hand-off.")
            claims: dict[str, Any] = jwt.decode(
                token,
                self._key(header.get("kid")),
                algorithms=["RS256"],
                issuer=self._config.tool_url,
                audience=self._config.url,
                leeway=_LEEWAY_S,
                options={"require": _NEEDED},
            )
        except jwt.PyJWTError as fault:
            raise TokenRefusedError(f"{fault}.") from fault
        return claims

    def _key(self, kid: object) -> jwt.PyJWK:
        """The tool's key of that name; whoever has many visitors keeps the set for the five minutes that it may."""
        try:
            answer = requests.get(f"{self._config.tool_url}/lti/jwks.json", timeout=5)
            answer.raise_for_status()
            for key in jwt.PyJWKSet.from_dict(answer.json()).keys:
                if kid is not None and key.key_id == kid:
                    return key
        except requests.RequestException as fault:
            raise TokenRefusedError("Creditroll's keys could not be read.") from fault
        raise TokenRefusedError("It is signed with no key of Creditroll's.")
