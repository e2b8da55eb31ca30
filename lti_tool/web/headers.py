"""What browsers are told with every answer: no foreign scripts, no foreign frames but the LMSs', nothing kept."""

import re
import time
from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from lti_tool import clock
from lti_tool.db import db, reading
from lti_tool.lti.door import DOOR, Door
from lti_tool.lti.families import FAMILIES
from lti_tool.lti.platforms import Platform
from lti_tool.lti.refusals import LaunchRefused
from lti_tool.web import access
from lti_tool.web.session import Visit

_KEPT_S = 5.0
_CACHE = "creditroll_ancestors"
_NO_PAGE = "default-src 'none'; frame-ancestors 'none'"  # what is not a page needs no look at who may frame it
_ON_THE_WAY = "default-src 'none'"  # a redirect: who may frame is said by the page that it leads to
_BEFORE_A_LAUNCH = (access.REGISTRANT, access.ADMINISTRATOR)
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.\-\[\]:]+", re.ASCII)


def send(app: Flask) -> None:
    """Adds the headers to every answer of the app; what a view set itself stays."""
    app.after_request(_add)


def lets_forms_go_to(url: str) -> None:
    """Lets the forms of this one answer go to that address's origin too; browsers hold the page to it."""
    parts = urlsplit(url)
    origin = f"{parts.scheme}://{parts.netloc}"
    if not _ORIGIN.fullmatch(origin):  # nothing but an origin may enter a header
        raise ValueError("This address has no origin.")
    g.forms_go_to = origin


def lets_only_known_lmss_frame_it() -> None:
    """For a refusal on which a press does something: no stranger may lay it under a page of their own."""
    g.framed_by_known_only = True


def _add(response: Response) -> Response:
    rule, headers = access.rule(), response.headers
    sent = {name.lower(): value for name, value in headers}
    location = sent.get("location")
    # The address holds an LMS's registration token, or the number by which a registration's page is found: no
    # request that follows from the page passes it on.
    is_secret = rule in _BEFORE_A_LAUNCH or _is_by_address(rule)
    ours = [
        ("Content-Security-Policy", _content_policy(rule, sent.get("content-type", ""), location)),
        ("Referrer-Policy", "no-referrer" if is_secret else "same-origin"),
        ("X-Content-Type-Options", "nosniff"),
        ("Cache-Control", "no-store"),
    ]
    if _is_by_address(rule):
        ours.append(("X-Robots-Tag", "noindex"))
    for name, value in ours:
        if name.lower() not in sent:
            headers.add(name, value)
    if location and response.status_code == 308:
        # The router's own redirect, by path alone: host and scheme are what a proxy, or anybody, says they are.
        response.location = urlsplit(location)._replace(scheme="", netloc="").geturl()
    return response


def _content_policy(rule: access.Rule | None, content_type: str, location: str | None) -> str:
    if content_type.partition(";")[0].strip() != "text/html":
        return _NO_PAGE
    return _ON_THE_WAY if location else _policy(_framers(rule))


def _policy(ancestors: str) -> str:
    # No X-Frame-Options: it cannot name several LMSs, and would win over frame-ancestors in old browsers.
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        f"connect-src 'self'; form-action {_form_targets()}; base-uri 'none'; frame-ancestors {ancestors}"
    )


def _form_targets() -> str:
    also: str | None = g.get("forms_go_to")
    return f"'self' {also}" if also else "'self'"


def _framers(rule: access.Rule | None) -> str:
    """Who may frame this page: anybody where an LMS that we do not know yet registers, or a launch was refused.

    Neither page does anything in the name of whoever looks at it; a refusal that does says so. Nobody where the address
    is all that it takes, and nobody the operator's pages.
    """
    if _is_by_address(rule) or rule is access.OPERATOR:
        return "'none'"
    is_refusal = rule is access.PLATFORM and "refusal" in g and "framed_by_known_only" not in g
    if rule in _BEFORE_A_LAUNCH or is_refusal:
        return "*"
    visit: Visit | None = g.get("visit")
    return _ancestors() if visit is None else _ancestors_of(visit.platform_id)


def _is_by_address(rule: access.Rule | None) -> bool:
    return rule is not None and rule.is_by_address


def _ancestors_of(platform_id: str) -> str:
    """The origins of the one LMS that a visit came from: the others have no business with this person's pages."""
    door: Door = current_app.extensions[DOOR]
    try:
        registered = door.registrations.of_id(reading(), platform_id, now=clock.now())
    except (LaunchRefused, SQLAlchemyError):  # disabled meanwhile; or an answer about a broken database
        return "'none'"
    return _origins_of_one(registered.issuer, registered.auth_login_url, registered.family)


@lru_cache(maxsize=1000)
def _origins_of_one(issuer: str, auth_login_url: str, family: str) -> str:
    return " ".join(sorted(set(_origins(issuer, auth_login_url, family)))) or "'none'"


def _ancestors() -> str:
    """The origins of the LMSs that we serve. Strangers can ask for registrations: one that waits is not among them.

    A little old is fine: an LMS is registered long before its first launch.
    """
    kept = current_app.extensions.get(_CACHE)
    if kept is not None and time.monotonic() - kept[1] < _KEPT_S:
        return str(kept[0])
    try:
        known = db.session.execute(
            select(Platform.issuer, Platform.auth_login_url, Platform.family).where(Platform.status == "active")
        )
        origins = sorted({origin for row in known for origin in _origins(*row)})
    except SQLAlchemyError:
        db.session.rollback()
        return str(kept[0]) if kept else "'none'"  # an answer about a broken database must still go out
    ancestors = " ".join(origins) or "'none'"
    current_app.extensions[_CACHE] = (ancestors, time.monotonic())
    return ancestors


def _origins(issuer: str, auth_login_url: str, family: str) -> Iterator[str]:
    for url in (issuer, auth_login_url):
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        if _ORIGIN.fullmatch(origin):  # an issuer may be any text; only an origin may enter a header
            yield origin
    yield from (f"https://{host}" for host in FAMILIES[family].hosts)
