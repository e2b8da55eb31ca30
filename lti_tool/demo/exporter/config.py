"""What the exporter is told: where it and the tool are, and a key for each licence whose students it may charge."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from lti_tool.demo.gateway.config import is_this_machine

TAKES = "/from-creditroll"
"""Where it takes whom the tool hands on."""


@dataclass(frozen=True, kw_only=True)
class ExporterConfig:
    """Addresses are origins without a trailing slash, as browsers see them."""

    url: str
    tool_url: str
    framed_by: str
    """The LMS, in whose frame a link straight to the exporter may open it."""
    api_keys: Mapping[str, str] = field(repr=False)
    """By the licence's id."""
    step_s: float = 0.15
    """How long each twentieth of a rendering takes."""


def answers(host: str) -> bool:
    """Whether the exporter talks to whoever calls from there: this machine only, as all of the demo."""
    return is_this_machine(host)
