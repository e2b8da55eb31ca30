"""LTI Deep Linking 2.0: a teacher picks in the tool what this LMS then has in its course."""

import secrets
from typing import Any
from urllib.parse import urlencode

import jwt
from flask import Blueprint, abort, render_template, request, url_for

from lti_tool.demo.courses import Course, ResourceLink
from lti_tool.demo.families.claims import CLAIM
from lti_tool.demo.families.family import Message, Picker
from lti_tool.demo.families.ways import drop, put
from lti_tool.demo.school import Pick, School, this_school
from lti_tool.demo.tool_keys import TokenRefusedError, tool_key

DEEP_LINKING = "https://purl.imsglobal.org/spec/lti-dl/claim/"
_PLACEABLE = ("ltiResourceLink", "link")

routes = Blueprint("deep_linking", __name__)


def ask(school: School, made: Message, course: Course, person_key: str, picker: Picker) -> None:
    """Makes the message a request to pick something, and waits for one answer."""
    data = secrets.token_urlsafe(12) if picker.sends_data else None
    key = secrets.token_urlsafe(12)
    deployment_id = made.claims[f"{CLAIM}deployment_id"]
    school.picks.put(key, Pick(course.key, person_key, picker, deployment_id, data))
    settings: dict[str, Any] = {
        # More than one parameter, as Moodle has it: a form that does not escape its address breaks here.
        "deep_link_return_url": f"{school.config.url}/deep-links?{urlencode({'course': course.key, 'sesskey': key})}",
        "accept_types": list(picker.accept_types),
        "accept_presentation_document_targets": list(picker.targets),
        "accept_multiple": picker.accept_multiple,
        "auto_create": picker.auto_create,
        **dict(picker.extra),
        **({} if data is None else {"data": data}),
    }
    drop(made, "resource_link", "https://www.instructure.com/placement")
    put(made, message_type="LtiDeepLinkingRequest", target_link_uri=school.tool.launch_url)
    put(made, **{f"{DEEP_LINKING}deep_linking_settings": settings})


@routes.post("/deep-links")
def take() -> str:
    """Takes the tool's signed answer, once, and leads back to the course with what was placed."""
    school = this_school()
    asked = school.picks.take(request.args.get("sesskey", ""))
    if asked is None:
        abort(400, "Nobody asked for this, or it was answered before.")
    items = _items(school, asked, request.form.get("JWT", ""))
    with school.lock:
        course = school.courses[asked.course]
        course.placed += tuple(_link(school, course, item, number) for number, item in enumerate(items, start=1))
    back = url_for("pages.course_page", course_key=asked.course, person_key=asked.person, slug="navigation")
    return render_template("placed.html", back=back, items=items)


def _items(school: School, asked: Pick, answer: str) -> list[dict[str, Any]]:
    """Deep Linking 2.0 #deep-linking-response-message, every clause of it; 400 says which one was broken."""
    claims = _verified(school, answer)
    wanted = {
        f"{CLAIM}message_type": "LtiDeepLinkingResponse",
        f"{CLAIM}version": "1.3.0",
        f"{CLAIM}deployment_id": asked.deployment_id,
    }
    for name, value in wanted.items():
        if claims.get(name) != value:
            abort(400, f"The claim {name} is not {value}.")
    if claims.get(f"{DEEP_LINKING}data") != asked.data:
        abort(400, "The data is not what was sent.")
    items = claims.get(f"{DEEP_LINKING}content_items", [])
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        abort(400, "content_items is not a list of objects.")
    if len(items) > 1 and not asked.picker.accept_multiple:
        abort(400, "More than one item came where one was asked for.")
    for item in items:
        if item.get("type") not in asked.picker.accept_types or item.get("type") not in _PLACEABLE:
            abort(400, f"An item of type {item.get('type')} cannot be placed here.")
    return items


def _verified(school: School, answer: str) -> dict[str, Any]:
    try:
        claims: dict[str, Any] = jwt.decode(
            answer,
            tool_key(school.tool, jwt.get_unverified_header(answer).get("kid")),
            algorithms=["RS256"],
            issuer=school.tool.client_id,
            audience=school.config.issuer,
            options={"require": ["iss", "aud", "iat", "exp", "nonce"]},
        )
    except (jwt.PyJWTError, TokenRefusedError) as fault:
        abort(400, f"The answer is not signed as it must be: {fault}")
    if not school.assertions_used.is_first_use(claims["nonce"], expires_at=claims["exp"]):
        abort(400, "This answer came before.")
    return claims


def _link(school: School, course: Course, item: dict[str, Any], number: int) -> ResourceLink:
    custom = item.get("custom") or {}
    number += len(course.placed)
    return ResourceLink(
        slug=f"link-{number}",
        id=f"{course.ids.assignment}-{number}",
        title=str(item.get("title") or "Creditroll"),
        url=item.get("url") or school.tool.launch_url,
        custom=tuple((str(name), str(value)) for name, value in custom.items()),
        opens_window=(item.get("window") or {}).get("targetName") == "_blank",
        is_plain=item["type"] == "link",
    )
