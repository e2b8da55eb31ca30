"""Brightspace: an audience of its own for access tokens, a hint with a tilde, and a box that hides the class list."""

from functools import partial
from typing import Any
from uuid import uuid4

from lti_tool.demo.courses import Course, CourseIds, Part, timetable
from lti_tool.demo.families import roles
from lti_tool.demo.families.claims import NRPS, plain
from lti_tool.demo.families.family import Family, Launch, Login, Message, Picker, RosterRules, TokenRules, Way
from lti_tool.demo.families.registering import Registering, plain_messages
from lti_tool.demo.families.ways import drop, put, without_names
from lti_tool.demo.people import cast

_TENANT = "6f0c3a52-8d1e-4b7a-9c35-2e4d7f10ab98"


def name_sub(key: str, number: int) -> str:
    """The tenant, and the user's number."""
    return f"{_TENANT}_{300 + number}"


def name_course(key: str, number: int) -> CourseIds:
    """A course is an organisational unit, by its number."""
    unit = str(6600 + number)
    return CourseIds(context=unit, service=unit, navigation=f"{_TENANT}_{unit}1", assignment=f"{_TENANT}_{unit}2")


def claims(launch: Launch) -> dict[str, Any]:
    """With the vendor's own claim, which holds what the course was copied from."""
    return {
        **plain(launch, product="desire2learn", context_type=f"{roles.LIS}course#CourseOffering"),
        "azp": launch.tool.client_id,
        "http://www.brightspace.com": {
            "tenant_id": _TENANT,
            "org_defined_id": launch.person.sis_id,
            "user_id": launch.person.number,
            "username": launch.person.email.partition("@")[0],
            "Context.id.history": ",".join(launch.course.history),
        },
    }


def _message_hint(one_time_id: str, course: Course) -> str:
    return f"{course.context_id}~{one_time_id}~"


def _new_deployment_id(number: int) -> str:
    return str(uuid4())


def _anonymous(message: Message) -> None:
    without_names(message)
    drop(message, "http://www.brightspace.com", NRPS)
    put(message, roles=[])


def _custom_role(message: Message) -> None:
    put(message, roles=[f"{roles.LIS}membership#Nonsense", "urn:lti:instrole:ims/lis/Alumni"])


_CASTINGS = {
    Part.TEACHER: roles.casting("Instructor", roles.INSTRUCTOR),
    Part.ASSISTANT: roles.casting("Teaching assistant", roles.ASSISTANT, note="sees the class, changes nothing"),
    Part.STUDENT: roles.casting("Learner", roles.LEARNER),
    Part.OBSERVER: roles.casting("Auditor", roles.MENTOR, note="looks after {observed}, untold to the tool"),
}

FAMILY = Family(
    name="brightspace",
    title="Brightspace",
    registered_as="brightspace",
    client_id="b3d7a9e0-5c1f-4e62-8a04-91f7d26c38be",
    schools={"Lincoln High": "0d9c7e15-3b48-4f2a-b6d1-7a52e8c4f093"},
    authorize_path="/d2l/lti/authenticate",
    token_path="/core/connect/token",  # noqa: S106 - an address, not a password
    keys_path="/d2l/.well-known/jwks",
    roster=RosterRules(
        path="/d2l/api/lti/nrps/2.0/deployment/{deployment}/orgunit/{course}/memberships",
        page_size=50,
        may_be_partial=True,
    ),
    login=Login(message_hint=_message_hint, storage_target="_parent"),
    token=TokenRules(audience="https://api.brightspace.com/auth/token"),
    name_sub=name_sub,
    cast=partial(cast, name_sub),
    name_course=name_course,
    timetable=partial(timetable, name_course, tuple(_CASTINGS)),
    castings=_CASTINGS,
    administrator=(roles.ADMINISTRATOR, roles.SYSTEM_ADMINISTRATOR),
    claims=claims,
    ways=(
        Way(slug="anonymous", title="From an anonymous deployment", alter=_anonymous),
        Way(slug="custom-role", title="With a role that is mapped to nothing", alter=_custom_role),
    ),
    pickers=(
        Picker(
            slug="add-existing",
            title="Add existing activity",
            accept_types=("link", "ltiResourceLink"),
            accept_multiple=True,
            auto_create=True,
        ),
    ),
    registering=Registering(
        configuration_path="/d2l/.well-known/openid-configuration",
        registration_path="/d2l/lti/register",
        menu="Admin Tools > Manage Extensibility > LTI Advantage > Register Tool > Dynamic",
        button="Register",
        window="tab",
        enable="Enable",
        platform={
            "product_family_code": "desire2learn",
            "version": "20.26.10",
            "messages_supported": plain_messages(),
        },
        new_deployment_id=_new_deployment_id,
    ),
)
