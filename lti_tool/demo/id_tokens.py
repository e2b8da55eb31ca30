"""The word of this LMS about who opens the tool where: the claims of an id_token, in the shape of Canvas."""

from typing import Any

from flask import Blueprint, Response, jsonify

from lti_tool.demo.config import KEYS_PATH, LmsConfig
from lti_tool.demo.courses import ADMINISTRATOR, ANY_USER, Course, Enrollment, ResourceLink
from lti_tool.demo.names_roles import memberships_url
from lti_tool.demo.people import Person
from lti_tool.demo.school import this_school

LIFETIME_S = 3600
_CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
_NRPS_CLAIM = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
_NOTHING_WRONG: dict[str, Any] = {
    "errors": {"errors": {}},
    "validation_context": None,
}  # Canvas leaves these in its objects

routes = Blueprint("keys", __name__)


@routes.get(KEYS_PATH)
def jwks() -> Response:
    """The public keys that check an id_token."""
    school = this_school()
    refusal = school.faults.strike("keys").refusal()
    if refusal:
        return refusal
    response = jsonify(keys=[school.key.public_jwk])
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response


def launch_claims(
    config: LmsConfig,
    course: Course,
    link: ResourceLink,
    person: Person,
    enrollment: Enrollment | None,
    *,
    nonce: str,
    now_s: int,
) -> dict[str, Any]:
    """Every claim of an LtiResourceLinkRequest; `now_s` in seconds since the epoch."""
    return {
        "iss": config.issuer,
        "aud": config.client_id,
        "azp": config.client_id,
        "sub": person.sub,
        "iat": now_s,
        "exp": now_s + LIFETIME_S,
        "nonce": nonce,
        "locale": person.locale,
        _CLAIM + "message_type": "LtiResourceLinkRequest",
        _CLAIM + "version": "1.3.0",
        _CLAIM + "deployment_id": config.deployment_id,
        _CLAIM + "target_link_uri": config.tool_launch_url,
        _CLAIM + "roles": _roles(person, enrollment),
        _CLAIM + "role_scope_mentor": _observed(course, enrollment),
        **_place(config, course, link, person),
        **_about(config, person),
    }


def _roles(person: Person, enrollment: Enrollment | None) -> list[str]:
    """Sorted, and of every scope at once, as Canvas sends them: authority is in the membership roles only."""
    roles = {ANY_USER}
    if person.is_administrator:
        roles.add(ADMINISTRATOR)
    if enrollment:
        roles |= {*enrollment.part.membership_roles, *enrollment.part.other_roles}
    return sorted(roles)


def _observed(course: Course, enrollment: Enrollment | None) -> list[str]:
    """LTI Core 1.3 #role-scope-mentor-claims: those an observer may look after, while they are in the course."""
    people = this_school().people
    return [people[key].sub for key in (enrollment.observes if enrollment else ()) if course.enrollment(key)]


def _place(config: LmsConfig, course: Course, link: ResourceLink, person: Person) -> dict[str, Any]:
    context = {"id": course.context_id, "label": course.label, "title": course.title}
    return {
        _CLAIM + "context": {
            **context,
            "type": ["http://purl.imsglobal.org/vocab/lis/v2/course#CourseOffering"],
            **_NOTHING_WRONG,
        },
        _CLAIM + "resource_link": {
            "id": link.id,
            "title": link.title,
            "description": link.description,
            **_NOTHING_WRONG,
        },
        _CLAIM + "tool_platform": {
            "guid": "lincoln:canvas-lms",
            "name": config.name,
            "version": "cloud",
            "product_family_code": "canvas",
            **_NOTHING_WRONG,
        },
        _CLAIM + "launch_presentation": {
            "document_target": "iframe",
            "return_url": f"{config.issuer}/courses/{course.key}/as/{person.key}",
            "locale": person.locale,
            "height": 800,
            "width": 800,
            **_NOTHING_WRONG,
        },
        _CLAIM + "lis": {
            "person_sourcedid": person.sis_id or "$Person.sourcedId",
            "course_offering_sourcedid": f"2026-{course.label}",
            **_NOTHING_WRONG,
        },
        _CLAIM + "custom": {
            "canvas_user_id": person.number,
            "canvas_course_id": str(course.number),
            "masquerader": "$Canvas.masqueradingUser.id",
        },
        _NRPS_CLAIM: {
            "context_memberships_url": memberships_url(config, course),
            "service_versions": ["2.0"],
            **_NOTHING_WRONG,
        },
        "https://www.instructure.com/placement": link.placement,
    }


def _about(config: LmsConfig, person: Person) -> dict[str, str]:
    """What the LMS tells of a person; what it does not know is left out, not empty."""
    known = {
        "name": person.name,
        "given_name": person.given,
        "family_name": person.family,
        "email": person.email,
        "picture": f"{config.issuer}/static/avatar.svg",
    }
    return {claim: value for claim, value in known.items() if value}
