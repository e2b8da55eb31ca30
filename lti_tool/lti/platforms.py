"""Registered LMSs (platforms) and their installations (deployments), waiting or admitted."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from ipaddress import ip_address
from urllib.parse import urlsplit

from sqlalchemy import ForeignKey, String, Text, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from lti_tool.db import Base, Instant, Sql, micros
from lti_tool.errors import Invalid, NotFound, Refusal
from lti_tool.ids import new_id
from lti_tool.language import _
from lti_tool.lti.families import FAMILIES, Family, of_host
from lti_tool.lti.service_tokens import ServiceAccount

_MOST_CHARACTERS = 255
_LONGEST_URL = 2000


class Platform(Base):
    """One registration: (issuer, client_id) is the key, never the issuer alone (Canvas cloud shares one)."""

    __tablename__ = "platforms"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    family: Mapped[str] = mapped_column(Text)
    issuer: Mapped[str] = mapped_column(Text)
    client_id: Mapped[str] = mapped_column(Text)
    auth_login_url: Mapped[str] = mapped_column(Text)
    auth_token_url: Mapped[str] = mapped_column(Text)
    auth_audience: Mapped[str | None] = mapped_column(Text)
    jwks_url: Mapped[str] = mapped_column(Text)
    scopes: Mapped[str | None] = mapped_column(Text)
    """The services that it granted at its registration, with spaces between; None where nobody told us."""
    log_code_hash: Mapped[str | None] = mapped_column(Text)
    """Of the access code to its page of the launch log, if one was handed out."""
    status: Mapped[str] = mapped_column(Text)
    """"active", "pending" (waits for the operator) or "disabled"."""
    created_at: Mapped[datetime] = mapped_column(Instant)

    @property
    def kind(self) -> Family:
        """What is known of LMSs of its kind."""
        return FAMILIES[self.family]

    @property
    def account(self) -> ServiceAccount:
        """As whom we ask for access to its services."""
        return ServiceAccount(self.id, self.client_id, self.auth_token_url, self.auth_audience or self.auth_token_url)


class Deployment(Base):
    """One installation of the tool in a platform; an unknown one is kept as "pending" until approved."""

    __tablename__ = "deployments"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    platform_id: Mapped[str] = mapped_column(String(36), ForeignKey("platforms.id"))
    deployment_id: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    notices_url: Mapped[str | None] = mapped_column(Text)
    notices_asked_at: Mapped[datetime | None] = mapped_column(Instant)
    """When we last asked to be told of copied courses."""
    created_at: Mapped[datetime] = mapped_column(Instant)


class AlreadyRegistered(Refusal):
    """A registration of that issuer and client exists; it is never overwritten."""

    code = "already_registered"


class TooManyWaiting(Refusal):
    """As many registrations wait for the operator as may: strangers could ask for them without end."""

    code = "too_many_waiting"
    status = 429


def add_platform(
    session: Session,
    *,
    name: str,
    family: str,
    issuer: str,
    client_id: str,
    auth_login_url: str,
    auth_token_url: str,
    jwks_url: str,
    auth_audience: str | None = None,
    scopes: str | None = None,
    deployment_ids: Sequence[str] = (),
    is_admitted: bool = True,
    allow_private_hosts: frozenset[str],
    now: datetime,
) -> Platform:
    """Registers an LMS with the deployments that are known already: active, or (if not admitted) waiting for approval.

    Raises Invalid, AlreadyRegistered, TooManyWaiting.
    """
    urls = {"issuer": issuer, "auth_login_url": auth_login_url, "auth_token_url": auth_token_url, "jwks_url": jwks_url}
    _require_names(name=name, family=family, client_id=client_id, deployment_ids=deployment_ids)
    for field, url in urls.items():
        check_url(field, url, allow_private_hosts)
    auth_audience = _audience(auth_audience or FAMILIES[family].token_audience)
    if _host(auth_token_url) not in allow_private_hosts:  # one that the operator named is no stranger's
        _require_own_access(session, client_id, issuer, auth_token_url, auth_audience or auth_token_url)
    if not is_admitted:
        require_room(session)
    platform = Platform(
        id=new_id(),
        name=name,
        family=family,
        client_id=client_id,
        auth_audience=auth_audience,
        scopes=scopes,
        status="active" if is_admitted else "pending",
        created_at=now,
        **urls,
    )
    try:
        with session.begin_nested():
            session.add(platform)
    except IntegrityError as error:  # UNIQUE (issuer, client_id)
        told = _("The client %(client)s of %(issuer)s is registered already.", client=client_id, issuer=issuer)
        raise AlreadyRegistered(told) from error
    for deployment_id in dict.fromkeys(deployment_ids):
        _keep_deployment(session, platform, deployment_id, status=platform.status, now=now)
    return platform


def _require_names(*, name: str, family: str, client_id: str, deployment_ids: Sequence[str]) -> None:
    if family not in FAMILIES:
        raise Invalid(f"The family must be one of {', '.join(FAMILIES)}.", field="family")
    for field, text in (("name", name), ("client_id", client_id), *(("deployment_id", one) for one in deployment_ids)):
        _require_text(field, text)


def _audience(audience: str | None) -> str | None:
    if audience is not None and (len(audience) > _LONGEST_URL or not audience.isprintable()):
        raise Invalid(_("The auth_audience must be an address, or a short name."), field="auth_audience")
    return audience


def _require_own_access(session: Session, client_id: str, issuer: str, *urls: str) -> None:
    """What we sign for one LMS must be worth nothing at another.

    One key signs for all of them. Whoever registered their own LMS with another's client and token endpoint could have
    that other's tokens sent to themselves.
    """
    named = select(Platform).where(Platform.client_id == client_id, Platform.issuer != issuer)
    for other in session.scalars(named):
        theirs = {_host(other.account.token_url), _host(other.account.audience)}
        if theirs & {_host(url) for url in urls}:
            raise AlreadyRegistered(
                _(
                    "The client %(client)s is registered already, with the issuer %(issuer)s.",
                    client=client_id,
                    issuer=other.issuer,
                )
            )


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or url).lower()
    except ValueError:  # an audience may be any text
        return url.lower()


_MOST_WAITING = 100


def require_room(session: Session) -> None:
    """Raises TooManyWaiting."""
    waiting = session.scalar(select(func.count()).select_from(Platform).where(Platform.status == "pending")) or 0
    if waiting >= _MOST_WAITING:
        raise TooManyWaiting(
            _("Too many registrations wait for approval. Ask whoever runs Creditroll to look at them.")
        )


_MOST_A_DAY = 100
_A_DAY = timedelta(days=1)


def require_calm(session: Session, *, now: datetime) -> None:
    """Raises TooManyWaiting where nobody waits, but more came within a day than an operator can have wanted."""
    came = select(func.count()).select_from(Platform).where(Platform.created_at > now - _A_DAY)
    if (session.scalar(came) or 0) >= _MOST_A_DAY:
        raise TooManyWaiting(
            _("Many LMSs were registered within a day. Try again tomorrow, or ask whoever runs Creditroll.")
        )


def require_own_client(session: Session, issuer: str, client_id: str, *, allow_private_hosts: frozenset[str]) -> None:
    """Raises AlreadyRegistered if a stranger brings the client id of another LMS.

    Moodle looks at nothing but the client and our signature: what we sign for an LMS that somebody invented, with the
    client id of a true one, could be carried there. A vendor's issuer is proved by its hosts (and Canvas's beta and
    test have production's clients); an LMS that the operator named is no stranger.
    """
    host = _host(issuer)
    if of_host(host) is not None or host in allow_private_hosts:
        return
    others = select(Platform.id).where(Platform.client_id == client_id, Platform.issuer != issuer).limit(1)
    if session.scalar(others) is not None:
        raise AlreadyRegistered(
            _("The client %(client)s is registered already, with another issuer.", client=client_id)
        )


def named(session: Session, *, issuer: str, client_id: str) -> Platform | None:
    """The platform by the LMS's own two names, if there is one."""
    return session.scalar(select(Platform).where(Platform.issuer == issuer, Platform.client_id == client_id))


def find(session: Session, platform_id: str) -> Platform:
    """The platform with that id of ours. Raises NotFound."""
    platform = session.get(Platform, platform_id)
    if platform is None:
        raise NotFound(f"There is no platform {platform_id}.")
    return platform


def find_registered(session: Session, *, issuer: str, client_id: str) -> Platform:
    """The platform by the LMS's own two names, as an operator writes them. Raises NotFound."""
    platform = named(session, issuer=issuer, client_id=client_id)
    if platform is None:
        raise NotFound(f"There is no platform with the issuer {issuer} and the client {client_id}.")
    return platform


def every(session: Session) -> Sequence[Platform]:
    """All registrations, oldest first."""
    return session.scalars(select(Platform).order_by(Platform.id)).all()


def deployments(session: Session, platform: Platform) -> Sequence[Deployment]:
    """The platform's installations, waiting ones too, oldest first."""
    found = select(Deployment).where(Deployment.platform_id == platform.id).order_by(Deployment.id)
    return session.scalars(found).all()


def names(session: Session, platform_ids: Collection[str]) -> dict[str, str]:
    """The names of these platforms, by id."""
    found: dict[str, str] = dict(
        iter(session.execute(select(Platform.id, Platform.name).where(Platform.id.in_(platform_ids))))
    )
    return found


def deployment_of(session: Session, platform_id: str, deployment: str) -> Deployment:
    """The platform's installation with that id of ours. Raises NotFound."""
    found = session.get(Deployment, deployment)
    if found is None or found.platform_id != platform_id:
        raise NotFound(_("This platform has no such deployment."))
    return found


def find_deployment(session: Session, *, issuer: str, client_id: str, deployment_id: str) -> Deployment:
    """The installation by the LMS's own three names, as an operator writes them. Raises NotFound."""
    found = session.scalar(
        select(Deployment)
        .join(Platform, Platform.id == Deployment.platform_id)
        .where(Platform.issuer == issuer, Platform.client_id == client_id, Deployment.deployment_id == deployment_id)
    )
    if found is None:
        raise NotFound(f"There is no deployment {deployment_id} of client {client_id} at {issuer}.")
    return found


def approve(session: Session, platform: Platform, *, deployment_id: str | None = None, now: datetime) -> None:
    """Admits a registration that was disabled, or waits: then with the installations that came with it.

    With `deployment_id` one installation is admitted instead, seen or not.
    """
    if deployment_id is not None:
        _require_text("deployment_id", deployment_id)
        _keep_deployment(session, platform, deployment_id, status="active", now=now)
        return
    if platform.status == "pending":  # nobody could launch from it yet: these are what its LMS named at registration
        session.execute(update(Deployment).where(Deployment.platform_id == platform.id).values(status="active"))
    platform.status = "active"


def correct(platform: Platform, *, allow_private_hosts: frozenset[str], **urls: str) -> None:
    """Replaces addresses that were mistyped (`auth_login_url`, `auth_token_url`, `jwks_url`). Raises Invalid."""
    for field, url in urls.items():
        check_url(field, url, allow_private_hosts)
    for field, url in urls.items():
        setattr(platform, field, url)


def disable(platform: Platform) -> None:
    """No login or launch of this platform is let in from now on; nothing of its people is lost."""
    platform.status = "disabled"


_MOST_PENDING = 100
"""Installations of one platform that may wait for approval: a hostile one could invent them without end."""

_NOTE_PENDING = Sql(
    """
    insert into deployments (id, platform_id, deployment_id, status, created_at)
    select :id, cast(:platform_id as text), :deployment_id, 'pending', cast(:now as bigint)
     where (select count(*) from deployments where platform_id = :platform_id and status = 'pending') < :most
    on conflict (platform_id, deployment_id) do nothing
    """
)


def note_pending(session: Session, *, platform_id: str, deployment_id: str, now: datetime) -> None:
    """Keeps an installation seen for the first time for the operator to approve: up to a hundred a platform."""
    _NOTE_PENDING.run(
        session,
        id=new_id(),
        platform_id=platform_id,
        deployment_id=deployment_id,
        now=micros(now),
        most=_MOST_PENDING,
    )


def check_url(field: str, url: str, allow_private_hosts: frozenset[str]) -> None:
    """Raises Invalid unless the address can be an LMS's: https, but for this machine and hosts the operator named."""
    try:
        parts = urlsplit(url)
        host, _port = (parts.hostname or "").lower(), parts.port
    except ValueError as error:  # brackets or a port that no address has
        raise Invalid(_("The %(field)s must be a full URL.", field=field), field=field) from error
    if not host or parts.username is not None or parts.fragment or len(url) > _LONGEST_URL or not url.isprintable():
        raise Invalid(
            _("The %(field)s must be a full URL without name, password or fragment.", field=field), field=field
        )
    may_be_plain = _is_loopback(host) or host in allow_private_hosts
    if parts.scheme != "https" and not (parts.scheme == "http" and may_be_plain):
        raise Invalid(_("The %(field)s must begin with https://.", field=field), field=field)


def _keep_deployment(session: Session, platform: Platform, deployment_id: str, *, status: str, now: datetime) -> None:
    known = select(Deployment).where(Deployment.platform_id == platform.id, Deployment.deployment_id == deployment_id)
    deployment = session.scalar(known)
    if deployment is None:
        deployment = Deployment(id=new_id(), platform_id=platform.id, deployment_id=deployment_id, created_at=now)
        session.add(deployment)
    deployment.status = status
    session.flush()


def _require_text(field: str, text: str) -> None:
    if not text.strip() or len(text) > _MOST_CHARACTERS:
        raise Invalid(
            _("The %(field)s must have 1 to %(most)s characters.", field=field, most=_MOST_CHARACTERS), field=field
        )
    if not text.isprintable():  # it is shown in terminals, and strangers may have typed it
        raise Invalid(_("The %(field)s must have printable characters only.", field=field), field=field)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
