"""POST /hand-off: a student goes on to the exporting service, which learns by a signed token whom it may charge.

What the button posts is a ticket: the visit's member, signed by us, good as long as the visit. So it works in a tab of
its own and where no cookie is sent, and the token itself, which is short-lived, is made when the button is pressed.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from flask import Blueprint, current_app, render_template, request
from flask.typing import ResponseReturnValue
from itsdangerous import BadData

from lti_tool import clock
from lti_tool.db import database_now, db
from lti_tool.language import N_
from lti_tool.licenses import export_services, handing_off
from lti_tool.licenses.export_services import ExportService, Hosts
from lti_tool.licenses.handing_off import HandOff
from lti_tool.lti.door import DOOR, Door
from lti_tool.lti.keyring import open_keyring
from lti_tool.settings import Settings
from lti_tool.signing import Signing
from lti_tool.web import errors, headers
from lti_tool.web.access import Rule, only
from lti_tool.web.session import Visit

blueprint = Blueprint("hand_off", __name__)

TICKET = Rule("whoever has a student's page: its ticket is checked, and that a page of ours posts it")

_LONGEST = 1000
_ENDED = errors.Words(
    N_("Open it again from your course"),
    N_("This page has been open for long, so we no longer know who you are. Nothing was lost."),
    (N_("Go back to your course page."), N_("Choose Creditroll in the course menu, then press the button again.")),
)
_NOT_NOW = errors.Words(
    N_("You cannot export at this moment"),
    N_("Your page in Creditroll says why, and who can help. Your work is safe."),
    (N_("Go back to your course page."), N_("Choose Creditroll in the course menu.")),
)


@dataclass(frozen=True)
class Button:
    """What a student presses: the words, the host that they lead to, and the ticket that is posted."""

    label: str
    host: str
    ticket: str


def button(visit: Visit) -> Button | None:
    """The button of this visit's student, if the licence has a service; whether it makes sense is the page's to say."""
    if visit.license_id is None:
        return None
    return button_to(export_services.find(db.session(), visit.license_id, Hosts.of(_settings())), visit)


def button_to(service: ExportService | None, visit: Visit) -> Button | None:
    """The button that leads to this service, for a page that has read it already."""
    if service is None or visit.member_id is None:
        return None
    ends = int(visit.ends_at.timestamp())
    ticket = _signer().dumps([ends, visit.license_id, visit.member_id, visit.context_id])
    return Button(service.label, service.host, str(ticket))


@blueprint.post("/hand-off")
@only(TICKET)
def go_on() -> ResponseReturnValue:
    """The page that goes on to the service by itself; it is the one whose form may go there."""
    read = _read(request.form.get("ticket", ""), clock.now())
    # Anybody can have a ticket of their own, and must not have another browser export with it.
    if read is None or not _is_from_own_page():
        return errors.page(_ENDED, code="hand_off_expired", status=401)
    handed = prepare(*read)
    if handed is None:
        return errors.page(_NOT_NOW, code="nothing_to_export_with", status=409)
    return page(handed)


def prepare(license_id: str, member_id: str, course_id: str) -> HandOff | None:
    """The member's, as the books are now; None if they cannot export."""
    settings = _settings()
    session = db.session()
    return handing_off.prepare(
        session,
        license_id,
        member_id,
        course_id=course_id,
        resource=settings.resource,
        hosts=Hosts.of(settings),
        now=database_now(session),
    )


def page(handed: HandOff) -> str:
    """Sends the browser on with the token in a form: in no address, no history and no log."""
    settings, now = _settings(), clock.now()
    claims = handed.claims(issuer=settings.public_url, now=now)
    headers.lets_forms_go_to(handed.service.origin)  # as browsers write it: they know no port of “host:”
    return render_template(
        "hand_off.html",
        service=handed.service,
        token=open_keyring(settings.keys_dir).sign(claims, now, typ=handing_off.TYPE),
    )


def _read(ticket: str, now: datetime) -> tuple[str, str, str] | None:
    try:
        ends, license_id, member_id, course_id = _signer().loads(ticket[:_LONGEST])
    except (BadData, UnicodeEncodeError):
        return None
    return (license_id, member_id, course_id) if datetime.fromtimestamp(ends, UTC) > now else None


def _is_from_own_page() -> bool:
    door: Door = current_app.extensions[DOOR]
    is_ours = door.is_ours(request.headers.get("Origin", ""))
    return is_ours and request.headers.get("Sec-Fetch-Site", "same-origin") == "same-origin"


def _signer() -> Signing:
    return _signing(_settings().secret_key)


@lru_cache(maxsize=8)  # one of an app, and of a test's few apps
def _signing(secret_key: str) -> Signing:
    return Signing(secret_key, "hand-off")


def _settings() -> Settings:
    settings: Settings = current_app.extensions["creditroll"]
    return settings
