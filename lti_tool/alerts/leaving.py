"""The link in a letter by which its reader stops them: signed, without a login, and good for that alone."""

import hashlib

from itsdangerous import BadData, URLSafeSerializer

from lti_tool.alerts.wishes import Key


def address(key: Key, *, secret_key: str, public_url: str) -> str:
    """The whole address."""
    return f"{public_url}/alerts/leave/{_signer(secret_key).dumps(list(key.columns))}"


def read(token: str, *, secret_key: str) -> Key | None:
    """Whose letters the link stops; None if it is not one of ours."""
    try:
        return Key(*_signer(secret_key).loads(token))
    except BadData:
        return None


def _signer(secret_key: str) -> URLSafeSerializer:
    return URLSafeSerializer(
        secret_key, salt="alerts-leave", signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256}
    )
