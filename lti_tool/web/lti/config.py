"""GET /lti/config.json, the tool as Canvas's administrators register it, and the icon that it names."""

from flask import Response, jsonify

from lti_tool import shipped
from lti_tool.lti.tool_config import canvas_json
from lti_tool.web.access import PUBLIC, only
from lti_tool.web.lti.doors import settings

_KEPT_S = 300
_ICON_KEPT_S = 86_400


@only(PUBLIC)
def config() -> Response:
    """Canvas copies it once, when the key is made: a later change reaches only keys made after it."""
    return _kept(jsonify(canvas_json(settings().public_url)), _KEPT_S)


@only(PUBLIC)
def icon() -> Response:
    """An address without a version, since LMSs keep it for years."""
    return _kept(Response((shipped.STATIC / "icon.png").read_bytes(), mimetype="image/png"), _ICON_KEPT_S)


def _kept(response: Response, for_s: int) -> Response:
    response.cache_control.public = True
    response.cache_control.max_age = for_s
    return response
