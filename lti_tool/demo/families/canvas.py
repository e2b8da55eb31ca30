"""Canvas, in its cloud: roles of every scope at once, nulls and leftovers in its objects, an hour-long id_token."""

from functools import partial
from hashlib import sha1
from secrets import token_hex
from typing import Any
from uuid import NAMESPACE_DNS, uuid5

import jwt

from lti_tool.demo.courses import Course, CourseIds, timetable
from lti_tool.demo.families import roles
from lti_tool.demo.families.claims import CLAIM, NRPS, core, course_url, custom, names_and_roles
from lti_tool.demo.families.claims import about as names_of
from lti_tool.demo.families.family import Casting, Family, Launch, Login, Message, Picker, RosterRules, TokenRules, Way
from lti_tool.demo.families.registering import Registering, digits
from lti_tool.demo.families.ways import drop, put, without_names
from lti_tool.demo.people import Person
from lti_tool.demo.tools import NOTICES_SCOPE, NRPS_SCOPE

_ANY_USER = f"{roles.LIS}system/person#User"
_NOBODY = f"{roles.LIS}system/person#None"
_NOTHING_WRONG: dict[str, Any] = {"errors": {"errors": {}}, "validation_context": None}
"""Canvas leaves these in its objects."""
_HINT_SECRET = token_hex(32)


def name_course(key: str, number: int) -> CourseIds:
    """40 hexadecimal digits; a navigation launch has the course's own id as its resource link."""
    context = sha1(key.encode(), usedforsecurity=False).hexdigest()
    assignment = str(uuid5(NAMESPACE_DNS, f"{key}.assignment.lincoln.example"))
    return CourseIds(context=context, service=str(number), navigation=context, assignment=assignment)


def claims(launch: Launch) -> dict[str, Any]:
    """An id_token as Canvas's own, junk and all."""
    course, link, person = launch.course, launch.link, launch.person
    presentation = {
        "document_target": "iframe",
        "return_url": course_url(launch),
        "locale": person.locale,
        "height": 800,
        "width": 800,
    }
    objects: dict[str, dict[str, Any]] = {
        "context": {
            "id": course.context_id,
            "label": course.label,
            "title": course.title,
            "type": [f"{roles.LIS}course#CourseOffering"],
        },
        "resource_link": {"id": link.id, "title": link.title, "description": link.description},
        "tool_platform": {
            "guid": "lincoln:canvas-lms",
            "name": launch.school,
            "version": "cloud",
            "product_family_code": "canvas",
        },
        "launch_presentation": presentation,
        "lis": {
            "person_sourcedid": person.sis_id or "$Person.sourcedId",
            "course_offering_sourcedid": f"2026-{course.label}",
        },
    }
    return {
        **core(launch),
        "azp": launch.tool.client_id,
        "locale": person.locale,
        f"{CLAIM}role_scope_mentor": list(launch.mentored),
        **{CLAIM + name: {**value, **_NOTHING_WRONG} for name, value in objects.items()},
        f"{CLAIM}custom": {
            **custom(launch),
            "canvas_user_id": person.number,
            "canvas_course_id": str(course.number),
            "masquerader": "$Canvas.masqueradingUser.id",
        },
        **{name: {**value, **_NOTHING_WRONG} for name, value in names_and_roles(launch).items()},
        **_notices(launch),
        "https://www.instructure.com/placement": link.placement,
        **names_of(launch),
        **({"picture": f"{launch.lms_url}/static/avatar.svg"} if launch.tool.shares_emails else {}),
    }


def _notices(launch: Launch) -> dict[str, Any]:
    """Where a tool that may do so asks to be told of copied courses."""
    if NOTICES_SCOPE not in launch.tool.scopes:
        return {}
    service = {
        "service_versions": ["1.0"],
        "platform_notification_service_url": (
            f"{launch.lms_url}/api/lti/notice-handlers/{launch.deployment_id.partition(':')[0]}"
        ),
        "scope": [NOTICES_SCOPE],
        "notice_types_supported": ["LtiHelloWorldNotice", "LtiContextCopyNotice"],
    }
    return {f"{CLAIM}platformnotificationservice": service}


def _everywhere(casting: Casting) -> Casting:
    """Canvas sorts the roles of all scopes into one list: authority is in those of the course only."""
    return Casting(
        label=casting.label,
        launch=tuple(sorted({*casting.launch, _ANY_USER})),
        roster=casting.roster,
        note=casting.note,
    )


_CASTINGS = {part: _everywhere(casting) for part, casting in roles.EVERYBODY.items()}


def _person_hint(person: Person) -> str:
    return sha1(person.sub.encode(), usedforsecurity=False).hexdigest()


def _message_hint(one_time_id: str, course: Course) -> str:
    return jwt.encode({"verifier": one_time_id, "context_type": "Course"}, _HINT_SECRET, algorithm="HS256")


def _public_course(message: Message) -> None:
    without_names(message)
    drop(message, "sub", "role_scope_mentor")
    put(message, roles=[_NOBODY])


def _beta(message: Message) -> None:
    put(message, iss=BETA)


def _studies_elsewhere(message: Message) -> None:
    put(message, roles=sorted({*message.claims[f"{CLAIM}roles"], roles.STUDENT, roles.FACULTY}))


def _unknown_deployment(message: Message) -> None:
    put(message, deployment_id="107:1c4b7a8f1e3d5a60b2d9c0e4f8a7163b5d2e9f04")


def _restricted(message: Message) -> None:
    drop(message, NRPS)


BETA = "https://canvas.beta.instructure.com"
_EXT = "https://canvas.instructure.com/lti/"


def _new_deployment_id(number: int) -> str:
    return f"{200 + number}:{token_hex(20)}"


_WAYS = (
    Way(slug="public-course", title="Without signing in (public course)", alter=_public_course),
    Way(slug="beta", title="From Canvas beta, a copy", alter=_beta, issuer=BETA),
    Way(slug="installed-again", title="From another installation", alter=_unknown_deployment),
    Way(slug="elsewhere", title="As one who teaches and studies elsewhere", alter=_studies_elsewhere),
    Way(slug="anonymous", title="With privacy set to anonymous", alter=without_names),
    Way(slug="no-roster", title="Without the roster’s scope", alter=_restricted),
)

FAMILY = Family(
    name="canvas",
    title="Canvas",
    registered_as="canvas",
    client_id="10000000000068",
    schools={"Lincoln High": "106:8865aa05b4b79b64a91a86042e43af5ea8ae79eb"},
    authorize_path="/api/lti/authorize_redirect",
    token_path="/login/oauth2/token",  # noqa: S106 - an address, not a password
    keys_path="/api/lti/security/jwks",
    # Canvas has 50 on a page; with 10 a small class has pages.
    roster=RosterRules(path="/api/lti/courses/{course}/names_and_roles", page_size=10),
    login=Login(
        deployment_parameter="deployment_id",
        person_hint=_person_hint,
        message_hint=_message_hint,
        extra={"canvas_region": "unknown", "canvas_environment": "production"},
        storage_target="post_message_forwarding",
        malformed="invalid_request_object",
        used="launch_no_longer_valid",
    ),
    token=TokenRules(),
    name_course=name_course,
    timetable=partial(timetable, name_course, tuple(_CASTINGS)),
    castings=_CASTINGS,
    administrator=tuple(sorted((roles.ADMINISTRATOR, _ANY_USER))),
    claims=claims,
    ways=_WAYS,
    pickers=(
        Picker(
            slug="add-to-module",
            title="Add to a module",
            accept_types=("link", "ltiResourceLink"),
            accept_multiple=True,
            targets=("embed", "iframe", "window"),
            extra={"accept_media_types": "text/html,application/vnd.ims.lti.v1.ltilink"},
        ),
        Picker(
            slug="choose-for-assignment",
            title="Choose for an assignment",
            targets=("iframe", "window"),
            sends_data=False,
            extra={"accept_media_types": "application/vnd.ims.lti.v1.ltilink"},
        ),
    ),
    registering=Registering(
        configuration_path="/api/lti/security/openid-configuration",
        registration_path="/api/lti/registrations",
        menu="Apps > Manage > Install a New App > LTI 1.3 > Dynamic Registration",
        button="Continue",
        window="frame",
        enable="Install & Enable",
        platform={
            "product_family_code": "canvas",
            "version": "cloud",
            "messages_supported": [
                {
                    "type": "LtiResourceLinkRequest",
                    "placements": [_EXT + name for name in ("course_navigation", "account_navigation")],
                },
                {
                    "type": "LtiDeepLinkingRequest",
                    "placements": [_EXT + name for name in ("assignment_selection", "link_selection")],
                },
            ],
            "notice_types_supported": ["LtiHelloWorldNotice", "LtiContextCopyNotice"],
            f"{_EXT}account_name": "Lincoln High",
            f"{_EXT}account_lti_guid": "lincoln:canvas-lms",
        },
        scopes=(NRPS_SCOPE, NOTICES_SCOPE),
        configuration_needs_bearer=True,
        status=200,
        tells_deployment=False,
        new_client_id=digits,
        new_deployment_id=_new_deployment_id,
    ),
    has_notices=True,
)
