"""OpenID Connect third-party login: this LMS starts it, and answers the tool's request with a signed id_token."""

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, redirect, render_template, request
from itsdangerous import BadSignature, URLSafeTimedSerializer
from werkzeug.wrappers import Response as AnyResponse

from lti_tool.demo.config import AUTHORIZE_PATH
from lti_tool.demo.courses import Course, Enrollment, ResourceLink
from lti_tool.demo.id_tokens import launch_claims
from lti_tool.demo.people import Person
from lti_tool.demo.school import School, course_or_404, this_school, visitor_or_404

HINT_LIFETIME_S = 300
# OpenID Connect Core 3.1.2.1 as LTI Security 1.0 #step-2-authentication-request narrows it.
_FIXED = {"scope": "openid", "response_type": "id_token", "response_mode": "form_post", "prompt": "none"}
_NEEDED = ("login_hint", "lti_message_hint", "nonce", "state")

routes = Blueprint("authorization", __name__)


class AuthorizationRefusedError(Exception):
    """Posted to the tool: `error` is a word of OpenID Connect or of Canvas, the text says why."""

    def __init__(self, error: str, why: str) -> None:
        super().__init__(why)
        self.error = error


@dataclass(frozen=True)
class _Launch:
    """Who opens which place of which course."""

    person: Person
    course: Course
    enrollment: Enrollment | None
    link: ResourceLink


@routes.get("/courses/<course_key>/as/<person_key>/launch", defaults={"slug": "navigation"})
@routes.get("/courses/<course_key>/as/<person_key>/assignment/launch", defaults={"slug": "assignment"})
def initiate_login(course_key: str, person_key: str, slug: str) -> str | AnyResponse:
    """Sends the browser to the tool's login by a form, as Canvas does, or with `?by=get` by a redirect."""
    school = this_school()
    course = course_or_404(course_key)
    person, _ = visitor_or_404(course, person_key)
    config = school.config
    hint = [secrets.token_urlsafe(12), person.key, course.key, slug]
    fields = {
        "iss": config.issuer,
        "login_hint": _hints(school, "login").dumps(person.key),
        "target_link_uri": config.tool_launch_url,
        "client_id": config.client_id,
        "lti_deployment_id": config.deployment_id,
        "lti_message_hint": _hints(school, "message").dumps(hint),
        "canvas_region": "unknown",
        "canvas_environment": "production",
    }
    if config.storage_target:
        fields["lti_storage_target"] = config.storage_target
    if request.args.get("by") == "get":
        return redirect(f"{config.tool_login_url}?{urlencode(fields)}")
    return render_template("autosubmit.html", action=config.tool_login_url, fields=fields)


@routes.route(AUTHORIZE_PATH, methods=["GET", "POST"])
def authorize() -> str | Response:
    """Posts an id_token, or an error, to the tool. An unknown client or address gets a page here and no redirect."""
    school = this_school()
    config, asked = school.config, request.values
    if asked.get("client_id") != config.client_id:
        abort(400, "No tool has this client_id.")
    if asked.get("redirect_uri") != config.tool_launch_url:
        abort(400, "This redirect_uri is not registered for the tool.")
    try:
        launch = _asked_launch(school, asked)
    except AuthorizationRefusedError as refusal:
        answer = {"error": refusal.error, "error_description": str(refusal)}
    else:
        answer = {"id_token": _id_token(school, launch, nonce=asked["nonce"])}
    fields = {**answer, "state": asked.get("state", "")}
    return render_template("autosubmit.html", action=config.tool_launch_url, fields=fields)


def _asked_launch(school: School, asked: Mapping[str, str]) -> _Launch:
    for name in (*_FIXED, *_NEEDED):
        if not asked.get(name):
            raise AuthorizationRefusedError("invalid_request_object", f"{name} is missing.")
    for name, value in _FIXED.items():
        if asked[name] != value:
            raise AuthorizationRefusedError("invalid_request_object", f"{name} is not {value}.")
    try:
        signed_in = _hints(school, "login").loads(asked["login_hint"], max_age=HINT_LIFETIME_S)
    except BadSignature as fault:
        raise AuthorizationRefusedError("login_required", "Must have an active user session.") from fault
    try:
        hint = _hints(school, "message").loads(asked["lti_message_hint"], max_age=HINT_LIFETIME_S)
    except BadSignature as fault:
        raise AuthorizationRefusedError("launch_no_longer_valid", "The launch has expired.") from fault
    one_time_id, person_key, course_key, slug = hint
    if person_key != signed_in:
        raise AuthorizationRefusedError("login_required", "Somebody else has signed in meanwhile.")
    if not school.hints_used.is_first_use(one_time_id, expires_at=time.time() + HINT_LIFETIME_S):
        raise AuthorizationRefusedError("launch_no_longer_valid", "The launch was used before.")
    course, person = school.courses[course_key], school.people[person_key]
    enrollment = course.enrollment(person_key)
    if enrollment is None and not person.is_administrator:
        raise AuthorizationRefusedError("login_required", "This person has left the course.")
    return _Launch(person, course, enrollment, course.links[slug])


def _id_token(school: School, launch: _Launch, *, nonce: str) -> str:
    claims = launch_claims(
        school.config,
        launch.course,
        launch.link,
        launch.person,
        launch.enrollment,
        nonce=nonce,
        now_s=int(time.time()),
    )
    return school.key.sign(claims)


def _hints(school: School, purpose: str) -> URLSafeTimedSerializer:
    """Hints are opaque to the tool and signed, so that nobody steps in as another by editing one."""
    return URLSafeTimedSerializer(school.secret, salt=f"{purpose}-hint")
