"""The state of a login, carried by the browser: signed, good for ten minutes, bound to a secret that only it holds.

So a login writes nothing, and any number of them go on side by side in one browser. The secret is in a cookie of this
login's own, and with the LMS where it offers storage. The state does not carry the `target_link_uri`: the signed claim
decides where a launch goes (LTI Core 1.3 #target-link-uri).
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from itsdangerous import BadData

from lti_tool.lti.refusals import StateExpired, StateOfAnotherBrowser, StateUnknown
from lti_tool.signing import Signing

LASTS = timedelta(minutes=10)
_COOKIE = "__Host-creditroll-"
_LONGEST = 2000
_FRAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:-]{0,99}", re.ASCII)


class Carrier(StrEnum):
    """How a browser showed that the launch is its own: the secret of its login, or its person's own press."""

    COOKIE = "cookie"
    STORAGE = "storage"
    NEW_TAB = "new_tab"


@dataclass(frozen=True)
class State:
    """What a login leaves for its launch: the nonce that the token must carry, and whom it must come from.

    `storage_target` is the frame in which the LMS keeps what our pages ask it to (LTI Platform Storage); "" is none.
    """

    launch_id: str
    nonce: str
    platform_id: str
    secret_hash: str
    expires_at: datetime
    storage_target: str = ""

    @property
    def cookie_name(self) -> str:
        """The cookie of this login alone."""
        return _COOKIE + self.launch_id

    @property
    def storage_key(self) -> str:
        """What the LMS keeps this login's secret under."""
        return f"creditroll_{self.launch_id}"

    @property
    def begun_at(self) -> datetime:
        """When the login was."""
        return self.expires_at - LASTS

    def shown_by(self, cookies: Mapping[str, str], *, proof: str | None) -> Carrier | None:
        """How the browser shows the login's secret: by its cookie, or by the `proof` that the LMS kept for it.

        None if it shows nothing. Raises StateOfAnotherBrowser if what it shows is not the secret.
        """
        for carrier, shown in ((Carrier.COOKIE, cookies.get(self.cookie_name)), (Carrier.STORAGE, proof)):
            if shown:
                if not hmac.compare_digest(_hash(shown), self.secret_hash):
                    raise StateOfAnotherBrowser()
                return carrier
        return None


class States:
    """Signs and reads states with a key that is derived from the secret of the settings and used for nothing else."""

    def __init__(self, secret_key: str) -> None:
        self._signing = Signing(secret_key, "lti-state")

    def begin(self, platform_id: str, *, now: datetime, storage_target: str = "") -> tuple[State, str]:
        """A fresh state and the secret for the browser. A storage target that no frame can have is none."""
        secret = secrets.token_urlsafe(24)
        state = State(
            launch_id=secrets.token_hex(6),
            nonce=secrets.token_urlsafe(24),
            platform_id=platform_id,
            secret_hash=_hash(secret),
            expires_at=(now + LASTS).replace(microsecond=0),
            storage_target=storage_target if _FRAME.fullmatch(storage_target) else "",
        )
        return state, secret

    def sign(self, state: State) -> str:
        """The state as text for a URL."""
        ends = int(state.expires_at.timestamp())
        parts = [state.launch_id, state.nonce, state.platform_id, state.secret_hash, ends, state.storage_target]
        signed: str = self._signing.dumps(parts)
        return signed

    def read(self, text: str, *, now: datetime) -> State:
        """The state that `sign` made the text from. Raises StateUnknown, StateExpired."""
        if len(text) > _LONGEST:
            raise StateUnknown()
        try:
            launch_id, nonce, platform_id, secret_hash, ends, storage_target = self._signing.loads(text)
        except (BadData, UnicodeEncodeError) as error:
            raise StateUnknown() from error
        state = State(launch_id, nonce, platform_id, secret_hash, datetime.fromtimestamp(ends, UTC), storage_target)
        if state.expires_at <= now:
            raise StateExpired()
        return state


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
