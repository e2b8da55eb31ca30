"""Whether a registered LMS and Creditroll understand each other: step by step, each fault with what mends it.

The calls are those of a launch and of a roster's reading; no transaction is open during them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from urllib.parse import urlencode

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lti_tool.lti import self_test_mends as mends
from lti_tool.lti.contexts import Context
from lti_tool.lti.families import Family
from lti_tool.lti.names_roles import SCOPE, NamesRoles
from lti_tool.lti.platform_keys import NoKeySet, read_key_set
from lti_tool.lti.platforms import Deployment, Platform
from lti_tool.lti.service_calls import Patience, ServiceFault
from lti_tool.lti.service_tokens import ServiceAccount, ServiceTokens, Signer
from lti_tool.outbound import Answer, Outbound, OutboundError, PrivateAddress

_MOST_SKEW = timedelta(seconds=60)
"""As much as a launch forgives."""
_LASTS_AT_MOST = timedelta(seconds=25)
"""After that the remaining calls are left out: an LMS that hangs must not hold a worker for minutes."""
_FEW_PEOPLE = 2
_NO_ENDPOINT = frozenset({404, 405, 410})


class Result(StrEnum):
    """How a step ended."""

    OK = "ok"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Step:
    """One step: what was found, and what to do where that is not right."""

    name: str
    title: str
    result: Result
    found: str
    mend: str = ""


@dataclass(frozen=True)
class Subject:
    """What the database knows of the LMS beforehand."""

    platform_id: str
    status: str
    family: Family
    auth_login_url: str
    jwks_url: str
    account: ServiceAccount
    approved: int
    """Deployments that may launch."""
    waiting: int
    """Deployments that launched once and wait for the operator."""
    has_launched: bool
    memberships_url: str | None
    """The roster of the course that was opened last, of those whose launch offered one."""


def subject(session: Session, platform: Platform) -> Subject:
    """The LMS, as the test needs it."""
    counted = select(Deployment.status, func.count()).where(Deployment.platform_id == platform.id)
    deployments: dict[str, int] = dict(iter(session.execute(counted.group_by(Deployment.status))))
    launched = (
        select(Context.memberships_url)
        .join(Deployment, Deployment.id == Context.deployment_id)
        .where(Deployment.platform_id == platform.id, Context.last_launch_at.is_not(None))
        .order_by(Context.memberships_url.is_(None), Context.last_launch_at.desc())
        .limit(1)
    )
    course = session.execute(launched).first()
    return Subject(
        platform_id=platform.id,
        status=platform.status,
        family=platform.kind,
        auth_login_url=platform.auth_login_url,
        jwks_url=platform.jwks_url,
        account=platform.account,
        approved=deployments.get("active", 0),
        waiting=deployments.get("pending", 0),
        has_launched=course is not None,
        memberships_url=course[0] if course else None,
    )


def run(
    subject: Subject, outbound: Outbound, sign: Signer, *, public_url: str, clock: Callable[[], datetime]
) -> list[Step]:
    """All steps, in the order of a launch; `public_url` is ours, `sign` signs with our current key."""
    # Tokens of its own: one from before the fault would hide it.
    return list(_Run(subject, outbound, ServiceTokens(outbound, sign), public_url, clock, clock()).steps())


@dataclass(frozen=True)
class _Outcome:
    result: Result
    found: str
    mend: str = ""


@dataclass
class _Run:
    """One test under way: what it asks with, and what it has seen so far."""

    lms: Subject
    outbound: Outbound
    tokens: ServiceTokens
    public_url: str
    clock: Callable[[], datetime]
    began_at: datetime
    skews: list[timedelta] = field(default_factory=list)
    has_token: bool = False

    def steps(self) -> Iterator[Step]:
        yield self._call("login", "Login address", self._login)
        yield self._call("keys", "The LMS’s keys", self._keys)
        yield self._call("token", "Access to services", self._token)
        yield self._call("roster", "Course roster", self._roster)
        yield self._step("deployments", "Approval", self._deployments())
        yield self._step("clock", "Clocks", self._clocks())

    def _call(self, name: str, title: str, look: Callable[[], _Outcome]) -> Step:
        if self.clock() - self.began_at > _LASTS_AT_MOST:
            return self._step(name, title, _skipped("Not tried: the LMS took too long over the steps before."))
        return self._step(name, title, look())

    def _step(self, name: str, title: str, outcome: _Outcome) -> Step:
        mend = outcome.mend
        if outcome.result is Result.FAILED and mend != mends.PRIVATE:  # that is mended here, not in the LMS
            mend = mends.in_words_of(self.lms.family.mends, name, mend)
        return Step(name, title, outcome.result, outcome.found, mend)

    def _login(self) -> _Outcome:
        # Nobody is signed in there: an LMS answers with its sign-in page or a refusal, and both will do.
        asked = {
            "scope": "openid",
            "response_type": "id_token",
            "response_mode": "form_post",
            "prompt": "none",
            "client_id": self.lms.account.client_id,
            "redirect_uri": f"{self.public_url}/lti/launch",
            "login_hint": "self-test",
            "state": "self-test",
            "nonce": "self-test",
        }
        url = self.lms.auth_login_url
        try:
            answer = self.outbound.get(f"{url}{'&' if '?' in url else '?'}{urlencode(asked)}")
        except OutboundError as error:
            return _unreached(error, mends.LOGIN)
        self._see_clock(answer)
        if answer.status in _NO_ENDPOINT or answer.status >= 500:
            return _failed(f"The LMS answered {answer.status} at its login address.", mends.LOGIN)
        if b'"keys"' in answer.body[:2_000]:
            return _failed("The login address shows a key set: two addresses were mixed up.", mends.LOGIN)
        return _ok("The LMS answers at its login address.")

    def _keys(self) -> _Outcome:
        try:
            keys, answer = read_key_set(self.outbound, self.lms.jwks_url)
        except OutboundError as error:
            return _unreached(error, mends.KEYS)
        except NoKeySet as error:
            return _failed(f"The LMS’s key set cannot be used: {error}.", mends.KEYS)
        self._see_clock(answer)
        return _ok(f"The LMS shows {_many(len(keys), 'usable key', 'usable keys')}: {', '.join(sorted(keys))}.")

    def _token(self) -> _Outcome:
        try:
            self.tokens.token(self.lms.account, [SCOPE], patience=self._patience())
        except ServiceFault as fault:
            return _failed(fault.detail, mends.of_token(fault.code, jwks_url=f"{self.public_url}/lti/jwks.json"))
        self.has_token = True
        return _ok("The LMS read our keys, and gives us access to its services.")

    def _roster(self) -> _Outcome:
        if not self.lms.has_launched:
            return _skipped("Not yet: open Creditroll once from a course, then check again.")
        if self.lms.memberships_url is None:
            return _failed("No course has offered its roster so far.", mends.SWITCH_ON)
        if not self.has_token:
            return _skipped("Not tried: it needs access to services first.")
        rosters = NamesRoles(self.outbound, self.tokens)
        try:
            people, has_more = rosters.first_page(self.lms.account, self.lms.memberships_url, patience=self._patience())
        except ServiceFault as fault:
            return _failed(fault.detail, mends.of_roster(fault.code))
        is_first = " on its first page" if has_more else ""
        found = f"The roster of the course opened last lists {_many(people, 'person', 'people')}{is_first}."
        is_suspect = people <= _FEW_PEOPLE and not has_more
        return _ok(found, self.lms.family.gaps.get("partial_roster", "") if is_suspect else "")

    def _deployments(self) -> _Outcome:
        if self.lms.status == "pending":
            return _failed("This registration waits for approval.", mends.of_approval(self.lms.platform_id))
        if self.lms.status != "active":
            return _failed("This registration is switched off.", mends.of_approval(self.lms.platform_id))
        if self.lms.waiting:
            waits = _many(self.lms.waiting, "deployment waits", "deployments wait")
            return _failed(f"{waits} for approval.", mends.of_approval(self.lms.platform_id, of_deployment=True))
        if not self.lms.approved:
            return _skipped("No deployment is known yet: it comes with the first launch, and then waits for approval.")
        return _ok(f"{_many(self.lms.approved, 'deployment is', 'deployments are')} approved.")

    def _clocks(self) -> _Outcome:
        if not self.skews:
            return _skipped("The LMS did not say what time it has.")
        skew = min(self.skews, key=abs)
        apart = f"{abs(round(skew.total_seconds())):,} s"
        if abs(skew) <= _MOST_SKEW:
            return _ok(f"The LMS’s clock and ours are {apart} apart; up to 60 s will do.")
        way = "behind" if skew < timedelta(0) else "ahead of"
        return _failed(f"The LMS’s clock is {apart} {way} ours: launches may be refused.", mends.CLOCKS)

    def _see_clock(self, answer: Answer) -> None:
        try:
            told = parsedate_to_datetime(answer.headers.get("Date", ""))
            kept = timedelta(seconds=min(int(answer.headers.get("Age", "0")), 86_400))
            if told.tzinfo is not None:
                self.skews.append(told + kept - self.clock())
        except (ValueError, OverflowError):
            return

    def _patience(self) -> Patience:
        return Patience(self.clock, _no_pause, left_s=0)


def _no_pause(pause_s: float) -> None:
    raise AssertionError(f"without patience nobody waits {pause_s} s")


def _unreached(error: OutboundError, mend: str) -> _Outcome:
    return _failed(str(error), mends.PRIVATE if isinstance(error, PrivateAddress) else f"{mends.REACHABLE} {mend}")


def _many(count: int, one: str, several: str) -> str:
    return f"{count:,} {one if count == 1 else several}"


def _ok(found: str, mend: str = "") -> _Outcome:
    return _Outcome(Result.OK, found, mend)


def _failed(found: str, mend: str) -> _Outcome:
    return _Outcome(Result.FAILED, found, mend)


def _skipped(found: str) -> _Outcome:
    return _Outcome(Result.SKIPPED, found)
