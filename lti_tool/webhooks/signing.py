"""Messages are signed as the Standard Webhooks specification 1.0 says, so that its libraries verify them."""

import hashlib
import hmac
import secrets
from base64 import b64decode, b64encode
from collections.abc import Iterable
from datetime import datetime

_PREFIX = "whsec_"
_SECRET_BYTES = 32  # from 24 to 64


def new_secret() -> str:
    """A fresh secret, "whsec_" and Base64: the form in which receivers get and keep it."""
    return _PREFIX + b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def headers(signing: Iterable[str], *, message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The three headers that go with the body, a signature for each secret; `at` is when this attempt is made."""
    timestamp = str(int(at.timestamp()))
    signed = b".".join((message_id.encode(), timestamp.encode(), body))
    signatures = " ".join(_signature(secret, signed) for secret in signing)
    return {"webhook-id": message_id, "webhook-timestamp": timestamp, "webhook-signature": signatures}


def _signature(secret: str, signed: bytes) -> str:
    digest = hmac.digest(b64decode(secret.removeprefix(_PREFIX)), signed, hashlib.sha256)
    return f"v1,{b64encode(digest).decode()}"
