"""OpenID Connect third-party login: this LMS starts it, and answers the tool's request with a signed id_token."""

import secrets
from collections.abc import Mapping
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from lti_tool.demo import deep_linking
from lti_tool.demo.id_tokens import message
from lti_tool.demo.school import School, Visit, course_or_404, place_or_404, this_school, visitor_or_404

# OpenID Connect Core 3.1.2.1 as LTI Security 1.0 #step-2-authentication-request narrows it.
_FIXED = {"scope": "openid", "response_type": "id_token", "response_mode": "form_post", "prompt": "none"}
_NEEDED = ("login_hint", "lti_message_hint", "nonce", "state")

routes = Blueprint("authorization", __name__)


class AuthorizationRefusedError(Exception):
    """Posted to the tool: `error` is a word of OpenID Connect or of this family, the text says why."""

    def __init__(self, error: str, why: str) -> None:
        super().__init__(why)
        self.error = error


@routes.get("/courses/<course_key>/as/<person_key>/launch", defaults={"slug": "navigation"})
@routes.get("/courses/<course_key>/as/<person_key>/<slug>/launch")
def initiate_login(course_key: str, person_key: str, slug: str) -> str | AnyResponse:
    """Sends the browser to the tool's login, by a form or a redirect as this family does it, or as `?by=` says.

    `?frame=yes` is for a frame of the course's page, which keeps data for the tool where this family can.
    """
    school = this_school()
    login, tool = school.family.login, school.tool
    course = course_or_404(course_key)
    person, enrollment = visitor_or_404(course, person_key)
    place = place_or_404(course, slug, enrollment)
    visit = Visit(person.key, course.key, slug, has_storage=request.args.get("frame") == "yes")
    hint = login.message_hint(secrets.token_urlsafe(12), course)
    school.visits.put(hint, visit)
    fields = {
        "iss": (place.way and place.way.issuer) or school.config.issuer,
        "login_hint": login.person_hint(person),
        "target_link_uri": place.link.url or tool.launch_url,
        "client_id": tool.client_id,
        login.deployment_parameter: tool.deployments[school.school_of(course)],
        "lti_message_hint": hint,
        **login.extra,
        **(_storage(school) if visit.has_storage else {}),
    }
    if request.args.get("by", "post" if login.is_post else "get") == "get":
        return redirect(f"{tool.login_url}?{urlencode(fields)}")
    return render_template("autosubmit.html", action=tool.login_url, fields=fields)


def authorize() -> str | Response:
    """Posts an id_token, or an error, to the tool. An unknown client or address gets a page here and no redirect."""
    school = this_school()
    asked = request.values
    if asked.get("client_id") != school.tool.client_id:
        abort(400, "No tool has this client_id.")
    if asked.get("redirect_uri") not in school.tool.redirect_uris:
        abort(400, "This redirect_uri is not registered for the tool.")
    try:
        fields = _answer(school, asked)
    except AuthorizationRefusedError as refusal:
        fields = {"error": refusal.error, "error_description": str(refusal), "state": asked.get("state", "")}
    return render_template("autosubmit.html", action=asked["redirect_uri"], fields=fields)


def _answer(school: School, asked: Mapping[str, str]) -> dict[str, str]:
    login = school.family.login
    _check_form(asked, login.malformed)
    visit = school.visits.take(asked["lti_message_hint"])
    if visit is None and login.used is None:
        abort(404, "Invalid request")
    if visit is None:
        raise AuthorizationRefusedError(str(login.used), "The launch was used before, or has expired.")
    course, person = school.courses[visit.course], school.people[visit.person]
    if asked["login_hint"] != login.person_hint(person):
        raise AuthorizationRefusedError(login.other_person, "Must have an active user session.")
    enrollment = course.enrollment(person.key)
    if enrollment is None and not person.is_administrator:
        raise AuthorizationRefusedError(login.other_person, "This person has left the course.")
    place = place_or_404(course, visit.slug, enrollment)
    made = message(school, course, place, person, enrollment, nonce=asked["nonce"], state=asked["state"])
    if place.picker:
        deep_linking.ask(school, made, course, person.key, place.picker)
    posted = made.fields()
    with school.lock:
        school.last_posted = posted
        school.opened.add((course.key, person.key))
    return posted | (_storage(school) if visit.has_storage and login.repeats_storage_target else {})


def _check_form(asked: Mapping[str, str], error: str) -> None:
    for name in (*_FIXED, *_NEEDED):
        if not asked.get(name):
            raise AuthorizationRefusedError(error, f"{name} is missing.")
    for name, value in _FIXED.items():
        if asked[name] != value:
            raise AuthorizationRefusedError(error, f"{name} is not {value}.")


def _storage(school: School) -> dict[str, str]:
    target = school.config.storage
    return {"lti_storage_target": target} if target else {}
