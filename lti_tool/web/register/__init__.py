"""The public pages for LMS administrators: what to paste where, what to give back, and whether it works."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from lti_tool.errors import NotFound
from lti_tool.language import N_
from lti_tool.web import errors
from lti_tool.web.register import check, form, guide

blueprint = Blueprint("register", __name__, url_prefix="/register")

for part in (guide, form, check):
    part.routes(blueprint)


@blueprint.errorhandler(NotFound)
def no_such_registration(refusal: NotFound) -> ResponseReturnValue:
    """The page for an address with another number than any registration's."""
    words = errors.Words(
        N_("There is no such registration"),
        N_("The address may have been cut. It ends in a number of 36 letters, digits and hyphens."),
        (N_("Ask whoever runs Creditroll for the whole address."),),
    )
    return errors.page(words, code=refusal.code, status=refusal.status)
