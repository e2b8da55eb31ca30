"""What only a page of this origin may post: everything in it is known to whoever began the login, attackers too."""

from flask import request

from lti_tool.lti.refusals import StateOfAnotherBrowser
from lti_tool.web.lti.doors import door, once


def require() -> None:
    """Raises StateOfAnotherBrowser unless a page of ours sent this form; every browser says where a POST comes from."""
    is_ours = door().is_ours(request.headers.get("Origin", ""))
    if not is_ours or request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        raise StateOfAnotherBrowser()


def proof() -> str | None:
    """What the LMS kept for our page, "" for nothing; None if no page asked. Raises StateOfAnotherBrowser."""
    if "proof" not in request.form:
        return None
    require()
    return once("proof") or ""
