"""Names and Role Provisioning Services 2.0: who is in a course, a page at a time, as the family tells it."""

import json
from typing import Any

from flask import Response, abort, request

from lti_tool.demo.courses import Course, Enrollment
from lti_tool.demo.families.family import Row
from lti_tool.demo.roster_pages import Page, Pages
from lti_tool.demo.school import School, this_school
from lti_tool.demo.service_tokens import refuse_unless_granted
from lti_tool.demo.tools import NRPS_SCOPE

MEDIA_TYPE = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
_CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
_COURSE_IN_QUERY = "memberships"


def names_roles(course: str | None = None, client: str = "", deployment: str = "") -> Response:
    """A page of the roster; `rlid`, `role` and `limit` as NRPS 2.0 has them, as far as the family has."""
    school = this_school()
    found = _course(school, course or request.args.get(_COURSE_IN_QUERY, ""))
    url = school.memberships_url(found) if found else ""
    pages = Pages(school.family.roster, url, request.args, school.page_size, school.secret)
    page = pages.current()
    fault = school.faults.strike("roster", page=page.number)
    refusal = fault.refusal() or refuse_unless_granted(school, NRPS_SCOPE) or _refusal(school, found, deployment)
    if refusal or found is None:
        return refusal or abort(404, "There is no such course.")
    shown, following = pages.cut(_wanted(school, found), page)
    if following is None and fault.kind == "endless":
        following = Page(number=page.number + 1)
    container = {
        "id": url,
        "context": {"id": found.context_id, "label": found.label, "title": found.title},
        "members": fault.rows_of([_member(school, each) for each in shown]),
    }
    response = Response(json.dumps(container), mimetype=MEDIA_TYPE)
    if following or not school.family.roster.by_offset:
        urls = {rel: pages.address(where) for rel, where in _links(school, page, following).items()}
        this_url = pages.address(page)
        response.headers["Link"] = ",".join(fault.link(each, rel, this_url=this_url) for rel, each in urls.items())
    return fault.damage(response)


def _course(school: School, service_id: str) -> Course | None:
    return next((each for each in school.courses.values() if each.ids.service == service_id), None)


def _refusal(school: School, course: Course | None, deployment: str) -> Response | None:
    """What the family says to a call that it does not serve."""
    rules = school.family.roster
    if not request.accept_mimetypes.best_match([MEDIA_TYPE]):
        abort(rules.wrong_type, f"The roster is {MEDIA_TYPE} only.")
    if course and deployment and deployment != school.tool.deployments[school.school_of(course)]:
        abort(401, "This course belongs to another deployment.")
    rlid = request.args.get("rlid")
    is_known = course and rules.has_rlid and rlid in {link.id for link in course.links.values()}
    if rlid is None or is_known:
        return None
    status, body = rules.rlid_refusal
    return (
        abort(status, body)
        if isinstance(body, str)
        else Response(json.dumps(body), status=status, mimetype="application/json")
    )


def _links(school: School, page: Page, following: Page | None) -> dict[str, Page]:
    if school.family.roster.by_offset:
        return {"next": following} if following else {}
    return {"current": page, **({"next": following} if following else {}), "first": Page()}


def _wanted(school: School, course: Course) -> list[Enrollment]:
    """Everybody, or those of the role that was asked for."""
    rules = school.family.roster
    role = request.args.get("role")
    everybody = [each for each in course.roster if school.lists_everybody or (course.key, each.person) in school.opened]
    if rules.by_offset:
        everybody.sort(key=lambda each: (school.people[each.person].family, each.number))
    if rules.short_roles:
        role = (role or "").rpartition("#")[2]
        role = role if role in ("Instructor", "Learner") else None
    return [each for each in everybody if role is None or role in school.casting(each).roster]


def _member(school: School, enrollment: Enrollment) -> dict[str, Any]:
    person, tool = school.people[enrollment.person], school.tool
    row = Row(
        person=person,
        casting=school.casting(enrollment),
        shares_name=tool.shares_names,
        shares_email=tool.shares_emails,
    )
    member = school.family.roster.member(row)
    if "rlid" in request.args:
        member["message"] = [
            {
                # NRPS 2.0 #message-section: what a launch of that resource link would say of this person.
                _CLAIM + "message_type": "LtiResourceLinkRequest",
                "locale": person.locale,
                _CLAIM + "custom": {"canvas_user_id": person.number},
            }
        ]
    return member
