"""What differs from one kind of LMS to another, as data: no other file asks which LMS it is talking to."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from lti_tool.language import N_
from lti_tool.lti.families.guide import Guide
from lti_tool.lti.roles import Role


@dataclass(frozen=True, kw_only=True)
class Endpoints:
    """Where a platform is reached; the same for every school where a vendor hosts them all."""

    title: str = ""
    """What tells them apart where a family has several: Canvas's beta and test."""
    issuer: str
    auth_login_url: str
    auth_token_url: str
    jwks_url: str


@dataclass(frozen=True, kw_only=True)
class Family:
    """One kind of LMS. Every field has the value of an LMS that keeps to the specifications and needs nothing more."""

    name: str
    """As in `creditroll platform add --family`."""
    title: str
    """As its users call it."""
    guide: Guide
    """What its administrators click and paste."""
    product_codes: tuple[str, ...] = ()
    """`product_family_code` in a registration's configuration and in `tool_platform`, lower case."""
    constant: tuple[Endpoints, ...] = ()
    """Endpoints that are the same for all its schools, production first (Canvas has a beta and a test as well)."""
    hosts: tuple[str, ...] = ()
    """Where its schools are, who may frame us: a host, or `*.domain` for everything below the domain."""
    service_hosts: tuple[str, ...] = ()
    """Where its endpoints may be besides: a registration may name these beside its issuer's own host and `hosts`."""
    has_one_client: bool = False
    """Whether whoever runs the tool registers it once for all schools, and schools only add deployments."""
    token_audience: str | None = None
    """`aud` of our assertions where it is not the token endpoint."""
    roster_limit: int | None = None
    """People to ask for on a page of the roster; None asks for nothing, and takes what comes."""
    has_rlid: bool = True
    """Whether the roster understands `rlid`."""
    roles: Mapping[str, Role] = field(default_factory=dict)
    """Texts that this family sends for a role of the course beside the vocabulary of LTI."""
    omits_link: bool = False
    """Whether some places of a course leave `resource_link` out of the launch, against LTI Core 1.3."""
    has_assistants: bool = True
    """Whether it tells a teaching assistant from a teacher; Moodle does not."""
    mends: Mapping[str, str] = field(default_factory=dict)
    """What to do in this LMS where a step of the self-test failed, by the step's name, in the LMS's own words."""
    gaps: Mapping[str, str] = field(default_factory=dict)
    """What it is known not to do, by a short name: one sentence for whoever meets it, with the mend."""
    extension: str | None = None
    """What its own keys in a registration begin with. Where it has any, it knows the places of `tool.json` by name."""
    afterwards: tuple[str, ...] = (
        N_("Go back to the list of tools in your LMS. If Creditroll waits there to be switched on, switch it on."),
        N_("Add Creditroll to a course, and open it there."),
    )
    """What its administrator still has to press after a registration, in the words of its own pages."""

    def has_host(self, host: str) -> bool:
        """Whether the vendor itself answers at this host."""
        return any(
            host == known or (known.startswith("*.") and host.endswith(known[1:]))
            for known in (*self.hosts, *self.service_hosts)
        )
