"""GET /lti/launch: the address followed as a plain web link, from a bookmark or a course page, says how to come in."""

from flask import render_template

from lti_tool.web.access import PUBLIC, only


@only(PUBLIC)
def no_launch() -> str:
    """Only an LMS can say who somebody is, by a launch."""
    return render_template("lti/no_launch.html")
