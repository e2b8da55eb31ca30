"""Who calls: each request's key is looked up, counted, and held against the scope that its view declares."""

from collections.abc import Callable

from flask import current_app, g, request

from lti_tool.db import db
from lti_tool.errors import Refusal
from lti_tool.licenses import api_keys
from lti_tool.licenses.api_keys import Caller
from lti_tool.web import access
from lti_tool.web.access import View
from lti_tool.web.api.rate import Rate

_MOST_KNOWN = 1_000


class Unauthorized(Refusal):
    """No key, or one that is unknown or revoked; `sent` says whether there was one."""

    code = "unauthorized"
    status = 401

    def __init__(self, *, sent: bool) -> None:
        super().__init__(
            "This key is not known, or was revoked."
            if sent
            else "Send an API key: `Authorization: Bearer crk_…` (made by `creditroll api-key create`)."
        )
        self.sent = sent


class Forbidden(Refusal):
    """The key is good, and does not reach this far: its scope or its licence."""

    code = "forbidden"
    status = 403


def needs(scope: str) -> Callable[[View], View]:
    """Declares that only a program whose key has the scope may call the view below it."""

    def declare(view: View) -> View:
        view.scope = scope  # type: ignore[attr-defined] # functions take attributes; typing has no word for it
        return access.only(access.PROGRAM)(view)

    return declare


class Door:
    """Lets requests of programs through to their views. It remembers what each key may do, which never changes."""

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._known: dict[str, Caller] = {}

    def admit(self) -> None:
        """Lets the request through to its view, or raises Unauthorized, TooManyRequests or Forbidden.

        A POST's key may have been revoked since it was looked up: claiming its Idempotency-Key asks for that, before
        anything is done or told; where a POST is refused before it comes so far, `confirm` does.
        """
        found = self._key_holder(_secret())
        self._rate.count(found.key_id)
        assert request.endpoint is not None
        view = current_app.view_functions[request.endpoint]
        scope: str = vars(view)["scope"]  # declared by `needs`, or nobody comes in
        if not found.may(scope):
            confirm()
            raise Forbidden(f"This key has no scope {scope!r}.", scope=scope)
        g.caller = found

    def _key_holder(self, secret: str) -> Caller:
        secret_hash = api_keys.hashed(secret)
        known = self._known.get(secret_hash) if request.method == "POST" else None
        if known is not None:
            return known
        found = api_keys.caller(db.engine, secret_hash)
        if found is None:
            self._known.pop(secret_hash, None)
            raise Unauthorized(sent=True)
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        self._known[secret_hash] = found
        return found


def caller() -> Caller:
    """The program of this request."""
    found: Caller = g.caller
    return found


def confirm() -> None:
    """Looks this request's key up, whatever the door remembers of it. Raises Unauthorized."""
    if api_keys.caller(db.engine, api_keys.hashed(_secret())) is None:
        raise Unauthorized(sent=True)


def reach(license_id: str) -> None:
    """Raises Forbidden for any licence but the key's own, whether or not there is one: the answers are the same."""
    if not caller().reaches(license_id):
        raise Forbidden("This key reaches one license, and not this one.")


def _secret() -> str:
    sent = request.authorization
    if sent is None or sent.type != "bearer" or not sent.token:
        raise Unauthorized(sent=False)
    return sent.token
