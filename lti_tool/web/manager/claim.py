"""POST /manager/claim: a teacher connects their course to a license with its code (R23)."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from lti_tool import clock
from lti_tool.db import transaction
from lti_tool.errors import NotFound
from lti_tool.licenses.bindings import AlreadyBound
from lti_tool.licenses.claiming import claim
from lti_tool.lti.contexts import Context
from lti_tool.web import access, plain
from lti_tool.web.access import TEACHER, only
from lti_tool.web.forms import Form
from lti_tool.web.manager import copies

ENDPOINT = "manager.claim"


def routes(blueprint: Blueprint) -> None:
    """Adds what the form of a course without a license posts to."""
    blueprint.add_url_rule("/claim", "claim", save, methods=["POST"])


@only(TEACHER)
def save() -> ResponseReturnValue:
    """Connects the course and asks for a fresh launch, which lets the teacher in; or says what is wrong."""
    visit = access.visit()
    if visit.context_id is None:
        return plain.no_course()
    posted = Form.posted("code")
    try:
        with transaction() as session:
            course = session.get_one(Context, visit.context_id)
            claimed = claim(
                session,
                code=posted.values["code"],
                deployment_id=course.deployment_id,
                context_id=course.id,
                now=clock.now(),
            )
    except (NotFound, AlreadyBound) as refused:
        posted.wrong["code"] = refused.detail
        return copies.set_up_page(posted), 422
    return plain.connected(claimed.name)
