"""An LMS's invitation to register, and the page's form that carries it on: sealed, so that only we can read or make it.

No cookie is needed for it, since the page is in a frame of the LMS. Another site gains nothing by sending the form: all
that it could do is what the registration token in it allows, and that token is the LMS's, not the browser's.
"""

import hashlib
import hmac
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.fernet import Fernet, InvalidToken
from pydantic import TypeAdapter

from lti_tool.db import micros
from lti_tool.ids import new_id
from lti_tool.lti.platform_configuration import Configuration
from lti_tool.lti.registration_refusals import AddressMissing, PageTooOld

_LASTS = timedelta(hours=1)
"""As long as the tokens of Canvas and Moodle."""
_LONGEST_URL = 2000
_LONGEST_TOKEN = 8000


@dataclass(frozen=True)
class Invitation:
    """Where the LMS describes itself, and the token by which it knows us again. Both are secrets: neither is logged."""

    configuration_url: str
    token: str | None
    id: str

    @property
    def once(self) -> str:
        """What may count once. Where the LMS gives no token, it is the form that is sent once."""
        secret = f"{self.configuration_url} {self.token or self.id}"
        return f"registration {hashlib.sha256(secret.encode()).hexdigest()}"


@dataclass(frozen=True)
class Proposal:
    """What an administrator is asked to confirm."""

    invitation: Invitation
    configuration: Configuration


_PROPOSAL = TypeAdapter(Proposal)


def invitation(*, configuration_url: str | None, token: str | None) -> Invitation:
    """The invitation as the LMS sent it. Raises AddressMissing."""
    url, token = (configuration_url or "").strip(), (token or "").strip() or None
    if not url or len(url) > _LONGEST_URL or not _is_plain(url):
        raise AddressMissing()
    if token is not None and (len(token) > _LONGEST_TOKEN or not _is_plain(token)):
        raise AddressMissing()
    return Invitation(url, token, new_id())


class Seal:
    """Closes and opens proposals with a key that is derived from the settings' secret and used for nothing else."""

    def __init__(self, secret_key: str) -> None:
        key = hmac.digest(secret_key.encode(), b"registration", hashlib.sha256)
        self._fernet = Fernet(urlsafe_b64encode(key))

    def close(self, proposal: Proposal, *, now: datetime) -> str:
        """The proposal as text for a form's hidden field."""
        return self._fernet.encrypt_at_time(_PROPOSAL.dump_json(proposal), _seconds(now)).decode()

    def open(self, text: str, *, now: datetime) -> Proposal:
        """The proposal that `close` made the text from. Raises PageTooOld."""
        try:
            content = self._fernet.decrypt_at_time(text.encode(), int(_LASTS.total_seconds()), _seconds(now))
        except InvalidToken as error:
            raise PageTooOld() from error
        return _PROPOSAL.validate_json(content)


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable() and " " not in text


def _seconds(moment: datetime) -> int:
    return micros(moment) // 1_000_000
