"""What this LMS is told about itself and about its one tool, and the addresses that follow from it."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

AUTHORIZE_PATH = "/api/lti/authorize_redirect"
TOKEN_PATH = "/login/oauth2/token"  # noqa: S105 - an address, not a password
KEYS_PATH = "/api/lti/security/jwks"


@dataclass(frozen=True, kw_only=True)
class LmsConfig:
    """Addresses are origins without a trailing slash, as browsers see them; `issuer` is also the `iss` claim."""

    issuer: str
    tool_url: str
    client_id: str = "10000000000068"
    deployment_id: str = "106:8865aa05b4b79b64a91a86042e43af5ea8ae79eb"
    name: str = "Lincoln High"
    page_size: int = 10
    """People on a roster page at most, whatever `limit` asks for: small, so that paging is real."""
    key_path: Path | None = None
    """Where the signing key is kept, so that a restart keeps its kid; None is a fresh key in memory."""
    storage_target: str = ""
    """What its logins say of Platform Storage: `_parent`, the name of a frame beside the tool's, or nothing."""
    storage_prefix: str = "lti."
    """How the subjects that it answers begin; older LMSs have `org.imsglobal.lti.`, and "" answers none."""
    control: bool = False
    """Whether `/control/…` lets tests change rosters and plant faults."""

    @property
    def auth_login_url(self) -> str:
        """Where the tool sends the browser for an id_token."""
        return self.issuer + AUTHORIZE_PATH

    @property
    def auth_token_url(self) -> str:
        """Where the tool gets access tokens; also the `aud` of its assertions."""
        return self.issuer + TOKEN_PATH

    @property
    def jwks_url(self) -> str:
        """This LMS's public keys."""
        return self.issuer + KEYS_PATH

    @property
    def tool_login_url(self) -> str:
        """The tool's login initiation."""
        return self.tool_url + "/lti/login"

    @property
    def tool_launch_url(self) -> str:
        """The tool's one redirect_uri, which is the target_link_uri of every launch too."""
        return self.tool_url + "/lti/launch"

    @property
    def tool_jwks_url(self) -> str:
        """The tool's public keys."""
        return self.tool_url + "/lti/jwks.json"

    @property
    def tool_origin(self) -> str:
        """Scheme, host and port of the tool, as a browser compares them."""
        parts = urlsplit(self.tool_url)
        return f"{parts.scheme}://{parts.netloc}"
