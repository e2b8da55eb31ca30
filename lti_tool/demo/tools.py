"""The tool as this LMS knows it: what its registration said, by hand at the start or by Dynamic Registration later."""

from collections.abc import Mapping
from dataclasses import dataclass, field

NRPS_SCOPE = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
NOTICES_SCOPE = "https://purl.imsglobal.org/spec/lti/scope/noticehandlers"


@dataclass(frozen=True, kw_only=True)
class Tool:
    """`scopes` are the granted ones; `custom` may hold substitution variables."""

    name: str
    client_id: str
    deployments: Mapping[str, str]
    """The `deployment_id` of each school."""
    login_url: str
    launch_url: str
    redirect_uris: tuple[str, ...]
    jwks_url: str
    scopes: tuple[str, ...]
    shares_names: bool = True
    shares_emails: bool = True
    custom: Mapping[str, str] = field(default_factory=dict)
