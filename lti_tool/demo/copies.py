"""Copies of courses: a new context that knows where it came from, and a notice of it to a tool that asked for one."""

import secrets
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import requests
from flask import Blueprint, Response, abort, jsonify, request
from pydantic import BaseModel, ValidationError

from lti_tool.demo.courses import Course
from lti_tool.demo.families.claims import CLAIM
from lti_tool.demo.school import School, this_school
from lti_tool.demo.service_tokens import refuse_unless_granted
from lti_tool.demo.tools import NOTICES_SCOPE

COPY_NOTICE = "LtiContextCopyNotice"
_TYPES = ("LtiHelloWorldNotice", COPY_NOTICE)
_LASTS_S = 3600

routes = Blueprint("copies", __name__)


class _Handler(BaseModel):
    notice_type: str
    handler: str


@routes.get("/api/lti/notice-handlers/<deployment>")
def handlers(deployment: str) -> Response:
    """Where notices go, by type."""
    school = this_school()
    return refuse_unless_granted(school, NOTICES_SCOPE) or _told(school)


@routes.put("/api/lti/notice-handlers/<deployment>")
def handle(deployment: str) -> Response:
    """`{"notice_type", "handler"}`: one address for each type, on the tool's own host; an empty one ends it."""
    school = this_school()
    if refusal := refuse_unless_granted(school, NOTICES_SCOPE):
        return refusal
    try:
        asked = _Handler.model_validate(request.get_json())
    except ValidationError:
        abort(400, "A notice_type and a handler are needed.")
    if asked.notice_type not in _TYPES:
        abort(400, "There is no such type of notice.")
    if asked.handler and not asked.handler.startswith(school.config.tool_origin + "/"):
        abort(400, "A handler must be on the tool's own host.")
    with school.lock:
        school.notice_handlers[asked.notice_type] = asked.handler
    return _told(school)


def copy(school: School, course: Course) -> Course:
    """A copy of the course with the same people: another context, other links, and nothing else of the tool."""
    with school.lock:
        number = max(each.number for each in school.courses.values()) + 1
        key = f"{course.key}-copy-{number}"
        ids = school.family.name_course(key, number)
        made = replace(
            course,
            key=key,
            number=number,
            title=f"{course.title} (copy)",
            ids=ids,
            history=(course.context_id, *course.history),
            placed=tuple(replace(link, id=f"{ids.assignment}-{link.slug}") for link in course.placed),
        )
        school.courses[key] = made
    return made


def notify(school: School, origin: Course, made: Course) -> int | None:
    """Tells the tool of a copy where it asked to be told, without another try; the status that it answered."""
    handler = school.notice_handlers.get(COPY_NOTICE)
    if not handler:
        return None
    notices = {"notices": [{"jwt": school.key.sign(_notice(school, origin, made))}]}
    try:
        return requests.post(handler, json=notices, timeout=5).status_code
    except requests.RequestException:
        return None


def _notice(school: School, origin: Course, made: Course) -> dict[str, Any]:
    now = int(time.time())
    return {
        "iss": school.config.issuer,
        "aud": school.tool.client_id,
        "azp": school.tool.client_id,
        "iat": now,
        "exp": now + _LASTS_S,
        "nonce": secrets.token_urlsafe(),
        f"{CLAIM}version": "1.3.0",
        f"{CLAIM}deployment_id": school.tool.deployments[school.school_of(made)],
        f"{CLAIM}notice": {"id": str(uuid4()), "timestamp": datetime.now(UTC).isoformat(), "type": COPY_NOTICE},
        f"{CLAIM}context": {
            "id": made.context_id,
            "label": made.label,
            "title": made.title,
            "type": ["http://purl.imsglobal.org/vocab/lis/v2/course#CourseOffering"],
        },
        f"{CLAIM}origin_contexts": [origin.context_id],
    }


def _told(school: School) -> Response:
    told = [{"notice_type": each, "handler": school.notice_handlers.get(each, "")} for each in _TYPES]
    return jsonify(client_id=school.tool.client_id, notice_handlers=told)
