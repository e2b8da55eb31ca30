"""Where a launch ends: on the page that its link asks for, if the person may see it, else at home."""

from flask import url_for

from lti_tool.lti.content_items import page_of
from lti_tool.web import access
from lti_tool.web.session import Visit


def landing(visit: Visit, target_link_uri: str | None) -> str:
    """The page's path; the LMS signed the address that it is read from."""
    page = page_of(target_link_uri or "")
    for endpoint in (f"manager.{page}", f"student.{page}"):
        if access.reaches(visit, endpoint):
            return url_for(endpoint)
    return url_for("manager.overview" if visit.role.is_staff else "student.home")
