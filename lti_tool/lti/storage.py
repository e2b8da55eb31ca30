"""Where the LMS keeps a login's secret for a browser that takes no cookies (LTI Platform Storage 0.1, lti-pm-s).

Its page answers messages of ours, and hands what one page of our origin gave it only to another of the same origin.
"""

from dataclasses import dataclass
from urllib.parse import urlsplit

from lti_tool.lti.registrations import Registered
from lti_tool.lti.states import State


@dataclass(frozen=True)
class Storage:
    """The frame to send messages to, the one origin that may read and answer them, and the key of this login alone."""

    target: str
    origin: str
    key: str


def storage_of(state: State, registered: Registered) -> Storage | None:
    """The storage of this login; None if the LMS offered none."""
    if not state.storage_target:
        return None
    authorization = urlsplit(registered.auth_login_url)  # lti-cs-oidc: the one origin that both sides know
    return Storage(state.storage_target, f"{authorization.scheme}://{authorization.netloc}", state.storage_key)
