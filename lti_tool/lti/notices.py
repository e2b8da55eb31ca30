"""A notice of an LMS's notification service: its signed word that a course was copied, perhaps before it is opened.

Nobody comes with it, so there is no login, no state and no person: what counts is the LMS's signature, and that each
notice takes effect once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy.orm import Session

from lti_tool.db import Sql
from lti_tool.lti import claims as claims_of
from lti_tool.lti import contexts, id_tokens, one_time, refusals, token_checks
from lti_tool.lti.claims import CLAIM, COPY_NOTICE, NoticeClaims
from lti_tool.lti.door import Door
from lti_tool.lti.registrations import Registered

_REMEMBERED = timedelta(days=3)
"""Longer than any notice can be valid (token_checks)."""


@dataclass(frozen=True)
class Notice:
    """A notice that passed every check but whether it came before. `deployment_id` is our own."""

    platform_id: str
    deployment_id: str
    claims: NoticeClaims

    @property
    def once(self) -> str:
        """What is spent when it takes effect."""
        return "notice " + sha256(f"{self.platform_id} {self.claims.id}".encode()).hexdigest()


@dataclass(frozen=True)
class _Signed:
    """A notice whose signature is right, and what it is checked against."""

    registered: Registered
    body: Mapping[str, Any]
    now_s: float


def verify(session: Session, token: str, *, door: Door, now: datetime) -> Notice:
    """All checks that need no transaction; it may call the LMS for a new key. Raises LaunchRefused."""
    unverified = id_tokens.read(token)
    issuer, client_id = claims_of.sender(unverified.claimed())
    registered = door.registrations.of_client(session, issuer, client_id, now=now)
    try:
        key = door.keys.find(registered.jwks_url, unverified.kid, now=now)
        signed = _Signed(registered, unverified.verify(key), now.timestamp())
        for check in CHECKS:
            check(signed)
        claims = claims_of.parse_notice(signed.body)
        return Notice(registered.id, _deployment(session, registered, claims), claims)
    except refusals.LaunchRefused as refusal:
        refusal.figures |= {"issuer": registered.issuer, "client_id": registered.client_id}
        raise


def _version(signed: _Signed) -> None:
    if signed.body.get(f"{CLAIM}version") != "1.3.0":
        raise refusals.VersionWrong()


CHECKS = (token_checks.issuer, token_checks.audience, token_checks.expiry, token_checks.issued_at, _version)
"""What is asked of a notice whose signature is right, before its other claims are read: as of a launch."""


_DEPLOYMENT = Sql(
    "select id from deployments"
    " where platform_id = :platform_id and deployment_id = :deployment_id and status = 'active'"
)


def _deployment(session: Session, registered: Registered, claims: NoticeClaims) -> str:
    """Our id of the installation; one that nobody admitted is not kept either: only a launch asks to be admitted."""
    found = _DEPLOYMENT.run(session, platform_id=registered.id, deployment_id=claims.deployment_id).scalar()
    if found is None:
        raise refusals.DeploymentPending()
    return str(found)


def is_kept(session: Session, notice: Notice) -> bool:
    """Whether it took effect before: to ask beforehand, without keeping anybody waiting; only `keep` decides."""
    return one_time.is_spent(session, notice.once)


def keep(session: Session, notice: Notice, *, now: datetime) -> None:
    """Lets the notice take effect, inside a transaction; one that came before, or is no copy, changes nothing."""
    claims = notice.claims
    if claims.kind != COPY_NOTICE or claims.context_id is None or not claims.copied_from:
        return
    try:
        one_time.spend(session, notice.once, expires_at=now + _REMEMBERED)
    except refusals.NonceUsed:
        return
    contexts.note_copy(session, notice.deployment_id, claims.context_id, claims.copied_from, now=now)
