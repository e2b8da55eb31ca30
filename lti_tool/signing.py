"""Values that browsers carry for us and bring back: signed, each kind by a key of its own, which is derived once."""

import hashlib
import hmac
import json
from typing import Any

from itsdangerous import URLSafeSerializer
from itsdangerous.encoding import base64_encode

_LONG = 1024


class _Json:
    """As itsdangerous writes it, without building the writer at each call."""

    dumps = staticmethod(json.JSONEncoder(separators=(",", ":")).encode)
    loads = staticmethod(json.loads)


class Signing(URLSafeSerializer):
    """Signs JSON values as text for URLs, forms, pages and cookies, and reads them back (BadData if it is not ours).

    Text of one `salt` is worth nothing under another. By itself itsdangerous derives the key at each call and tries to
    compress what is mostly random: together six times the work of signing.
    """

    def __init__(self, secret_key: str, salt: str) -> None:
        key = hmac.digest(secret_key.encode(), salt.encode(), "sha256")
        signed_by = {"key_derivation": "none", "digest_method": hashlib.sha256}
        super().__init__(key, salt=salt, serializer=_Json, signer_kwargs=signed_by)

    def dump_payload(self, obj: Any) -> bytes:
        """The value, as it is or, where it is long, as much shorter as it gets: browsers drop cookies of over 4 KB."""
        text = _Json.dumps(obj)
        return base64_encode(text) if len(text) <= _LONG else super().dump_payload(obj)
