"""A login or launch under way: how far its checks came and what it said, kept for the launch log."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lti_tool.ids import new_support_id
from lti_tool.lti.roles import Role


@dataclass
class Attempt:
    """One login or launch; each step notes itself in `reached` before it begins, so that a refusal shows where it was.

    `said` is not to be believed before `is_signed`. `carried_by` is how the browser proved that it began the login.
    """

    steps: tuple[str, ...]
    """All checks, in the order in which they are made."""
    is_login: bool = False
    support_id: str = field(default_factory=new_support_id)
    reached: str = ""
    platform_id: str | None = None
    kid: str | None = None
    said: Mapping[str, Any] = field(default_factory=dict)
    """The parameters of a login, the claims of a launch."""
    is_signed: bool = False
    carried_by: str | None = None
    role: Role | None = None
