"""The student's page, which observers share for the children they mentor."""

from flask import Blueprint

from lti_tool.web.student import ask, export, home

blueprint = Blueprint("student", __name__, url_prefix="/student")
home.routes(blueprint)
ask.routes(blueprint)
export.routes(blueprint)
