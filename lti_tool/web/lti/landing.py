"""Where a launch ends: on the page that its link asks for, if the person may see it, else at home."""

from flask import url_for

from lti_tool.db import reading
from lti_tool.licenses import first_steps
from lti_tool.lti.content_items import page_of
from lti_tool.members import copies
from lti_tool.web import access
from lti_tool.web.lti.doors import settings
from lti_tool.web.session import Visit


def landing(visit: Visit, target_link_uri: str | None) -> str:
    """The page's path; the LMS signed the address that it is read from."""
    page = page_of(target_link_uri or "")
    for endpoint in (f"manager.{page}", f"student.{page}"):
        if access.reaches(visit, endpoint):
            return url_for(endpoint)
    if visit.manages and _are_first_steps_due(visit):
        return url_for("manager.first_steps")
    return url_for("manager.overview" if visit.role.is_staff else "student.home")


def _are_first_steps_due(visit: Visit) -> bool:
    """Not where an earlier course's settings are offered: taking them over is the decision, and Overview has it."""
    license_id, person_id, resource = visit.license_id or "", visit.person_id or "", settings().resource
    if not first_steps.are_due(reading(), license_id, resource.name, person_id):
        return False
    return copies.settings_offer(reading(), visit.context_id or "", license_id, person_id, resource) is None
