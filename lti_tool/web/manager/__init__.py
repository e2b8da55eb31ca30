"""The teacher's pages: overview, members, settings, history; all of them work without scripts."""

from flask import Blueprint, request

from lti_tool.lti.roles import Role
from lti_tool.web import access, plain
from lti_tool.web.forms import Form
from lti_tool.web.manager import (
    add,
    alerts,
    ask,
    assistants,
    claim,
    copies,
    download,
    export_service,
    file,
    finish,
    first_steps,
    history,
    live,
    members,
    office,
    overview,
    purchase,
    purchases,
    requests,
    roster,
    settings,
    staff,
)

blueprint = Blueprint("manager", __name__, url_prefix="/manager")


@blueprint.before_request
def turn_away() -> str | None:
    """A visit without a course or a licence gets a page that says what is missing, instead of figures."""
    visit = access.visit()
    if request.endpoint in (claim.ENDPOINT, copies.ENDPOINT):
        return None
    if visit.context_id is None:
        return plain.no_course()
    if visit.license_id is None or visit.member_id is None:
        return copies.set_up_page(Form()) if visit.role is Role.TEACHER else plain.not_set_up()
    return None


PARTS = (
    overview,
    claim,
    copies,
    live,
    members,
    add,
    file,
    finish,
    requests,
    staff,
    roster,
    settings,
    alerts,
    assistants,
    export_service,
    first_steps,
    history,
    purchase,
    purchases,
    download,
    ask,
    office,
)

for part in PARTS:
    part.routes(blueprint)
