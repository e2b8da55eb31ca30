"""The exporting service of a licence: what the student's button says, and where it leads."""

from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from typing import Self
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from lti_tool.db import Sql, micros
from lti_tool.errors import Invalid
from lti_tool.language import N_, _
from lti_tool.ledger.movements import Actor
from lti_tool.licenses import licenses, setting_changes
from lti_tool.licenses.setting_changes import EXPORT_SERVICE
from lti_tool.settings import Settings

LONGEST_LABEL = 60
LONGEST_URL = 2000
_IN_HOSTS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789.-:")
_PORTS = {"https": 443, "http": 80}
_WHOLE = N_("Enter a whole address, such as https://films.example.org/from-creditroll.")


@dataclass(frozen=True)
class ExportService:
    """`label` is the words on the button; `url` takes the hand-off by POST."""

    label: str
    url: str

    @property
    def origin(self) -> str:
        """Scheme, host and port as browsers write them (RFC 6454): whom a token is for."""
        return _origin(self.url)

    @property
    def host(self) -> str:
        """The host alone, for people to read."""
        return urlsplit(self.url).hostname or ""


@dataclass(frozen=True)
class Hosts:
    """What the operator's settings say of hosts: `private` may be inside a network, and without encryption.

    Managers may choose among `named`; where it is empty, any host.
    """

    private: frozenset[str]
    named: frozenset[str]

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Those of this process."""
        return cls(settings.allow_private_hosts, settings.export_hosts)


_SET = Sql(
    """
    insert into export_services (license_id, label, url, actor_kind, actor_id, at)
    values (:license_id, :label, :url, :actor_kind, :actor_id, :at)
    on conflict (license_id) do update
       set label = excluded.label, url = excluded.url,
           actor_kind = excluded.actor_kind, actor_id = excluded.actor_id, at = excluded.at
    """
)
_REMOVE = Sql("delete from export_services where license_id = :license_id")
_FIND = Sql("select label, url, actor_kind from export_services where license_id = :license_id")


def set_service(
    session: Session,
    license_id: str,
    *,
    label: str,
    url: str,
    actor: Actor,
    hosts: Hosts,
    now: datetime,
    based_on: int | None = None,
) -> ExportService:
    """Gives the licence this service, in the place of any other; the same again changes nothing.

    `based_on` is the version of `setting_changes` that the person saw, if they looked. Raises NotFound, StaleSetting,
    or Invalid with the field.
    """
    licenses.lock(session, license_id)
    service = ExportService(_label(label), _url(url, hosts))
    if actor.kind == "person":
        _require_named(service.host, hosts)
    if _FIND.run(session, license_id=license_id).first() == (service.label, service.url, actor.kind):
        return service
    setting_changes.note(session, license_id, EXPORT_SERVICE, actor=actor, now=now, based_on=based_on)
    _SET.run(
        session,
        license_id=license_id,
        label=service.label,
        url=service.url,
        actor_kind=actor.kind,
        actor_id=actor.id,
        at=micros(now),
    )
    return service


def remove(session: Session, license_id: str, *, actor: Actor, now: datetime, based_on: int | None = None) -> bool:
    """Takes the service away from the licence's students; False where there was none. Raises NotFound, StaleSetting."""
    licenses.lock(session, license_id)
    if _FIND.run(session, license_id=license_id).first() is None:
        return False
    setting_changes.note(session, license_id, EXPORT_SERVICE, actor=actor, now=now, based_on=based_on)
    _REMOVE.run(session, license_id=license_id)
    return True


def find(session: Session, license_id: str, hosts: Hosts) -> ExportService | None:
    """The service in force."""
    row = _FIND.run(session, license_id=license_id).first()
    return in_force(*row, hosts=hosts) if row else None


def in_force(label: str, url: str, actor_kind: str, *, hosts: Hosts) -> ExportService | None:
    """The service that these columns keep. One that a manager chose on a host that is not named any more is none."""
    service = ExportService(label, url)
    is_named = actor_kind != "person" or not hosts.named or service.host in hosts.named
    return service if is_named else None


def _label(typed: str) -> str:
    label = typed.strip()
    if not label:
        raise Invalid(_("Enter what the button says."), field="label")
    if len(label) > LONGEST_LABEL:
        raise Invalid(
            _("That is %(typed)s characters; a button has room for %(most)s.", typed=len(label), most=LONGEST_LABEL),
            field="label",
        )
    if not label.isprintable():
        raise Invalid(_("Use letters, digits and signs on one line only."), field="label")
    return label


def _url(typed: str, hosts: Hosts) -> str:
    """The address, if a form of ours may go there: on the web, encrypted, and with nobody's password in it."""
    url = typed.strip()
    if not url:
        raise Invalid(_("Enter the address that the service gave you."), field="url")
    if len(url) > LONGEST_URL:
        raise Invalid(_("That is longer than an address of %(most)s characters.", most=LONGEST_URL), field="url")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:  # brackets or a port that no address has
        raise Invalid(_(_WHOLE), field="url") from error
    # Browsers drop or turn some of these on their way, so they and we would not speak of the same host.
    is_plain = url.isascii() and url.isprintable() and not set(' "<>\\') & set(url)
    if not is_plain or not host or not set(host) <= _IN_HOSTS or port == 0:
        raise Invalid(_(_WHOLE), field="url")
    if "@" in parts.netloc or "#" in url:
        raise Invalid(_("Leave out the name, the password and what follows a “#”."), field="url")
    if _is_private(host) and host not in hosts.private:
        raise Invalid(
            _("%(host)s is not on the public web, and whoever runs Creditroll did not allow it.", host=host),
            field="url",
        )
    if parts.scheme != "https" and not (parts.scheme == "http" and host in hosts.private):
        raise Invalid(_("It must begin with https://."), field="url")
    return url


def _require_named(host: str, hosts: Hosts) -> None:
    if hosts.named and host not in hosts.named:
        raise Invalid(
            _("Whoever runs Creditroll allows these hosts only: %(hosts)s.", hosts=", ".join(sorted(hosts.named))),
            field="url",
        )


def _is_private(host: str) -> bool:
    """Whether the name itself says that it is no public host. We never call it: only browsers go there."""
    name = host.rstrip(".")  # "localhost." is localhost, in full
    try:
        return not ip_address(name).is_global
    except ValueError:
        return "." not in name or name.endswith((".localhost", ".local", ".internal")) or _is_number(name)


def _is_number(host: str) -> bool:
    """Browsers read hosts that end in a number as an IPv4 address in one of its odd forms (WHATWG URL 3.5)."""
    last = host.rpartition(".")[2]
    return last.isdecimal() or last.startswith("0x")


def _origin(url: str) -> str:
    parts = urlsplit(url)
    host = parts.hostname or ""
    name = f"[{host}]" if ":" in host else host
    is_usual = parts.port in (None, _PORTS.get(parts.scheme))
    return f"{parts.scheme}://{name}" if is_usual else f"{parts.scheme}://{name}:{parts.port}"
