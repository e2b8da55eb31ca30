"""A launch, from a posted id_token to an arrival: an ordered list of checks, each with a stable code."""

from dataclasses import dataclass

from lti_tool.lti.claims import LaunchClaims
from lti_tool.lti.roles import Role


@dataclass(frozen=True)
class Arrival:
    """A launch that passed every check, with the rows it belongs to (ids of our own)."""

    platform_id: str
    deployment_id: str
    context_id: str | None
    claims: LaunchClaims
    role: Role
