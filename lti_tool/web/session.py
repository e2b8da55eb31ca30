"""The visit that follows a launch: short-lived, signed, and carried in two ways.

Each page holds its own visit, and its script sends it with everything that the page asks, as a header: so a browser may
refuse all cookies, and a page stays with its person and course whoever launches beside it. Without scripts, and for
what the browser loads by itself, there is a Partitioned cookie, which the next launch replaces.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar, cast

from flask import Flask, Request, Response, current_app, g, request, session
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from itsdangerous import BadData

from lti_tool.db import micros, moment
from lti_tool.lti.roles import Role
from lti_tool.settings import Settings
from lti_tool.signing import Signing

HEADER = "X-Creditroll-Visit"
FIELD = "visit"
_IN_ENVIRON = "HTTP_" + HEADER.upper().replace("-", "_")
VISIT = "visit"
CHOSEN = "language"
"""What a session holds: the visit, and, in a page's own, the language that its reader chose."""
View = TypeVar("View", bound=Callable[..., object])
_STAFF_HOURS = 8


@dataclass(frozen=True)
class Visit:
    """Who is here, from which course, and what they may do: fixed at the launch, never taken from a URL or form.

    Ids are our own. `mentored` are the members whom an observer may see.
    """

    platform_id: str
    context_id: str | None
    license_id: str | None
    person_id: str | None
    member_id: str | None
    role: Role
    manages: bool
    mentored: tuple[str, ...]
    locale: str
    ends_at: datetime
    alias: str = ""
    """What to call somebody of whom nothing is kept."""


def configure(app: Flask, settings: Settings) -> None:
    """Cookies that survive in a third-party iframe (CHIPS) and nowhere else, and the header before them."""
    app.session_interface = visits = _HeaderFirst(settings.secret_key)
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SESSION_COOKIE_NAME="__Host-creditroll",
        SESSION_COOKIE_SECURE=True,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="None",
        SESSION_COOKIE_PARTITIONED=True,
        SESSION_COOKIE_PATH="/",
        SESSION_REFRESH_EACH_REQUEST=False,
    )

    @app.before_request
    def take_posted() -> None:
        if hasattr(app.view_functions.get(request.endpoint or ""), "by_form"):
            request.environ[_IN_ENVIRON] = request.form.get(FIELD, "")
            session.clear()
            session.update(visits.open_session(app, request))


def by_form(view: View) -> View:
    """Declares that a field of the form says the visit, as the header does: of a download, which no script asks for."""
    view.by_form = True  # type: ignore[attr-defined] # functions take attributes; typing has no word for it
    return view


def lasts(settings: Settings, role: Role) -> timedelta:
    """How long a visit may last; staff never stay longer than 8 hours."""
    hours = min(settings.session_hours, _STAFF_HOURS) if role.is_staff else settings.session_hours
    return timedelta(hours=hours)


def begin(visit: Visit) -> None:
    """Starts the visit; whatever an earlier person left in this browser is gone, CSRF token included."""
    session.clear()
    session["csrf_token"] = secrets.token_hex(20)  # made here, so that no later answer sets the cookie again
    session[VISIT] = vars(visit) | {"ends_at": micros(visit.ends_at)}


def token(now: datetime) -> str:
    """The visit as text for its pages, to come back in the header; "" without a visit."""
    kept = session.get(VISIT)
    if kept is None or kept["ends_at"] <= micros(now):
        return ""
    interface = cast(_HeaderFirst, current_app.session_interface)
    chosen = {CHOSEN: g.language} if "language" in g else {}
    return str(interface.tokens.dumps(dict(session) | chosen))


def end() -> None:
    """Ends the visit that this browser has, if it has one."""
    session.clear()


def current(now: datetime) -> Visit | None:
    """The visit of this request; None where there is none or its time is over."""
    kept = session.get(VISIT)
    if kept is None:
        return None
    visit = Visit(
        **kept | {"role": Role(kept["role"]), "mentored": tuple(kept["mentored"]), "ends_at": moment(kept["ends_at"])}
    )
    return visit if visit.ends_at > now else None


class _HeaderFirst(SecureCookieSessionInterface):
    """The cookie may be of a later launch, perhaps of somebody else: where a page says its visit, that alone counts.

    A visit says itself when it ends, so neither text has a date of its own.
    """

    def __init__(self, secret_key: str) -> None:
        # Two salts: what a script can read must not be usable as what it cannot.
        self.tokens = Signing(secret_key, "visit-of-a-page")
        self._cookies = Signing(secret_key, "visit-of-a-browser")

    def get_signing_serializer(self, app: Flask) -> Signing:  # type: ignore[override] # Flask only has it sign
        return self._cookies

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession:
        text, signing = request.environ.get(_IN_ENVIRON), self.tokens
        if text is None:
            text, signing = request.cookies.get(self.get_cookie_name(app)), self._cookies
        try:
            return self.session_class(signing.loads(text)) if text else self.session_class()
        except BadData:
            return self.session_class()

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if _IN_ENVIRON in request.environ:
            return  # an old page must not put its visit in the place of a newer one
        if session.modified or "Vary" in response.headers:
            super().save_session(app, session, response)
        elif session.accessed:  # all that is left to say, said without reading nine settings first
            response.headers.add("Vary", "Cookie")
