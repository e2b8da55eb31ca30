"""Dynamic Registration: an LMS describes itself, is asked for what we need, and is kept with what it granted.

The calls and the database take turns: no transaction is open while an LMS is waited for.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import BoundedSemaphore
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from sqlalchemy.orm import Session

from lti_tool.errors import Invalid
from lti_tool.lti import families, one_time, platforms, registration_request
from lti_tool.lti.invitations import Invitation, Proposal, Seal
from lti_tool.lti.platform_configuration import Configuration, Text, host_of, parse
from lti_tool.lti.platforms import Platform, check_url
from lti_tool.lti.refusals import NonceUsed
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
from lti_tool.outbound import Answer, Outbound, OutboundError, PrivateAddress, TimedOut
from lti_tool.settings import Settings

_MOST_BYTES = 256_000
_AT_ONCE = 2
"""Of a process: an LMS that answers slowly must not hold the threads that launches need."""
_WITHIN_S = 15.0
"""An administrator waits in front of the page, and a thread behind it."""
_REMEMBERED = timedelta(days=7)
_LONGEST_ID = 255
_LONGEST_WORDS = 200


@dataclass(frozen=True)
class Granted:
    """What the LMS answered: by which client it knows us, and what it gave."""

    client_id: str
    deployment_id: str | None
    scopes: frozenset[str]


@dataclass(frozen=True)
class Kept:
    """A registration in the books; `is_new` is False where an earlier one was brought up to date."""

    platform: Platform
    is_new: bool


class Registrar:
    """One object a process, for any number of threads."""

    def __init__(self, settings: Settings) -> None:
        self.tool = tool_at(settings.public_url)
        self.seal = Seal(settings.secret_key)
        self._settings = settings
        self._outbound = Outbound(settings.allow_private_hosts, within_s=_WITHIN_S)
        self._places = BoundedSemaphore(_AT_ONCE)

    @property
    def waits(self) -> bool:
        """Whether the operator admits each registration."""
        return self._settings.registration != "open"

    def require_open(self, session: Session) -> None:
        """Raises Closed where the operator wants none, platforms.TooManyWaiting where too many wait."""
        if self._settings.registration == "closed":
            raise Closed()
        if self.waits:
            platforms.require_room(session)  # before the LMS is asked: it would keep a tool that we do not

    def look(self, invitation: Invitation) -> Configuration:
        """What the LMS says of itself. Raises RegistrationRefused."""
        url, allowed = invitation.configuration_url, self._settings.allow_private_hosts
        try:
            check_url("openid_configuration", url, allowed)
        except Invalid as error:
            raise AddressRefused(error.detail) from error
        with self._calling():
            answer = self._outbound.get(url, headers=_headers(invitation), max_bytes=_MOST_BYTES)
        if answer.status in (401, 403):
            raise InvitationRefused()
        if answer.status != 200:
            raise ConfigurationUnreadable(f"It answered {answer.status}.")
        return parse(_json(answer, ConfigurationUnreadable), found_at=url, allow_private_hosts=allowed)

    def send(self, proposal: Proposal) -> Granted:
        """Asks the LMS to register us. Raises RegistrationRefused."""
        request = registration_request.build(self.tool, proposal.configuration)
        with self._calling():
            answer = self._outbound.post_json(
                proposal.configuration.registration_url,
                request,
                headers=_headers(proposal.invitation),
                max_bytes=_MOST_BYTES,
            )
        if answer.status not in (200, 201):  # Moodle says 200, the specification 201
            raise LmsRefused(_words(answer, proposal.invitation))
        return _granted(_json(answer, AnswerUnreadable), asked=request["scope"])

    def keep(self, session: Session, configuration: Configuration, granted: Granted, *, now: datetime) -> Kept:
        """Keeps what was granted, or brings an earlier registration of that client up to date.

        Raises KnownOtherwise, ClientOfAnother, platforms.TooManyWaiting.
        """
        known = platforms.named(session, issuer=configuration.issuer, client_id=granted.client_id)
        if known is not None:
            _update(session, known, configuration, granted, now=now)
            return Kept(known, is_new=False)
        self._require_own_client(session, configuration, granted)
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
            allow_private_hosts=self._settings.allow_private_hosts,
            now=now,
        )
        return Kept(added, is_new=True)

    def _require_own_client(self, session: Session, configuration: Configuration, granted: Granted) -> None:
        """An access token that some LMS gives to this client must not be to be had by another's registration.

        Moodle looks at nothing but the client and our signature: an assertion that we made for an LMS that somebody
        invented, with the client id of a true one, could be carried there.
        """
        host = host_of(configuration.issuer)
        vendor = families.of_host(host)  # proved by its hosts; Canvas's beta and test have the clients of production
        if vendor is not None or host in self._settings.allow_private_hosts:
            return
        if platforms.issuers_of_client(session, granted.client_id):
            raise ClientOfAnother()

    @contextmanager
    def _calling(self) -> Iterator[None]:
        if not self._places.acquire(blocking=False):
            raise Busy()
        try:
            yield
        except PrivateAddress as error:
            raise AddressRefused(str(error)) from error
        except TimedOut as error:
            raise LmsTooSlow() from error
        except OutboundError as error:
            raise LmsUnreachable(str(error)) from error
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


def _headers(invitation: Invitation) -> dict[str, str]:
    bearer = {"Authorization": f"Bearer {invitation.token}"} if invitation.token else {}
    return {"Accept": "application/json", **bearer}


def _json(answer: Answer, refusal: type[ConfigurationUnreadable | AnswerUnreadable]) -> object:
    try:
        return answer.json()
    except (ValueError, RecursionError) as error:
        raise refusal("It is not JSON.") from error


def _words(answer: Answer, invitation: Invitation) -> str:
    """What the LMS said, where it is a short text and tells nothing that is secret."""
    try:
        told = answer.json()
    except (ValueError, RecursionError):
        told = answer.body.decode("utf-8", "replace")
    if isinstance(told, dict):  # OAuth's errors (RFC 7591 3.2.2); Moodle sends a bare text
        told = told.get("error_description") or told.get("error") or told.get("message")
    short = told.strip() if isinstance(told, str) else ""
    is_shown = 0 < len(short) <= _LONGEST_WORDS and short.isprintable() and not short.startswith("<")
    if not is_shown or (invitation.token is not None and invitation.token in short):
        return f"It answered {answer.status}."
    return f"It answered {answer.status}: “{short}”."


def _id(value: object) -> str:
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if not 0 < len(text) <= _LONGEST_ID or not text.isprintable():
        raise ValueError("no id")
    return text


_Id = Annotated[str, BeforeValidator(_id)]


class _Part(BaseModel):
    model_config = ConfigDict(strict=True)

    deployment_id: _Id | None = None


class _Answer(_Part):
    client_id: _Id
    scope: Text | list[Text] | None = None
    tool: _Part | None = Field(default=None, alias="https://purl.imsglobal.org/spec/lti-tool-configuration")


def _granted(document: object, *, asked: str) -> Granted:
    try:
        told = _Answer.model_validate(document)
    except ValidationError as error:
        raise AnswerUnreadable() from error
    listed = told.scope.split() if isinstance(told.scope, str) else told.scope
    # Moodle and Canvas say what they granted; an LMS that does not is taken at its word to what we asked.
    scopes = frozenset(asked.split() if listed is None else listed) & frozenset(asked.split())
    deployment_id = (told.tool and told.tool.deployment_id) or told.deployment_id
    return Granted(client_id=told.client_id, deployment_id=deployment_id, scopes=scopes)


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
