"""Names and Role Provisioning Services 2.0: who is in a course, a page at a time."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, request
from itsdangerous import BadSignature, URLSafeSerializer

from lti_tool.demo.config import LmsConfig
from lti_tool.demo.courses import TEST_USER, Course, Enrollment, Part, ResourceLink
from lti_tool.demo.people import Person
from lti_tool.demo.school import School, this_school
from lti_tool.demo.service_tokens import NRPS_SCOPE, refuse_unless_granted

MEDIA_TYPE = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
_CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"

routes = Blueprint("names_roles", __name__)


@dataclass(frozen=True)
class _Page:
    """Where to go on: after the enrollment of that number, being the so many-th page."""

    after: int = 0
    number: int = 1


def memberships_url(config: LmsConfig, course: Course) -> str:
    """The roster of one course."""
    return f"{config.issuer}/api/lti/courses/{course.number}/names_and_roles"


@routes.get("/api/lti/courses/<int:number>/names_and_roles")
def names_and_roles(number: int) -> Response:
    """A page of the roster; `rlid`, `role` and `limit` as NRPS 2.0 has them."""
    school = this_school()
    page = _asked_page(school)
    fault = school.faults.strike("roster", page=page.number)
    refusal = fault.refusal() or refuse_unless_granted(school, NRPS_SCOPE)
    if refusal:
        return refusal
    if not request.accept_mimetypes.best_match([MEDIA_TYPE]):
        abort(406, f"The roster is {MEDIA_TYPE} only.")
    course = next((each for each in school.courses.values() if each.number == number), None)
    if course is None:
        abort(404, "There is no such course.")
    link = _asked_link(course)
    shown, following = _cut(course, page, limit=_asked_limit(school))
    if following is None and fault.kind == "endless":
        following = _Page(number=page.number + 1)
    url = memberships_url(school.config, course)
    members = [_member(school, each, link) for each in shown]
    if fault.kind == "rows":
        members += fault.rows
    container = {
        "id": url,
        "context": {"id": course.context_id, "label": course.label, "title": course.title},
        "members": members,
    }
    response = Response(json.dumps(container), mimetype=MEDIA_TYPE)
    pages = {"current": page, "next": following, "first": _Page()}
    urls = {rel: _page_url(school, url, where) for rel, where in pages.items() if where}
    response.headers["Link"] = ",".join(fault.link(each, rel, this_url=urls["current"]) for rel, each in urls.items())
    return fault.damage(response)


def _cut(course: Course, page: _Page, *, limit: int) -> tuple[list[Enrollment], _Page | None]:
    """The people of a page, and the page after it. By number of enrollment: who leaves meanwhile shifts nobody."""
    role = request.args.get("role")
    wanted = [
        each
        for each in course.roster
        if each.number > page.after and (role is None or role in each.part.membership_roles)
    ]
    shown = wanted[:limit]
    return shown, _Page(after=shown[-1].number, number=page.number + 1) if len(wanted) > limit else None


def _member(school: School, enrollment: Enrollment, link: ResourceLink | None) -> dict[str, Any]:
    """One row. What is not known is left out; the Student View user is told by a role that NRPS does not define."""
    person = school.people[enrollment.person]
    is_student_view = enrollment.part is Part.STUDENT_VIEW
    known = {
        "name": person.name,
        "given_name": person.given,
        "family_name": person.family,
        "email": person.email,
        "lis_person_sourcedid": person.sis_id,
        "message": link and [_message(person)],
    }
    return {
        "status": "Active",
        "user_id": person.sub,
        "roles": [*enrollment.part.membership_roles, *([TEST_USER] if is_student_view else [])],
        **{name: value for name, value in known.items() if value},
    }


def _message(person: Person) -> dict[str, Any]:
    """NRPS 2.0 #message-section: what a launch of that resource link would say of this person."""
    return {
        _CLAIM + "message_type": "LtiResourceLinkRequest",
        "locale": person.locale,
        _CLAIM + "custom": {"canvas_user_id": person.number},
    }


def _asked_limit(school: School) -> int:
    """Canvas has a greatest page of its own and cuts `limit` to it."""
    raw = request.args.get("limit")
    if raw is None:
        return school.page_size
    if not raw.isdecimal() or int(raw) == 0:
        abort(400, "limit is not a positive number.")
    return min(int(raw), school.page_size)


def _asked_link(course: Course) -> ResourceLink | None:
    rlid = request.args.get("rlid")
    if rlid is None:
        return None
    link = next((each for each in course.links.values() if each.id == rlid), None)
    return link if link else abort(404, "Tool does not have access to rlid or rlid does not exist")


def _asked_page(school: School) -> _Page:
    token = request.args.get("page")
    if token is None:
        return _Page()
    try:
        return _Page(*_tokens(school).loads(token.removeprefix("bookmark:")))
    except BadSignature:
        abort(404, "There is no such page; a page token is case-sensitive.")


def _page_url(school: School, url: str, page: _Page) -> str:
    asked = {name: request.args[name] for name in ("rlid", "role", "limit") if name in request.args}
    token = _tokens(school).dumps([page.after, page.number])
    return f"{url}?{urlencode({'page': f'bookmark:{token}', **asked})}"


def _tokens(school: School) -> URLSafeSerializer:
    """Page tokens are signed: letters of both cases, and a lower-cased one is no token any more."""
    return URLSafeSerializer(school.secret, salt="page")
