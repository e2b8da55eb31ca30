"""create_lms: the demo LMS as one Flask application, ready for any WSGI server with threads in one process."""

import secrets

from flask import Flask, Response, render_template, request
from werkzeug.exceptions import HTTPException

from lti_tool.demo import (
    admin,
    authorization,
    control,
    copies,
    deep_linking,
    id_tokens,
    names_roles,
    pages,
    registration,
    service_tokens,
)
from lti_tool.demo.config import LmsConfig
from lti_tool.demo.families.family import Family
from lti_tool.demo.guarding import guard
from lti_tool.demo.school import open_school, this_school

__all__ = ["LmsConfig", "create_lms"]


def create_lms(config: LmsConfig) -> Flask:
    """An LMS with its cast and its one tool; it remembers in memory, so it wants one process."""
    app = Flask(__name__)
    app.extensions |= open_school(config)
    app.secret_key = secrets.token_hex(32)  # for what is said once after a press of a button
    for room in (pages, authorization, deep_linking, admin, copies):
        app.register_blueprint(room.routes)
    _serve_as(app, config.shape)
    if config.control:
        app.register_blueprint(control.routes)
    app.before_request(_count)
    app.after_request(_guard)
    app.register_error_handler(HTTPException, _problem)
    like = "" if config.family == "canvas" else f", as {config.shape.title}"
    app.context_processor(lambda: {"lms": config, "like": like})
    return app


def _serve_as(app: Flask, family: Family) -> None:
    """Puts what every LMS has where this family has it."""
    app.add_url_rule(family.authorize_path, view_func=authorization.authorize, methods=["GET", "POST"])
    app.add_url_rule(family.token_path, view_func=service_tokens.token, methods=["POST"])
    app.add_url_rule(family.keys_path, view_func=id_tokens.jwks)
    if rules := family.registering:
        app.add_url_rule(rules.configuration_path, view_func=registration.configuration)
        app.add_url_rule(rules.registration_path, view_func=registration.register, methods=["POST"])
    path = family.roster.path.partition("?")[0]
    app.add_url_rule(path.replace("{", "<").replace("}", ">"), view_func=names_roles.names_roles)


def _count() -> None:
    if not request.path.startswith("/control/"):
        school = this_school()
        with school.lock:
            school.requests[request.path] += 1


def _guard(response: Response) -> Response:
    """Nothing on these pages runs or loads but what is ours; the tool alone may be framed and posted to."""
    tool = this_school().config.tool_origin
    return guard(
        response,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        f"frame-src 'self' {tool}; form-action 'self' {tool}; frame-ancestors 'self'; base-uri 'none'",
    )


def _problem(problem: HTTPException) -> tuple[str, int]:
    return render_template("problem.html", problem=problem), problem.code or 500
