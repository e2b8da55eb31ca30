"""GET /lti/jwks.json: the tool's public keys. Canvas reads them at every token request."""

from flask import Response, jsonify

from lti_tool.lti.keyring import open_keyring
from lti_tool.web.access import PUBLIC, only
from lti_tool.web.lti.doors import settings

_KEPT_S = 300


@only(PUBLIC)
def jwks() -> Response:
    """The key set (RFC 7517); may be kept for five minutes."""
    response = jsonify(open_keyring(settings().keys_dir).jwks)
    response.cache_control.public = True
    response.cache_control.max_age = _KEPT_S
    return response
