"""GET and POST /lti/login: the LMS says that somebody is coming, and we send the browser back to it for proof."""

from flask import Response, make_response, redirect, render_template, request

from lti_tool import clock
from lti_tool.db import reading
from lti_tool.lti.login import STEPS, begin
from lti_tool.web.access import PLATFORM, only
from lti_tool.web.lti.doors import begin_attempt, door


@only(PLATFORM)
def login() -> Response:
    """Sends the browser on to the LMS's authorisation, holding a secret that only its launch will need.

    Where the LMS offers to keep the secret too, a page asks it to, and then goes on by itself.
    """
    parameters = request.form if request.method == "POST" else request.args
    attempt = begin_attempt(STEPS, is_login=True)
    begun = begin(reading(), parameters.to_dict(), attempt, door=door(), now=clock.now())
    response = make_response(
        render_template("lti/login.html", begun=begun) if begun.storage else redirect(begun.redirect_to)
    )
    response.set_cookie(
        begun.cookie_name,
        begun.cookie_value,
        max_age=begun.cookie_lasts_s,
        secure=True,
        httponly=True,
        samesite="None",
        partitioned=True,  # or browsers drop it in the LMS's frame (CHIPS)
    )
    return response
