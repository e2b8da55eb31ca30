"""The tool's public keys, fetched each time they are needed, as Canvas does: never a stale one."""

import jwt
import requests

from lti_tool.demo.tools import Tool


class TokenRefusedError(Exception):
    """What the tool signed is not taken: `error` is a word of RFC 6749 5.2, the text says why."""

    def __init__(self, error: str, why: str) -> None:
        super().__init__(why)
        self.error = error


def tool_key(tool: Tool, kid: str | None) -> jwt.PyJWK:
    """The key of that name. Raises TokenRefusedError."""
    try:
        answer = requests.get(tool.jwks_url, timeout=5, headers={"User-Agent": "demo-lms"})
        answer.raise_for_status()
        for jwk in jwt.PyJWKSet.from_dict(answer.json()).keys:
            if kid is not None and jwk.key_id == kid:
                return jwk
    except (requests.RequestException, jwt.PyJWKSetError) as fault:
        raise TokenRefusedError("invalid_client", f"The tool's key set could not be read: {fault}") from fault
    raise TokenRefusedError("invalid_client", f"The tool's key set has no key {kid!r}.")
