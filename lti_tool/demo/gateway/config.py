"""What the stand-in is told, and what keeps it one: it works on this machine only, with keys that it made up."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from lti_tool.settings import STAND_IN_KEY

WEBHOOK_SECRET = "whsec_creditroll_demo_"  # noqa: S105 - how the stand-in's own secrets begin, so that one sees them


class NotAStandIn(ValueError):
    """Somebody tried to start it where real money could be meant; the message says what is wrong."""


@dataclass(frozen=True, kw_only=True)
class GatewayConfig:
    """Raises NotAStandIn unless both addresses are of this machine and both secrets are made up for a demo."""

    url: str
    """The origin where the SDK and browsers find it."""
    webhook_url: str = ""
    """Where the tool hears of payments; empty is nowhere, and events wait to be fetched."""
    secret_key: str
    webhook_secret: str
    control: bool = False
    """Whether `/control/…` lets tests pay, plant faults and order deliveries."""
    clock: Callable[[], float] = time.time
    """Seconds since the epoch: sessions expire, and deliveries are tried again, by it."""
    waits_s: tuple[float, ...] = (5, 30, 120, 600)
    """After how many seconds a delivery that was not answered with 2xx is tried again, each time; then never more."""

    def __post_init__(self) -> None:
        if not self.secret_key.startswith(STAND_IN_KEY) or not self.webhook_secret.startswith(WEBHOOK_SECRET):
            raise NotAStandIn(f"The stand-in works with made-up keys only: {STAND_IN_KEY}… and {WEBHOOK_SECRET}….")
        for url in (self.url, self.webhook_url):
            if url and not is_this_machine(urlsplit(url).hostname or ""):
                raise NotAStandIn(f"The stand-in works on this machine only, not with {url}.")


def made_up_keys() -> tuple[str, str]:
    """A secret key and a webhook's secret that are good for a stand-in and nothing else."""
    return STAND_IN_KEY + secrets.token_hex(12), WEBHOOK_SECRET + secrets.token_hex(12)


def is_this_machine(host: str) -> bool:
    """Whether the host is a loopback address, or the name of one."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
