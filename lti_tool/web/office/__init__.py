"""What a school's office sees of one order, with a link that a manager sent: no launch, no account, no session.

Another site cannot forge these forms: what lets anybody in is the address itself, which a browser adds to no request by
itself and other sites do not know. No cookie is read or set, so whose visit a browser has makes no difference.
"""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from lti_tool.errors import NotFound
from lti_tool.language import N_
from lti_tool.web import errors
from lti_tool.web.office import card, quote

blueprint = Blueprint("office", __name__, url_prefix="/office")

for part in (quote, card):
    part.routes(blueprint)


@blueprint.errorhandler(NotFound)
def no_link(refusal: NotFound) -> ResponseReturnValue:
    """One page for every address that shows nothing, so that it tells nobody which ever did."""
    words = errors.Words(
        N_("This link does not work, or no longer"),
        N_("It may have been cut when it was copied, its time may be over, or the teacher who sent it has closed it."),
        (N_("Open it again from the message that it came in."), N_("Else ask the teacher to send a new one.")),
    )
    return errors.page(words, code=refusal.code, status=refusal.status)
