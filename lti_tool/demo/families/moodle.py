"""Moodle 4.5, as it was seen: small numbers as ids, a minute for an id_token, short words in the roster."""

import json
from functools import partial
from html import escape
from secrets import randbelow
from typing import Any

from lti_tool.demo.courses import Course, CourseIds, Part, timetable
from lti_tool.demo.families import roles
from lti_tool.demo.families.claims import CLAIM, about, core, custom, names_and_roles
from lti_tool.demo.families.family import (
    Casting,
    Family,
    Launch,
    Login,
    Message,
    Picker,
    RosterRules,
    Row,
    TokenRules,
    Way,
)
from lti_tool.demo.families.registering import Registering, letters, plain_messages
from lti_tool.demo.families.ways import drop, put
from lti_tool.demo.people import cast
from lti_tool.demo.tools import NRPS_SCOPE


def name_sub(key: str, number: int) -> str:
    """The user's number; 1 is the guest and 2 the administrator who installed Moodle."""
    return str(number + 2)


def name_course(key: str, number: int) -> CourseIds:
    """Small numbers, unique in this Moodle only."""
    course = str(number - 99)
    return CourseIds(context=course, service=course, navigation=f"{number - 98}", assignment=f"{number - 90}")


def claims(launch: Launch) -> dict[str, Any]:
    """As captured from Moodle 4.5.6: a short word as context type, no locale but in the presentation, `ext`."""
    course, link, person = launch.course, launch.link, launch.person
    names = about(launch)
    return {
        **core(launch),
        f"{CLAIM}lis": {"person_sourcedid": person.sis_id, "course_section_sourcedid": f"SIS-{course.label}"},
        f"{CLAIM}context": {
            "id": course.context_id,
            "label": course.label,
            "title": course.title,
            "type": ["CourseSection"],
        },
        f"{CLAIM}resource_link": {"title": link.title, "description": "", "id": link.id},
        **names,
        f"{CLAIM}ext": {"user_username": person.email.partition("@")[0], "lms": "moodle-2"},
        f"{CLAIM}launch_presentation": {
            "locale": person.locale,
            "document_target": "iframe",
            "return_url": f"{launch.lms_url}/courses/{course.key}/as/{person.key}?launch_container=3&sesskey=demo",
        },
        f"{CLAIM}tool_platform": {
            "product_family_code": "moodle",
            "version": "2024100706",
            "guid": "56cd0580c18013dbb5d161d95c203778",
            "name": launch.school,
            "description": launch.school,
        },
        f"{CLAIM}custom": {
            **custom(launch),
            "tz": "99",
            **({"context_memberships_url": launch.memberships_url} if launch.memberships_url else {}),
        },
        **names_and_roles(launch, ("1.0", "2.0")),
    }


def member(row: Row) -> dict[str, Any]:
    """Names are escaped here, and nowhere else; the user name comes unasked."""
    person = row.person
    names = {"name": person.name, "given_name": person.given, "family_name": person.family}
    shared = {**(names if row.shares_name else {}), **({"email": person.email} if row.shares_email else {})}
    return {
        "status": "Active",
        "roles": list(row.casting.roster),
        "user_id": person.sub,
        "lis_person_sourcedid": escape(person.sis_id),
        **{name: escape(value) for name, value in shared.items()},
        "ext_user_username": person.email.partition("@")[0],
    }


def token_error(status: int, error: str, why: str) -> tuple[int, dict[str, str] | str]:
    """A free text where something is wrong with the assertion; broken JSON where its kid is unknown."""
    if "has no key" in why:
        return 400, '{\n  "error" : ""kid" invalid, unable to lookup correct key"\n}'
    return 400, {"error": why if error == "invalid_client" else error}


def _message_hint(one_time_id: str, course: Course) -> str:
    launch = f"ltilaunch{course.ids.navigation}_{randbelow(10**9)}{one_time_id}"
    return json.dumps({"cmid": int(course.ids.navigation) + 2, "launchid": launch}, separators=(",", ":"))


def _new_deployment_id(number: int) -> str:
    return str(number + 1)


def _switched(message: Message) -> None:
    put(message, roles=[roles.LEARNER])


def _unshared(message: Message) -> None:
    drop(message, "name", "given_name", "family_name", "email")


_CASTINGS = {
    Part.TEACHER: Casting(label="Teacher", launch=(roles.INSTRUCTOR,), roster=("Instructor",)),
    # The launch asks for one capability, the roster for another.
    Part.ASSISTANT: Casting(
        label="Non-editing teacher",
        launch=(roles.INSTRUCTOR,),
        roster=("Learner",),
        note="launches as a teacher, is listed as a student",
    ),
    Part.STUDENT: Casting(label="Student", launch=(roles.LEARNER,), roster=("Learner",)),
}

FAMILY = Family(
    name="moodle",
    title="Moodle",
    registered_as="moodle",
    client_id="1rS8xSY7eabZUjv",
    schools={"Lincoln High": "1"},
    authorize_path="/mod/lti/auth.php",
    token_path="/mod/lti/token.php",  # noqa: S106 - an address, not a password
    keys_path="/mod/lti/certs.php",
    roster=RosterRules(
        path="/mod/lti/services.php/CourseSection/{course}/bindings/{deployment}/memberships",
        by_offset=True,
        short_roles=True,
        rlid_refusal=(404, {"status": 404, "reason": "Not Found: LTI link doesn't exist"}),
        wrong_type=400,
        member=member,
    ),
    login=Login(message_hint=_message_hint, other_person="access_denied", used=None),
    token=TokenRules(
        checks_audience=False, checks_reuse=False, content_type="text/html; charset=utf-8", error=token_error
    ),
    life_s=60,
    keys_need_user_agent=True,
    name_sub=name_sub,
    cast=partial(cast, name_sub),
    name_course=name_course,
    timetable=partial(timetable, name_course, tuple(_CASTINGS)),
    castings=_CASTINGS,
    administrator=(roles.ADMINISTRATOR, roles.INSTRUCTOR, roles.SYSTEM_ADMINISTRATOR),
    claims=claims,
    ways=(
        Way(
            slug="switched",
            title="With “Switch role to… Student”",
            alter=_switched,
            parts=(Part.TEACHER, Part.ASSISTANT),
        ),
        Way(slug="unshared", title="With names and e-mail not shared", alter=_unshared),
    ),
    pickers=(
        Picker(
            slug="select-content",
            title="Select content",
            accept_multiple=True,
            targets=("frame", "iframe", "window"),
            sends_data=False,
            extra={
                "accept_copy_advice": False,
                "accept_unsigned": False,
                "can_confirm": False,
                "title": "Creditroll",
                "text": "",
            },
        ),
    ),
    registering=Registering(
        configuration_path="/mod/lti/openid-configuration.php",
        registration_path="/mod/lti/openid-registration.php",
        menu="Site administration > Plugins > Activity modules > External tool > Manage tools",
        button="Add LTI Advantage",
        window="frame",
        enable="Activate",
        platform={
            "product_family_code": "moodle",
            "version": "4.5.6 (Build: 20250811)",
            "messages_supported": plain_messages(),
        },
        scopes=(NRPS_SCOPE, "https://purl.imsglobal.org/spec/lti-ts/scope/toolsetting", "openid"),
        status=200,
        says_texts=True,
        new_client_id=letters,
        new_deployment_id=_new_deployment_id,
    ),
)
