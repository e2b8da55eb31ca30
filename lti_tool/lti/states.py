"""The state of a login, carried by the browser: signed, good for ten minutes, bound to a secret in a cookie.

So a login writes nothing, and any number of them go on side by side in one browser. It does not carry the
`target_link_uri`: the signed claim decides where a launch goes (LTI Core 1.3 #target-link-uri).
"""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from itsdangerous import BadData, URLSafeSerializer

from lti_tool.lti.refusals import StateExpired, StateOfAnotherBrowser, StateUnknown

LASTS = timedelta(minutes=10)
_COOKIE = "__Host-creditroll-"
_LONGEST = 2000


@dataclass(frozen=True)
class State:
    """What a login leaves for its launch: the nonce that the token must carry, and whom it must come from."""

    launch_id: str
    nonce: str
    platform_id: str
    secret_hash: str
    expires_at: datetime

    @property
    def cookie_name(self) -> str:
        """The cookie of this login alone."""
        return _COOKIE + self.launch_id

    def check_browser(self, cookies: Mapping[str, str]) -> None:
        """Raises StateOfAnotherBrowser unless this browser holds the login's secret."""
        held = _hash(cookies.get(self.cookie_name, ""))
        if not hmac.compare_digest(held, self.secret_hash):
            raise StateOfAnotherBrowser()


class States:
    """Signs and reads states with a key that is derived from the secret of the settings and used for nothing else."""

    def __init__(self, secret_key: str) -> None:
        self._serializer = URLSafeSerializer(
            secret_key, salt="lti-state", signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256}
        )

    def begin(self, platform_id: str, *, now: datetime) -> tuple[State, str]:
        """A fresh state and the secret for the browser."""
        secret = secrets.token_urlsafe(24)
        state = State(
            launch_id=secrets.token_hex(6),
            nonce=secrets.token_urlsafe(24),
            platform_id=platform_id,
            secret_hash=_hash(secret),
            expires_at=(now + LASTS).replace(microsecond=0),
        )
        return state, secret

    def sign(self, state: State) -> str:
        """The state as text for a URL."""
        ends = int(state.expires_at.timestamp())
        signed: str = self._serializer.dumps([state.launch_id, state.nonce, state.platform_id, state.secret_hash, ends])
        return signed

    def read(self, text: str, *, now: datetime) -> State:
        """The state that `sign` made the text from. Raises StateUnknown, StateExpired."""
        if len(text) > _LONGEST:
            raise StateUnknown()
        try:
            launch_id, nonce, platform_id, secret_hash, ends = self._serializer.loads(text)
        except (BadData, UnicodeEncodeError) as error:
            raise StateUnknown() from error
        state = State(launch_id, nonce, platform_id, secret_hash, datetime.fromtimestamp(ends, UTC))
        if state.expires_at <= now:
            raise StateExpired()
        return state


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
