"""What the exporter is told: where it and the tool are, and a key for each licence whose students it may charge."""

from collections.abc import Mapping
from dataclasses import dataclass, field

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
