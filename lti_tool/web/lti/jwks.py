"""GET /lti/jwks.json: the tool's public keys. Canvas reads them at every token request."""

import logging

from flask import Response, jsonify
from werkzeug.exceptions import ServiceUnavailable

from lti_tool.lti.keyring import KeysUnusable, open_keyring
from lti_tool.web.access import PUBLIC, only
from lti_tool.web.lti.doors import settings

_KEPT_S = 300
"""Far less than keyring.LEAD: whoever keeps it has read a key long before that key signs."""

_log = logging.getLogger(__name__)


@only(PUBLIC)
def jwks() -> Response:
    """The key set (RFC 7517); may be kept for five minutes."""
    try:
        keyring = open_keyring(settings().keys_dir)
    except KeysUnusable as fault:
        _log.error("no keys to show: %s", fault.detail)
        raise ServiceUnavailable() from fault
    response = jsonify(keyring.jwks)
    response.cache_control.public = True
    response.cache_control.max_age = _KEPT_S
    return response
