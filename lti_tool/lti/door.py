"""What login and launch share within a process: the signer of states, the registrations, the LMSs' keys."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from lti_tool.lti.deep_linking import Pickers
from lti_tool.lti.launch_log import LaunchLog
from lti_tool.lti.platform_keys import PlatformKeys
from lti_tool.lti.registrations import Registrations
from lti_tool.lti.states import States
from lti_tool.outbound import Outbound
from lti_tool.settings import Settings

DOOR = "creditroll_door"
"""Under this name an app keeps its door."""
_PORTS = {"http": 80, "https": 443}
_KEYS_WITHIN_S = 5.0
"""How long an LMS may take to show its keys: somebody waits for their launch."""


@dataclass(frozen=True)
class Door:
    """One object a process, for any number of threads."""

    public_url: str
    states: States
    registrations: Registrations
    keys: PlatformKeys
    log: LaunchLog
    pickers: Pickers
    allow_private_hosts: frozenset[str]

    @property
    def launch_url(self) -> str:
        """The one `redirect_uri`: several LMSs compare it character by character."""
        return f"{self.public_url}/lti/launch"

    def is_ours(self, url: str) -> bool:
        """Whether the address is on this tool's origin."""
        return _origin(url) == _origin(self.public_url)


def open_door(settings: Settings) -> Door:
    """The door of this deployment."""
    return Door(
        public_url=settings.public_url,
        states=States(settings.secret_key),
        registrations=Registrations(),
        keys=PlatformKeys(Outbound(settings.allow_private_hosts, within_s=_KEYS_WITHIN_S)),
        log=LaunchLog(settings.secret_key),
        pickers=Pickers(settings.secret_key),
        allow_private_hosts=settings.allow_private_hosts,
    )


def _origin(url: str) -> tuple[str, str, int] | None:
    """Scheme, host and port; None for anything that is not a plain web address."""
    if not url.isprintable() or "\\" in url:
        return None  # browsers and parsers read these in different ways
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS[parts.scheme]
    except (ValueError, KeyError):
        return None
    return (parts.scheme, parts.hostname or "", port) if "@" not in parts.netloc else None
