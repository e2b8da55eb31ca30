"""The word of this LMS about who opens the tool where, signed, and the keys that check it."""

import time

from flask import Response, abort, jsonify, request

from lti_tool.demo.courses import Course, Enrollment
from lti_tool.demo.families.family import Launch, Message
from lti_tool.demo.people import Person
from lti_tool.demo.school import Place, School, this_school


def jwks() -> Response:
    """The public keys that check an id_token."""
    school = this_school()
    refusal = school.faults.strike("keys").refusal()
    if refusal:
        return refusal
    if school.family.keys_need_user_agent and not request.headers.get("User-Agent"):
        abort(403, "Who are you?")
    response = jsonify(keys=[school.key.public_jwk])
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response


def message(
    school: School,
    course: Course,
    place: Place,
    person: Person,
    enrollment: Enrollment | None,
    *,
    nonce: str,
    state: str,
) -> Message:
    """The message that opens the tool: as the family shapes it, and as the way in changes it."""
    launch = Launch(
        lms_url=school.config.url,
        issuer=school.config.issuer,
        school=school.school_of(course),
        tool=school.tool,
        course=course,
        link=place.link,
        person=person,
        roles=school.casting(enrollment).launch if enrollment else school.family.administrator,
        mentored=_mentored(school, course, enrollment),
        memberships_url=school.memberships_url(course),
        nonce=nonce,
        now_s=int(time.time()),
        life_s=school.family.life_s,
    )
    made = Message(
        claims=school.family.claims(launch),
        headers={"kid": school.key.kid},
        state=state,
        key=school.key,
        earlier=school.last_posted,
    )
    if place.way:
        place.way.alter(made)
    return made


def _mentored(school: School, course: Course, enrollment: Enrollment | None) -> tuple[str, ...]:
    """LTI Core 1.3 #role-scope-mentor-claims: those an observer may look after, while they are in the course."""
    observed = enrollment.observes if enrollment else ()
    return tuple(school.people[key].sub for key in observed if course.enrollment(key))
