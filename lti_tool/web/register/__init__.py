"""The public pages for LMS administrators: what to paste where, what to give back, and whether it works."""

from flask import Blueprint

from lti_tool.web.register import check, form, guide

blueprint = Blueprint("register", __name__, url_prefix="/register")

for part in (guide, form, check):
    part.routes(blueprint)
