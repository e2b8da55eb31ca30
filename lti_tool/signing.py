"""Values that browsers carry for us and bring back: signed, each kind by a key of its own, which is derived once."""

import hmac
import json
import zlib
from typing import Any

from itsdangerous import BadPayload, BadSignature
from itsdangerous.encoding import base64_decode, base64_encode

_LONG = 1024
_DOT = b"."
_write = json.JSONEncoder(separators=(",", ":")).encode


class Signing:
    """Signs JSON values as text for URLs, forms, pages and cookies, and reads them back (BadData if it is not ours).

    Text of one `salt` is worth nothing under another. The text is as itsdangerous writes it, which by itself derives
    the key and makes a signer at each call, and tries to compress what is mostly random: ten times the work of signing.
    """

    def __init__(self, secret_key: str, salt: str) -> None:
        self._key = hmac.digest(secret_key.encode(), salt.encode(), "sha256")

    def dumps(self, value: Any) -> str:
        """The value, as it is or, where it is long, as much shorter as it gets: browsers drop cookies of over 4 KB."""
        plain = _write(value).encode()
        payload = base64_encode(plain) if len(plain) <= _LONG else _DOT + base64_encode(zlib.compress(plain))
        return (payload + _DOT + self._signature(payload)).decode()

    def loads(self, text: str) -> Any:
        """The value that `dumps` made the text from. Raises BadData, and UnicodeEncodeError for what no text is."""
        payload, _, signature = text.encode().rpartition(_DOT)
        if not hmac.compare_digest(signature, self._signature(payload)):
            raise BadSignature("not signed by us")
        try:
            if payload.startswith(_DOT):
                return json.loads(zlib.decompress(base64_decode(payload[1:])))
            return json.loads(base64_decode(payload))
        except (ValueError, zlib.error) as error:  # signed by our key, and not by this class
            raise BadPayload("not of this form", original_error=error) from error

    def _signature(self, payload: bytes) -> bytes:
        return base64_encode(hmac.digest(self._key, payload, "sha256"))
