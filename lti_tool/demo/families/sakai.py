"""Sakai: plain LTI, with a site's UUID as context and the older names of platform storage."""

from functools import partial
from typing import Any
from uuid import NAMESPACE_DNS, uuid5

from lti_tool.demo.courses import CourseIds, Part, timetable
from lti_tool.demo.families import roles
from lti_tool.demo.families.claims import plain
from lti_tool.demo.families.family import Family, Launch, Login, Picker, RosterRules
from lti_tool.demo.families.registering import Registering, plain_messages


def name_course(key: str, number: int) -> CourseIds:
    """The site's UUID."""
    site = str(uuid5(NAMESPACE_DNS, f"{key}.sakai.lincoln.example"))
    return CourseIds(context=site, service=site, navigation=f"content:{number}", assignment=f"content:{number + 20}")


def claims(launch: Launch) -> dict[str, Any]:
    """Nothing out of the ordinary."""
    return plain(launch, product="sakai", context_type=f"{roles.LIS}course#CourseOffering")


_CASTINGS = {
    Part.TEACHER: roles.casting("Instructor", roles.INSTRUCTOR),
    Part.ASSISTANT: roles.casting("Teaching assistant", roles.ASSISTANT, note="sees the class, changes nothing"),
    Part.STUDENT: roles.casting("Student", roles.LEARNER),
}

FAMILY = Family(
    name="sakai",
    title="Sakai",
    registered_as="sakai",
    client_id="4f6b1d92-77a3-4c0e-9e58-d10f3ab6c274",
    schools={"Lincoln High": "1"},
    authorize_path="/imsoidc/lti13/oidc_auth",
    token_path="/imsblis/lti13/token/1",  # noqa: S106 - an address, not a password
    keys_path="/imsblis/lti13/keyset/1",
    roster=RosterRules(path="/imsblis/lti13/namesandroles/{course}"),
    login=Login(storage_target="_parent", storage_prefix="org.imsglobal.lti."),
    name_course=name_course,
    timetable=partial(timetable, name_course, tuple(_CASTINGS)),
    castings=_CASTINGS,
    administrator=(f"{roles.LIS}membership#Administrator", roles.INSTRUCTOR),
    claims=claims,
    pickers=(Picker(slug="add-lti-content", title="Add LTI content", accept_types=("link", "ltiResourceLink")),),
    registering=Registering(
        configuration_path="/imsblis/lti13/well_known",
        registration_path="/imsblis/lti13/registration_endpoint/1",
        menu="Administration Workspace > External Tools > Install LTI 1.x Tool > Auto-Provision",
        button="Auto-Provision",
        window="popup",
        enable=None,
        platform={"product_family_code": "sakai", "version": "23.1", "messages_supported": plain_messages()},
    ),
)
