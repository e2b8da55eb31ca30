"""What this LMS is told about itself and about its tool, and the addresses that follow from it."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from lti_tool.demo.families import FAMILIES
from lti_tool.demo.families.family import Family


@dataclass(frozen=True, kw_only=True)
class LmsConfig:
    """Addresses are origins without a trailing slash, as browsers see them."""

    url: str
    tool_url: str
    family: str = "canvas"
    """Which LMS it behaves like: a name of FAMILIES."""
    name: str = "Lincoln High"
    page_size: int | None = None
    """People on a roster page at most, whatever `limit` asks for; None is as the family has it."""
    key_path: Path | None = None
    """Where the signing key is kept, so that a restart keeps its kid; None is a fresh key in memory."""
    storage_target: str | None = None
    """What its logins say of Platform Storage: `_parent`, the name of a frame beside the tool's, or "" for nothing;
    None is as the family has it.
    """
    storage_prefix: str | None = None
    """How the subjects that it answers begin, "" for none at all; None is as the family has it."""
    payments_url: str = ""
    """Where the demo's stand-in for a payment gateway shows what happened, for a link; empty where there is none."""
    control: bool = False
    """Whether `/control/…` lets tests change rosters and plant faults."""

    @property
    def shape(self) -> Family:
        """All that is special to the family."""
        return FAMILIES[self.family]

    @property
    def storage(self) -> str:
        """The target in force."""
        return self.shape.login.storage_target if self.storage_target is None else self.storage_target

    @property
    def storage_subjects(self) -> str:
        """The beginning of subjects in force."""
        return self.shape.login.storage_prefix if self.storage_prefix is None else self.storage_prefix

    @property
    def issuer(self) -> str:
        """The `iss` claim: this LMS's own address, or the one that a vendor has for all schools."""
        return self.shape.issuer or self.url

    @property
    def client_id(self) -> str:
        """The tool's, as it is registered at the start."""
        return self.shape.client_id

    @property
    def deployment_id(self) -> str:
        """Of the first school."""
        return next(iter(self.shape.schools.values()))

    @property
    def auth_login_url(self) -> str:
        """Where the tool sends the browser for an id_token."""
        return self.url + self.shape.authorize_path

    @property
    def services_url(self) -> str:
        """The origin of its rosters."""
        return self.url

    @property
    def auth_token_url(self) -> str:
        """Where the tool gets access tokens."""
        return self.url + self.shape.token_path

    @property
    def auth_audience(self) -> str:
        """The `aud` of the tool's assertions."""
        return self.shape.token.audience or self.auth_token_url

    @property
    def jwks_url(self) -> str:
        """This LMS's public keys."""
        return self.url + self.shape.keys_path

    @property
    def tool_login_url(self) -> str:
        """The tool's login initiation."""
        return self.tool_url + "/lti/login"

    @property
    def tool_launch_url(self) -> str:
        """The tool's one redirect_uri, which is the target_link_uri of most launches too."""
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
