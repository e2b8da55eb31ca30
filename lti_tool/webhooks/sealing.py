"""Signing secrets are kept encrypted under the tool's own secret key: a copy of the database is not enough to sign."""

import hashlib
import hmac
from base64 import urlsafe_b64encode

from cryptography.fernet import Fernet, InvalidToken

from lti_tool.errors import Refusal


class SecretUnreadable(Refusal):
    """The secret was sealed under another secret key than the tool has now."""

    code = "secret_unreadable"


class Seal:
    """Closes and opens secrets with the setting `secret_key`."""

    def __init__(self, secret_key: str) -> None:
        key = hmac.digest(secret_key.encode(), b"webhook secrets", hashlib.sha256)
        self._fernet = Fernet(urlsafe_b64encode(key))

    def close(self, secret: str) -> str:
        """What may be written down."""
        return self._fernet.encrypt(secret.encode()).decode()

    def open(self, closed: str) -> str:
        """The secret again. Raises SecretUnreadable."""
        try:
            return self._fernet.decrypt(closed).decode()
        except InvalidToken as error:
            raise SecretUnreadable(
                "CREDITROLL_SECRET_KEY has changed since this secret was made; `webhook rotate` makes another."
            ) from error
