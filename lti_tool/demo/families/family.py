"""What differs from one LMS to another: data, and functions that shape a message. Nothing else asks which it is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lti_tool.demo.courses import Course, NameCourse, Part, ResourceLink
from lti_tool.demo.families.registering import Registering
from lti_tool.demo.faults import Fault
from lti_tool.demo.people import NameSub, Person, cast, uuid_sub
from lti_tool.demo.signing_key import SigningKey
from lti_tool.demo.tools import Tool


@dataclass(frozen=True, kw_only=True)
class Casting:
    """A part as a family has it: its name there, and its roles in a launch and in the roster, which may disagree."""

    label: str
    launch: tuple[str, ...]
    roster: tuple[str, ...]
    note: str = ""
    """For the page where one steps in; `{observed}` is whom an observer looks after."""


@dataclass(frozen=True, kw_only=True)
class Launch:
    """All that an LMS knows when it opens the tool for somebody."""

    lms_url: str
    issuer: str
    school: str
    tool: Tool
    course: Course
    link: ResourceLink
    person: Person
    roles: tuple[str, ...]
    mentored: tuple[str, ...]
    memberships_url: str
    nonce: str
    now_s: int
    life_s: int

    @property
    def deployment_id(self) -> str:
        """Of the course's school."""
        return self.tool.deployments[self.school]


@dataclass(kw_only=True)
class Message:
    """A message on its way to the tool, for a `Way` to change."""

    claims: dict[str, Any]
    headers: dict[str, Any]
    state: str
    key: SigningKey
    earlier: Mapping[str, str] = field(default_factory=dict)
    """What was posted last before it."""
    id_token: str | None = None
    """Signed already, in whatever manner; None is signed by `key` in the end."""

    def fields(self) -> dict[str, str]:
        """What the browser posts."""
        return {"id_token": self.id_token or self.key.sign(self.claims, self.headers), "state": self.state}


@dataclass(frozen=True, kw_only=True)
class Way:
    """A further way to open the tool from a course's menu, which changes the message; `parts` may use it, or all."""

    slug: str
    title: str
    alter: Callable[[Message], None]
    group: str = "Other ways to open it"
    parts: tuple[Part, ...] = ()
    issuer: str | None = None
    """Another `iss` in the login already."""


def _one_time(one_time_id: str, course: Course) -> str:
    return one_time_id


def _sub(person: Person) -> str:
    return person.sub


@dataclass(frozen=True, kw_only=True)
class Login:
    """How a login is begun, and in which words a bad answer to it is refused."""

    is_post: bool = True
    deployment_parameter: str = "lti_deployment_id"
    person_hint: Callable[[Person], str] = _sub
    message_hint: Callable[[str, Course], str] = _one_time
    """From an unguessable id."""
    extra: Mapping[str, str] = field(default_factory=dict)
    storage_target: str = ""
    """The frame that keeps data for the tool; nothing where the LMS has none."""
    storage_prefix: str = "lti."
    """How the subjects of its messages begin; older LMSs have `org.imsglobal.lti.`."""
    repeats_storage_target: bool = True
    """Whether it is named at the launch again."""
    malformed: str = "invalid_request"
    other_person: str = "login_required"
    used: str | None = "invalid_request"
    """None is a page of the LMS, and no answer to the tool."""


def _oauth_error(status: int, error: str, why: str) -> tuple[int, dict[str, str] | str]:
    return status, {"error": error, "error_description": why}


@dataclass(frozen=True, kw_only=True)
class TokenRules:
    """What the token endpoint asks of an assertion, and how it answers."""

    audience: str | None = None
    """None is the endpoint's own address."""
    checks_audience: bool = True
    checks_reuse: bool = True
    content_type: str = "application/json"
    error: Callable[[int, str, str], tuple[int, dict[str, str] | str]] = _oauth_error
    """Status and body for a status, a word of RFC 6749 and a reason; a text is sent as it is."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """Somebody for a row of the roster."""

    person: Person
    casting: Casting
    shares_name: bool
    shares_email: bool


def plain_member(row: Row) -> dict[str, Any]:
    """One row of the roster; what is not known is left out, not empty."""
    names = {"name": row.person.name, "given_name": row.person.given, "family_name": row.person.family}
    known = {
        **(names if row.shares_name else {}),
        "email": row.person.email if row.shares_email else "",
        "lis_person_sourcedid": row.person.sis_id if row.shares_name else "",
    }
    return {
        "status": "Active",
        "user_id": row.person.sub,
        "roles": list(row.casting.roster),
        **{name: value for name, value in known.items() if value},
    }


@dataclass(frozen=True, kw_only=True)
class RosterRules:
    """How the roster is asked for and cut into pages."""

    path: str
    """With `{course}`, `{client}` and `{deployment}`; a `{course}` in the query is found there."""
    page_size: int | None = None
    """The most on a page; None is everybody at once, unless `limit` asks for less."""
    by_offset: bool = False
    """Pages go by `limit` and `from`, and so shift when somebody leaves meanwhile; the next link forgets `role`.

    Else they go by a token.
    """
    short_roles: bool = False
    """`role` is Instructor or Learner, and any other is ignored."""
    has_rlid: bool = True
    rlid_refusal: tuple[int, Any] = (404, "Tool does not have access to rlid or rlid does not exist")
    wrong_type: int = 406
    """The status for an Accept that is not the media type."""
    may_be_partial: bool = False
    """An administrator's box decides whether it lists those, too, who never opened the tool."""
    member: Callable[[Row], dict[str, Any]] = plain_member


@dataclass(frozen=True, kw_only=True)
class Picker:
    """A place of a course where a teacher adds something by deep linking, and what fits there."""

    slug: str
    title: str
    accept_types: tuple[str, ...] = ("ltiResourceLink",)
    accept_multiple: bool = False
    targets: tuple[str, ...] = ("iframe", "window")
    auto_create: bool = False
    sends_data: bool = True
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Further settings, as the family sends them."""


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """Something that goes wrong from the press of a button on: faults of services, and more people."""

    slug: str
    title: str
    faults: tuple[Fault, ...] = ()
    students: int = 0


@dataclass(frozen=True, kw_only=True)
class Family:
    """One LMS. A default is what most do, or what the specifications ask for."""

    name: str
    """As in `creditroll demo --family`."""
    title: str
    registered_as: str
    """Its family as the tool names it."""
    issuer: str | None = None
    """The one that all schools share; None is the LMS's own address."""
    client_id: str
    schools: Mapping[str, str]
    """The deployment of each school that this LMS serves."""
    authorize_path: str
    token_path: str
    keys_path: str
    roster: RosterRules
    login: Login = field(default_factory=Login)
    token: TokenRules = field(default_factory=TokenRules)
    life_s: int = 3600
    keys_need_user_agent: bool = False
    """Whether the key set is kept from callers that do not say what they are, as some hosts do."""
    name_sub: NameSub = uuid_sub
    cast: Callable[[], dict[str, Person]] = cast
    name_course: NameCourse
    timetable: Callable[[], dict[str, Course]]
    castings: Mapping[Part, Casting]
    administrator: tuple[str, ...]
    """The roles of an administrator who is in no course."""
    claims: Callable[[Launch], dict[str, Any]]
    ways: tuple[Way, ...] = ()
    pickers: tuple[Picker, ...] = ()
    registering: Registering | None = None
    """None where tools do not register themselves."""
    has_notices: bool = False
    """Whether it tells tools of copied courses."""
    troubles: tuple[Trouble, ...] = ()
