"""Every part that pages are made of, in every state, on one page: to look at, and to test; in the demo only."""

from flask import Blueprint, render_template

from lti_tool.web.access import PUBLIC, only
from lti_tool.web.forms import Form
from lti_tool.web.picture import picture

blueprint = Blueprint("styleguide", __name__)

_TYPED = {"amount": "5", "note": "Mitosis film", "reason": "Two videos left to hand in.", "course": "2"}
_SENTENCE = "6 people × 25 = 150, but the license has 118: 32 are missing."
_PARTS = (("free", 118), ("with", 97), ("held", 3), ("used", 82))


@blueprint.get("/styleguide")
@only(PUBLIC)
def show() -> str:
    """The page; fields of its second form are named anew, since each has its own id."""
    refused = dict.fromkeys(("wrong-amount", "wrong-note", "wrong-reason", "wrong-course", "wrong-file"), _SENTENCE)
    return render_template(
        "styleguide.html",
        form=Form(_TYPED),
        refused=Form({"wrong-amount": "25", "wrong-note": "Mitosis film"}, refused),
        picture=picture("License total", _PARTS),
    )
