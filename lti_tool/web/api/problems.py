"""Every error below /api/ is a problem detail (RFC 9457): never a page, never a trace."""

import json
from http import HTTPStatus

from flask import Response, current_app, g, request
from werkzeug.exceptions import HTTPException

from lti_tool.errors import Refusal
from lti_tool.web.api.callers import Unauthorized

_CODES = {
    400: "malformed",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "unsupported_media_type",
    429: "too_many_requests",
}

MEANINGS = {
    "malformed": "The request could not be read: no JSON object, or bytes that no text can hold.",
    "idempotency_key_missing": "Each POST needs an Idempotency-Key header of 1 to 255 characters.",
    "unauthorized": "No API key was sent, or one that is unknown or revoked.",
    "forbidden": "The key's scope or license does not reach this far.",
    "not_found": "Nothing is there, or nothing that this key may see.",
    "method_not_allowed": "The address does not take this method; Allow says which it takes.",
    "insufficient_credits": "The member has too few, and the maximum or the license allows no further bundles.",
    "member_not_active": "The member has left every course. The credits wait for their return.",
    "hold_not_open": "The hold was captured or released, or its time ran out.",
    "too_many_holds": "The member has as many open holds as one may have. Capture or release some first.",
    "idempotency_conflict": "The Idempotency-Key came before with another request. What that one did stands.",
    "too_large": "The body is larger than this API takes.",
    "unsupported_media_type": "The body must be sent as application/json.",
    "invalid": "A field or parameter cannot be taken: `field` names it, `detail` says why.",
    "too_many_requests": "The key has used up its requests. Retry-After says when it has new ones, in seconds.",
    "unavailable": "The database cannot answer now. Send it again with the same key after Retry-After: it counts once.",
    "internal_error": "Something went wrong on our side. Nothing was saved; send it again with the same key.",
}
"""Every code with what it means: the page at which a problem's `type` points shows them."""

_DETAILS = {
    "not_found": "There is nothing at this address.",
    "method_not_allowed": "This address does not take this method.",
    "too_large": "The body is larger than this API takes.",
    "unsupported_media_type": "Send the body as application/json.",
    "internal_error": "Something went wrong on our side; nothing was saved by this request. It can be tried again.",
}


CONTENT_TYPE = "application/problem+json"


def text(refusal: Refusal) -> str:
    """The body of the refusal's problem."""
    return _text(refusal.status, refusal.code, refusal.detail, refusal.figures)


def answer(error: Refusal | HTTPException) -> Response:
    """The refusal or HTTP error as a problem, with the headers that its status asks for."""
    if isinstance(error, Refusal):
        response = _problem(error.status, error.code, error.detail, error.figures)
    else:
        response = _from_http(error)
    if response.status_code == 401:
        # RFC 6750 section 3: no error code where no key was sent.
        fault = ', error="invalid_token"' if isinstance(error, Unauthorized) and error.sent else ""
        response.headers["WWW-Authenticate"] = f'Bearer realm="creditroll"{fault}'
    if response.status_code == 429 and isinstance(error, Refusal):
        response.headers["Retry-After"] = str(error.figures["retry_after"])
    return response


def _from_http(error: HTTPException) -> Response:
    status = error.code or 500
    if status < 400:
        return Response(status=status, headers=error.get_headers(request.environ))  # a redirect of the router's
    fallback = "internal_error" if status >= 500 else "malformed"
    code = _CODES.get(status, fallback)
    response = _problem(status, code, _DETAILS.get(code, "This request could not be read."), {})
    for name, value in error.get_headers(request.environ):
        if name in ("Allow", "Retry-After"):
            response.headers[name] = value
    return response


def _problem(status: int, code: str, detail: str, figures: dict[str, object]) -> Response:
    g.refusal = code  # counted by web/operations.py
    return Response(_text(status, code, detail, figures), status, content_type=CONTENT_TYPE)


def _text(status: int, code: str, detail: str, figures: dict[str, object]) -> str:
    described = {
        "type": f"{current_app.extensions['creditroll'].public_url}/api/docs#{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
    }
    # Said twice: figures come last for whoever reads, but none may stand for `status` or `code`.
    return json.dumps(described | figures | described, ensure_ascii=False)
