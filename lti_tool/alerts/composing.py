"""A letter in its reader's language: plain text with the license's figures, and no student's name."""

from dataclasses import dataclass
from email.headerregistry import BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, Policy
from email.utils import format_datetime
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from lti_tool.alerts import leaving, wishes
from lti_tool.alerts.letters import Letter
from lti_tool.alerts.levels import EMPTY, WAITING
from lti_tool.alerts.wishes import Key
from lti_tool.language import _, ngettext, number, speaking
from lti_tool.licenses import licenses
from lti_tool.settings import Resource, Settings


class _Address(UnstructuredHeader, BaseHeader):
    """Stands in one line as it is: longer than 78 letters it would be encoded, which no mail program reads there."""

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self}{policy.linesep}"


_headers = HeaderRegistry()
_headers.map_to_type("list-unsubscribe", _Address)
_POLICY = SMTP.clone(header_factory=_headers)


@dataclass(frozen=True)
class Ready:
    """A letter as it goes out, and to whom."""

    recipient: str
    text: bytes


def compose(session: Session, letter: Letter, *, settings: Settings) -> Ready | None:
    """The letter; None where it is not wanted any more, or true: they left, do not manage it, or it has more again."""
    key = Key(letter.license_id, letter.resource, letter.person_id)
    wish, recipient = wishes.find(session, key), wishes.address_of(session, letter.person_id)
    if wish is None or recipient is None or letter.event not in wish.wanted or letter.event not in wish.low.split():
        return None
    if not wishes.may_be_told(session, letter.license_id, letter.person_id):
        return None
    license_name = " ".join(licenses.find(session, letter.license_id).name.split())
    leave = leaving.address(key, secret_key=settings.secret_key, public_url=settings.public_url)
    message = EmailMessage(policy=_POLICY)
    message["From"] = settings.smtp_sender
    message["To"] = recipient
    message["Date"] = format_datetime(letter.at)
    message["Message-ID"] = f"<{letter.id}@{urlsplit(settings.public_url).hostname}>"
    message["Auto-Submitted"] = "auto-generated"
    message["List-Unsubscribe"] = f"<{leave}>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    with speaking(wish.locale):
        what = _what(letter, license_name, settings.sold(letter.resource))
        message["Subject"] = what
        message.set_content(_body(what, leave), cte="quoted-printable")
    return Ready(recipient, message.as_bytes())


def _what(letter: Letter, license_name: str, resource: Resource) -> str:
    if letter.event == EMPTY:
        return _("%(license)s has no %(units)s left to give", license=license_name, units=resource.units)
    if letter.event == WAITING:
        return ngettext(
            "%(num)s student waits for %(units)s, and %(license)s has %(pool)s left",
            "%(num)s students wait for %(units)s, and %(license)s has %(pool)s left",
            letter.waiting,
            license=license_name,
            units=resource.units,
            pool=number(letter.pool),
        )
    return _(
        "%(license)s has %(pool)s of %(issued)s %(units)s left",
        license=license_name,
        pool=number(letter.pool),
        issued=number(letter.issued),
        units=resource.units,
    )


def _body(what: str, leave: str) -> str:
    parts = (
        _("Hello,"),
        f"{what}.",
        _("To add more, open Creditroll from your course and press Add Credits."),
        _("You asked for this letter in Settings. The next comes only after the license had more and ran low again."),
        _("To get no more of these letters, open this address:") + f"\n{leave}",
    )
    return "\n\n".join(parts) + "\n"
