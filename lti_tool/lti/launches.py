"""A launch, from a posted id_token to an arrival: an ordered list of checks, each with a stable code.

`verify` does all that needs no transaction (it may call the LMS for a new key); `arrive` does the rest inside one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from lti_tool.db import Sql
from lti_tool.lti import claims as claims_of
from lti_tool.lti import contexts, deep_linking, id_tokens, one_time, pylti, refusals, token_checks
from lti_tool.lti.attempts import Attempt
from lti_tool.lti.claims import CLAIM, LaunchClaims
from lti_tool.lti.deep_linking import DEEP_LINKING, Picker
from lti_tool.lti.door import Door
from lti_tool.lti.families import FAMILIES
from lti_tool.lti.registrations import Registered, check_status
from lti_tool.lti.roles import Role, resolve
from lti_tool.lti.states import Carrier, State


@dataclass(frozen=True)
class Posted:
    """What the browser posted. Values that came more than once are not here: nobody can say which one counts."""

    id_token: str | None
    state: str | None
    cookies: Mapping[str, str]
    proof: str | None = None
    """What the LMS kept for a page of ours. Only such a page may send it: whoever begins a login knows its secret."""
    is_chosen: bool = False
    """Whether the person pressed a button on a page of ours that named them: what they say then needs no secret."""


@dataclass(frozen=True)
class Verified:
    """A launch that passed every check but those of the database, and how the browser showed that it is its own.

    Without a carrier it is not let in: anybody can have another browser post a launch of theirs.
    """

    registered: Registered
    state: State
    claims: LaunchClaims
    role: Role
    carrier: Carrier | None
    picker: Picker | None = None
    """What the LMS asks to be given; None where it opens something."""


@dataclass(frozen=True)
class Arrival:
    """A launch that passed every check, with the rows it belongs to (ids of our own)."""

    platform_id: str
    deployment_id: str
    context_id: str | None
    claims: LaunchClaims
    role: Role
    carrier: Carrier
    picker: Picker | None = None


@dataclass(frozen=True)
class _Token:
    """A message whose signature is right, and what it is checked against."""

    message: pylti.Message
    body: Mapping[str, Any]
    """The claims, of whatever type the LMS made them."""
    registered: Registered
    nonce: str
    door: Door
    now_s: float

    @property
    def asks_to_pick(self) -> bool:
        """Whether it asks what to place into a course, rather than to open something."""
        return self.body.get(f"{CLAIM}message_type") == DEEP_LINKING


def verify(session: Session, posted: Posted, attempt: Attempt, *, door: Door, now: datetime) -> Verified:
    """All checks that need no transaction, in the order of OpenID Connect Core #IDTokenValidation.

    Raises LaunchRefused with the code of the first check that fails; `attempt` then tells which that was.
    """
    state = _state(posted, attempt, door, now)
    attempt.reached = "browser"
    carrier = Carrier.NEW_TAB if posted.is_chosen else state.shown_by(posted.cookies, proof=posted.proof)
    attempt.carried_by = carrier and carrier.value
    attempt.reached = "token"
    unverified = _token(posted)
    attempt.kid = unverified.kid
    attempt.reached = "platform"
    registered = door.registrations.of_id(session, state.platform_id, now=now)
    try:
        attempt.reached = "key"
        key = door.keys.find(registered.jwks_url, unverified.kid, now=now)
        attempt.reached = "signature"
        body = unverified.verify(key)
        message = pylti.Message(registered, unverified.header, body)
        attempt.said, attempt.is_signed = body, True
        claims, picker = _check(_Token(message, body, registered, state.nonce, door, now.timestamp()), attempt)
    except refusals.LaunchRefused as refusal:
        refusal.figures |= {"issuer": registered.issuer, "client_id": registered.client_id}
        raise
    attempt.role = resolve(claims.roles, FAMILIES[registered.family].roles)
    return Verified(registered, state, claims, attempt.role, carrier, picker)


def _check(token: _Token, attempt: Attempt) -> tuple[LaunchClaims, Picker | None]:
    for check in CHECKS:
        attempt.reached = _name(check)
        check(token)
    attempt.reached = "claims"
    claims = claims_of.parse(token.body)
    attempt.role = resolve(claims.roles)
    attempt.reached = "person"
    if claims.subject is None:
        raise refusals.Anonymous()
    attempt.reached = "message"
    if token.asks_to_pick:
        return claims, _picker(token, attempt.role)
    if token.body.get(f"{CLAIM}resource_link") is None:
        if _needs_no_link(token, claims):
            return claims, None
        raise refusals.ClaimMissing(claim=f"{CLAIM}resource_link")
    token.message.validate()
    if claims.resource_link_id is None:  # it was there, but unresolved
        raise refusals.ClaimMissing(claim=f"{CLAIM}resource_link")
    return claims, None


def _needs_no_link(token: _Token, claims: LaunchClaims) -> bool:
    """From a menu outside any course (Schoology's apps, Blackboard's System), or of an LMS that is known to omit it.

    LTI Core 1.3 #resource-link-claim needs it. Nothing of ours hangs on it: the course is the context.
    """
    return claims.context is None or FAMILIES[token.registered.family].omits_link


def _picker(token: _Token, role: Role) -> Picker:
    """Staff of any kind place links: who may change the course is the LMS's to say, and it let them ask."""
    if not role.is_staff:
        raise refusals.PickerNotForRole()
    return deep_linking.read(token.body, allow_private_hosts=token.door.allow_private_hosts)


def _state(posted: Posted, attempt: Attempt, door: Door, now: datetime) -> State:
    """The login that the launch answers, begun no longer than ten minutes ago."""
    attempt.reached = "state"
    if not posted.state:
        raise refusals.StateMissing()
    state = door.states.read(posted.state, now=now)
    attempt.platform_id = state.platform_id
    return state


def _token(posted: Posted) -> id_tokens.UnverifiedToken:
    if not posted.id_token:
        raise refusals.TokenMissing()
    return id_tokens.read(posted.id_token)


def _nonce(token: _Token) -> None:
    """That the nonce was not used before is for the database to say."""
    if token.body.get("nonce") != token.nonce:
        raise refusals.NonceWrong()


def _version(token: _Token) -> None:
    if token.body.get(f"{CLAIM}version") != "1.3.0":
        raise refusals.VersionWrong()


def _message_type(token: _Token) -> None:
    if token.body.get(f"{CLAIM}message_type") is None:
        raise refusals.ClaimMissing(claim=f"{CLAIM}message_type")
    if not token.message.is_resource_launch() and not token.asks_to_pick:
        raise refusals.MessageTypeWrong()


def _target(token: _Token) -> None:
    """A launch opens nothing outside our origin. A picker's request opens nothing but the picker, and may name none."""
    target = token.body.get(f"{CLAIM}target_link_uri")
    if target is None and token.asks_to_pick:
        return
    if not isinstance(target, str) or not token.door.is_ours(target):
        raise refusals.TargetElsewhere()


CHECKS: tuple[Callable[[_Token], None], ...] = (
    token_checks.issuer,
    token_checks.audience,
    token_checks.expiry,
    token_checks.issued_at,
    _nonce,
    _version,
    _message_type,
    _target,
)
"""What is asked of a token whose signature is right, before its other claims are read."""


def _name(check: Callable[[_Token], None]) -> str:
    return check.__name__.removeprefix("_")


STEPS = (
    *("lms", "state", "browser", "token", "platform", "key", "signature"),
    *(_name(check) for check in CHECKS),
    *("claims", "person", "message", "first_use", "admitted", "deployment"),
)
"""Every check of a launch by name, in its order, as the launch log shows them."""


_PLACE = Sql(
    """
    select p.status, d.id, d.status, c.id, c.label, c.title, c.memberships_url, c.last_launch_at, c.copied_from
      from platforms p
      left join deployments d on d.platform_id = p.id and d.deployment_id = :deployment_id
      left join contexts c on c.deployment_id = d.id and c.context_id = :context_id
     where p.id = :platform_id
    """
)


def arrive(session: Session, verified: Verified, attempt: Attempt, *, now: datetime) -> Arrival:
    """Spends the nonce and finds or makes the course, inside the transaction of all that the launch leads to.

    Raises StateOfAnotherBrowser, NonceUsed, PlatformPending, PlatformDisabled, and DeploymentPending, whose
    installation the edge then keeps (`platforms.note_pending`).
    """
    claims, registered = verified.claims, verified.registered
    attempt.reached = "browser"
    if verified.carrier is None:
        raise refusals.StateOfAnotherBrowser()
    attempt.reached = "first_use"
    spent = one_time.spending(session, verified.state.nonce, expires_at=verified.state.expires_at)
    context = claims.context
    place = _PLACE.send(
        session,
        platform_id=registered.id,
        deployment_id=claims.deployment_id,
        context_id=context.id if context else None,
    )
    one_time.require_first(spent)
    status, deployment_id, deployment_status, *course = place.one()
    attempt.reached = "admitted"
    check_status(status, issuer=registered.issuer, client_id=registered.client_id)
    attempt.reached = "deployment"
    if deployment_status != "active":
        raise refusals.DeploymentPending(issuer=registered.issuer, client_id=registered.client_id)
    context_id = None
    if context is not None:
        context_id = contexts.see(
            session,
            contexts.Seen(*course) if course[0] else None,
            deployment_id=deployment_id,
            context=context,
            memberships_url=claims.memberships_url,
            copied_from=claims.copied_from,
            now=now,
        )
    return Arrival(registered.id, deployment_id, context_id, claims, verified.role, verified.carrier, verified.picker)
