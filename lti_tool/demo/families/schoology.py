"""Schoology: one issuer for every school, a list as audience, ten minutes, and an app menu outside any course."""

from functools import partial
from hashlib import md5, sha1
from typing import Any

from lti_tool.demo.courses import CourseIds, Part, timetable
from lti_tool.demo.families import roles
from lti_tool.demo.families.claims import CLAIM, about, core, course_url, custom, names_and_roles
from lti_tool.demo.families.family import Casting, Family, Launch, Login, Message, Picker, RosterRules, Way
from lti_tool.demo.families.ways import PERSONAL, drop, put, without_course
from lti_tool.demo.people import cast

_CLIENT = "8409082949"
_MOST_HISTORY = 5


def name_sub(key: str, number: int) -> str:
    """A number, and 32 hexadecimal digits."""
    return f"{63778700 + number}::{md5(key.encode(), usedforsecurity=False).hexdigest()}"


def name_course(key: str, number: int) -> CourseIds:
    """One section is one context, by its number."""
    section = str(7660186000 + int(sha1(key.encode(), usedforsecurity=False).hexdigest()[:4], 16))
    return CourseIds(context=section, service=section, navigation=f"{section}-app", assignment=f"{section}-a1")


def claims(launch: Launch) -> dict[str, Any]:
    """No azp, no tool_platform; the audience is a list of one, and keys of custom parameters are in small letters."""
    course, link = launch.course, launch.link
    return {
        **core(launch),
        "aud": [launch.tool.client_id],
        f"{CLAIM}context": {
            "id": course.context_id,
            "title": course.title,
            "type": [f"{roles.LIS}course#CourseSection"],
        },
        f"{CLAIM}resource_link": {"id": link.id, "title": link.title},
        f"{CLAIM}launch_presentation": {"document_target": "iframe", "return_url": course_url(launch)},
        f"{CLAIM}custom": {name.lower(): value for name, value in custom(launch, most_history=_MOST_HISTORY).items()},
        **names_and_roles(launch),
        **about(launch),
    }


def _from_app_menu(message: Message) -> None:
    without_course(message)
    drop(message, *PERSONAL, "custom", "launch_presentation")
    put(message, roles=[f"{roles.LIS}membership#Administrator", roles.INSTRUCTOR])


_CASTINGS = {
    Part.TEACHER: roles.casting("Course admin", roles.INSTRUCTOR),
    Part.ASSISTANT: Casting(
        label="Co-teacher",
        launch=(roles.LEARNER,),
        roster=(roles.LEARNER,),
        note="sent as a student",
    ),
    Part.STUDENT: roles.casting("Student", roles.LEARNER),
    Part.OBSERVER: roles.casting("Parent", roles.MENTOR, note="looks after {observed}, untold to the tool"),
}

FAMILY = Family(
    name="schoology",
    title="Schoology",
    registered_as="schoology",
    issuer="https://schoology.schoology.com",
    client_id=_CLIENT,
    schools={"Lincoln High": f"{_CLIENT}-1527876651"},
    authorize_path="/lti-service/authorize-redirect",
    token_path="/lti-service/access-token",  # noqa: S106 - an address, not a password
    keys_path="/lti-service/.well-known/jwks",
    roster=RosterRules(
        path="/lti-service/tool/{client}/services/names-roles/v2p0/membership/{course}",
        page_size=100,
        has_rlid=False,
        rlid_refusal=(400, {"error": 'Invalid parameter: "query.rlid" is not allowed'}),
    ),
    login=Login(is_post=False, storage_target="_parent"),
    life_s=600,
    name_sub=name_sub,
    cast=partial(cast, name_sub),
    name_course=name_course,
    timetable=partial(timetable, name_course, tuple(_CASTINGS)),
    castings=_CASTINGS,
    administrator=(f"{roles.LIS}membership#Administrator", roles.INSTRUCTOR),
    claims=claims,
    ways=(Way(slug="app-menu", title="From the app menu, outside any course", alter=_from_app_menu),),
    pickers=(
        Picker(slug="add-materials", title="Add materials", accept_types=("link", "ltiResourceLink")),
        Picker(slug="rich-text", title="Rich text editor: add a link", accept_types=("link",)),
    ),
)
