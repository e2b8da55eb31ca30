"""Dynamic Registration: an LMS describes itself, is asked for what we need, and is kept with what it granted.

The calls and the database take turns: no transaction is open while an LMS is waited for.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import BoundedSemaphore

from sqlalchemy.orm import Session

from lti_tool.errors import Invalid
from lti_tool.language import _
from lti_tool.lti import one_time, platforms, registration_answer, registration_request
from lti_tool.lti.invitations import Invitation, Proposal, Seal
from lti_tool.lti.platform_configuration import Configuration, parse
from lti_tool.lti.platforms import AlreadyRegistered, Platform, check_url
from lti_tool.lti.refusals import NonceUsed
from lti_tool.lti.registration_answer import Granted, json_of
from lti_tool.lti.registration_refusals import (
    AddressRefused,
    AlreadyUsed,
    AnswerUnreadable,
    Busy,
    ClientOfAnother,
    Closed,
    ConfigurationUnreadable,
    InvitationRefused,
    KnownOtherwise,
    LmsRefused,
    LmsTooSlow,
    LmsUnreachable,
)
from lti_tool.lti.tool_config import tool_at
from lti_tool.outbound import Outbound, OutboundError, PrivateAddress, TimedOut
from lti_tool.settings import Settings

_MOST_BYTES = 256_000
_AT_ONCE = 2
"""Of a process: an LMS that answers slowly must not hold the threads that launches need."""
_WITHIN_S = 15.0
"""An administrator waits in front of the page, and a thread behind it."""
_REMEMBERED = timedelta(days=7)


@dataclass(frozen=True)
class Kept:
    """A registration in the books; `is_new` is False where an earlier one was brought up to date."""

    platform: Platform
    is_new: bool


class Registrar:
    """One object a process, for any number of threads; a call to an LMS is cut off after `within_s` seconds."""

    def __init__(self, settings: Settings, *, within_s: float = _WITHIN_S) -> None:
        self.tool = tool_at(settings.public_url)
        self.seal = Seal(settings.secret_key)
        self._settings = settings
        self._outbound = Outbound(settings.allow_private_hosts, within_s=within_s)
        self._places = BoundedSemaphore(_AT_ONCE)

    @property
    def waits(self) -> bool:
        """Whether the operator admits each registration."""
        return self._settings.registration != "open"

    def require_open(self, session: Session, *, now: datetime) -> None:
        """Raises Closed where the operator wants none, platforms.TooManyWaiting where too many wait or came today."""
        if self._settings.registration == "closed":
            raise Closed()
        # Before the LMS is asked: it would keep a tool that we do not.
        if self.waits:
            platforms.require_room(session)
        else:
            platforms.require_calm(session, now=now)

    def look(self, invitation: Invitation) -> Configuration:
        """What the LMS says of itself. Raises RegistrationRefused."""
        url, allowed = invitation.configuration_url, self._settings.allow_private_hosts
        try:
            check_url("openid_configuration", url, allowed)
        except Invalid as error:
            raise AddressRefused(error.detail) from error
        with _calling():
            answer = self._outbound.get(url, headers=_headers(invitation), max_bytes=_MOST_BYTES)
        if answer.status in (401, 403):
            raise InvitationRefused()
        if answer.status != 200:
            raise ConfigurationUnreadable(_("It answered %(status)s.", status=answer.status))
        return parse(json_of(answer, ConfigurationUnreadable), found_at=url, allow_private_hosts=allowed)

    def send(self, proposal: Proposal) -> Granted:
        """Asks the LMS to register us. Raises RegistrationRefused."""
        request = registration_request.build(self.tool, proposal.configuration)
        with _calling():
            answer = self._outbound.post_json(
                proposal.configuration.registration_url,
                request,
                headers=_headers(proposal.invitation),
                max_bytes=_MOST_BYTES,
            )
        if answer.status not in (200, 201):  # Moodle says 200, the specification 201
            raise LmsRefused(registration_answer.words(answer, proposal.invitation))
        return registration_answer.granted(json_of(answer, AnswerUnreadable), asked=request["scope"])

    def keep(self, session: Session, configuration: Configuration, granted: Granted, *, now: datetime) -> Kept:
        """Keeps what was granted, or brings an earlier registration of that client up to date.

        Raises KnownOtherwise, ClientOfAnother, platforms.TooManyWaiting.
        """
        known = platforms.named(session, issuer=configuration.issuer, client_id=granted.client_id)
        if known is not None:
            _update(session, known, configuration, granted, now=now)
            return Kept(known, is_new=False)
        allowed = self._settings.allow_private_hosts
        try:
            platforms.require_own_client(session, configuration.issuer, granted.client_id, allow_private_hosts=allowed)
        except AlreadyRegistered as error:
            raise ClientOfAnother() from error
        added = platforms.add_platform(
            session,
            name=configuration.title,
            family=configuration.family_name,
            issuer=configuration.issuer,
            client_id=granted.client_id,
            auth_login_url=configuration.auth_login_url,
            auth_token_url=configuration.auth_token_url,
            auth_audience=configuration.auth_audience,
            jwks_url=configuration.jwks_url,
            deployment_ids=(granted.deployment_id,) if granted.deployment_id else (),
            scopes=_joined(granted.scopes),
            is_admitted=not self.waits,
            allow_private_hosts=allowed,
            now=now,
        )
        return Kept(added, is_new=True)

    @contextmanager
    def place(self) -> Iterator[None]:
        """Around everything that calls an LMS: as many at once as there are places. Raises Busy."""
        if not self._places.acquire(blocking=False):
            raise Busy()
        try:
            yield
        finally:
            self._places.release()


def require_unused(session: Session, invitation: Invitation) -> None:
    """Raises AlreadyUsed: a word beforehand; `use` decides."""
    if one_time.is_spent(session, invitation.once):
        raise AlreadyUsed()


def use(session: Session, invitation: Invitation, *, now: datetime) -> None:
    """Uses the invitation up; of any number at once, one goes on. Raises AlreadyUsed."""
    try:
        one_time.spend(session, invitation.once, expires_at=now + _REMEMBERED)
    except NonceUsed as error:
        raise AlreadyUsed() from error


@contextmanager
def _calling() -> Iterator[None]:
    try:
        yield
    except PrivateAddress as error:
        raise AddressRefused(str(error)) from error
    except TimedOut as error:
        raise LmsTooSlow() from error
    except OutboundError as error:
        raise LmsUnreachable(str(error)) from error


def _headers(invitation: Invitation) -> dict[str, str]:
    bearer = {"Authorization": f"Bearer {invitation.token}"} if invitation.token else {}
    return {"Accept": "application/json", **bearer}


def _update(
    session: Session, known: Platform, configuration: Configuration, granted: Granted, *, now: datetime
) -> None:
    """The addresses stay: whoever could change them could sign launches of everybody there."""
    ours = (known.auth_login_url, known.auth_token_url, known.jwks_url)
    if ours != (configuration.auth_login_url, configuration.auth_token_url, configuration.jwks_url):
        raise KnownOtherwise()
    known.scopes = _joined(granted.scopes)
    if granted.deployment_id:
        platforms.note_pending(session, platform_id=known.id, deployment_id=granted.deployment_id, now=now)


def _joined(scopes: frozenset[str]) -> str:
    return " ".join(sorted(scopes))
