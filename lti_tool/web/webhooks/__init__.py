"""Messages of payment providers: signed by them, answered with a status and at most a code."""

from flask import Blueprint, Response, g, jsonify
from werkzeug.exceptions import HTTPException

from lti_tool.errors import Refusal
from lti_tool.web.webhooks import stripe

PREFIX = "/webhooks/"

blueprint = Blueprint("webhooks", __name__, url_prefix="/webhooks")
blueprint.add_url_rule("/stripe", "stripe", stripe.hear, methods=["POST"])


def answer(error: Refusal | HTTPException) -> Response:
    """Every error as its code alone: who sends what we refuse learns nothing from it."""
    if isinstance(error, Refusal):
        status, code = error.status, error.code
    else:
        status, code = error.code or 500, error.name.lower().replace(" ", "_")
    g.refusal = code  # counted by web/operations.py
    response = jsonify(code=code)
    response.status_code = status
    return response
