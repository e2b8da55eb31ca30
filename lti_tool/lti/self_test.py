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

from lti_tool.language import _, ngettext
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
        yield self._call("login", _("Login address"), self._login)
        yield self._call("keys", _("The LMS’s keys"), self._keys)
        yield self._call("token", _("Access to services"), self._token)
        yield self._call("roster", _("Course roster"), self._roster)
        yield self._step("deployments", _("Approval"), self._deployments())
        yield self._step("clock", _("Clocks"), self._clocks())

    def _call(self, name: str, title: str, look: Callable[[], _Outcome]) -> Step:
        if self.clock() - self.began_at > _LASTS_AT_MOST:
            return self._step(name, title, _skipped(_("Not tried: the LMS took too long over the steps before.")))
        return self._step(name, title, look())

    def _step(self, name: str, title: str, outcome: _Outcome) -> Step:
        mend = outcome.mend
        if outcome.result is Result.FAILED and mend != _(mends.PRIVATE):  # that is mended here, not in the LMS
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
            return _unreached(error, _(mends.LOGIN))
        self._see_clock(answer)
        if answer.status in _NO_ENDPOINT or answer.status >= 500:
            return _failed(_("The LMS answered %(status)s at its login address.", status=answer.status), _(mends.LOGIN))
        if b'"keys"' in answer.body[:2_000]:
            return _failed(_("The login address shows a key set: two addresses were mixed up."), _(mends.LOGIN))
        return _ok(_("The LMS answers at its login address."))

    def _keys(self) -> _Outcome:
        try:
            keys, answer = read_key_set(self.outbound, self.lms.jwks_url)
        except OutboundError as error:
            return _unreached(error, _(mends.KEYS))
        except NoKeySet as error:
            return _failed(_("The LMS’s key set cannot be used: %(why)s.", why=str(error)), _(mends.KEYS))
        self._see_clock(answer)
        shown = ", ".join(sorted(keys))
        return _ok(
            ngettext(
                "The LMS shows %(num)s usable key: %(keys)s.",
                "The LMS shows %(num)s usable keys: %(keys)s.",
                len(keys),
                keys=shown,
            )
        )

    def _token(self) -> _Outcome:
        try:
            self.tokens.token(self.lms.account, [SCOPE], patience=self._patience())
        except ServiceFault as fault:
            return _failed(fault.detail, mends.of_token(fault.code, jwks_url=f"{self.public_url}/lti/jwks.json"))
        self.has_token = True
        return _ok(_("The LMS read our keys, and gives us access to its services."))

    def _roster(self) -> _Outcome:
        if not self.lms.has_launched:
            return _skipped(_("Not yet: open Creditroll once from a course, then check again."))
        if self.lms.memberships_url is None:
            return _failed(_("No course has offered its roster so far."), _(mends.SWITCH_ON))
        if not self.has_token:
            return _skipped(_("Not tried: it needs access to services first."))
        rosters = NamesRoles(self.outbound, self.tokens)
        try:
            people, has_more = rosters.first_page(self.lms.account, self.lms.memberships_url, patience=self._patience())
        except ServiceFault as fault:
            return _failed(fault.detail, mends.of_roster(fault.code))
        gap = self.lms.family.gaps.get("partial_roster")
        is_suspect = gap and people <= _FEW_PEOPLE and not has_more
        return _ok(_listed(people, has_more=has_more), _(gap) if gap and is_suspect else "")

    def _deployments(self) -> _Outcome:
        if self.lms.status == "pending":
            return _failed(_("This registration waits for approval."), mends.of_approval(self.lms.platform_id))
        if self.lms.status != "active":
            return _failed(_("This registration is switched off."), mends.of_approval(self.lms.platform_id))
        if self.lms.waiting:
            waits = ngettext(
                "%(num)s deployment waits for approval.", "%(num)s deployments wait for approval.", self.lms.waiting
            )
            return _failed(waits, mends.of_approval(self.lms.platform_id, of_deployment=True))
        if not self.lms.approved:
            return _skipped(
                _("No deployment is known yet: it comes with the first launch, and then waits for approval.")
            )
        return _ok(ngettext("%(num)s deployment is approved.", "%(num)s deployments are approved.", self.lms.approved))

    def _clocks(self) -> _Outcome:
        if not self.skews:
            return _skipped(_("The LMS did not say what time it has."))
        skew = min(self.skews, key=abs)
        seconds = f"{abs(round(skew.total_seconds())):,}"
        if abs(skew) <= _MOST_SKEW:
            return _ok(_("The LMS’s clock and ours are %(seconds)s s apart; up to 60 s will do.", seconds=seconds))
        if skew < timedelta(0):
            found = _("The LMS’s clock is %(seconds)s s behind ours: launches may be refused.", seconds=seconds)
        else:
            found = _("The LMS’s clock is %(seconds)s s ahead of ours: launches may be refused.", seconds=seconds)
        return _failed(found, _(mends.CLOCKS))

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
    is_private = isinstance(error, PrivateAddress)
    return _failed(str(error), _(mends.PRIVATE) if is_private else f"{_(mends.REACHABLE)} {mend}")


def _listed(people: int, *, has_more: bool) -> str:
    if has_more:
        return ngettext(
            "The roster of the course opened last lists %(num)s person on its first page.",
            "The roster of the course opened last lists %(num)s people on its first page.",
            people,
        )
    return ngettext(
        "The roster of the course opened last lists %(num)s person.",
        "The roster of the course opened last lists %(num)s people.",
        people,
    )


def _ok(found: str, mend: str = "") -> _Outcome:
    return _Outcome(Result.OK, found, mend)


def _failed(found: str, mend: str) -> _Outcome:
    return _Outcome(Result.FAILED, found, mend)


def _skipped(found: str) -> _Outcome:
    return _Outcome(Result.SKIPPED, found)
