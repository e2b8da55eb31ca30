"""POST /lti/launch: the LMS's signed word of who is here becomes a visit, with all its effects in one transaction."""

from contextlib import suppress
from datetime import datetime

import structlog
from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lti_tool import clock
from lti_tool.db import Sql, db, reading, transaction
from lti_tool.lti import launch_log, launches, notice_handlers, platforms
from lti_tool.lti.attempts import Attempt
from lti_tool.lti.launches import Arrival, Posted, Verified
from lti_tool.lti.refusals import (
    DeploymentPending,
    LaunchRefused,
    LmsRefused,
    NonceUsed,
    NothingKept,
    StateExpired,
    StateUnknown,
)
from lti_tool.lti.roles import Role
from lti_tool.lti.states import Carrier
from lti_tool.lti.storage import storage_of
from lti_tool.members import roster_reads
from lti_tool.members.admission import Admitted, admit
from lti_tool.members.readmission import readmit
from lti_tool.web import here, languages, session
from lti_tool.web.access import PLATFORM, only
from lti_tool.web.lti import deep_link
from lti_tool.web.lti.doors import begin_attempt, door, jobs, once, settings
from lti_tool.web.lti.landing import landing
from lti_tool.web.lti.own_page import proof
from lti_tool.web.session import Visit

_SEE_OTHER = 303
_OIDC_ERROR_LENGTH = 40


@only(PLATFORM)
def launch() -> ResponseReturnValue:
    """Lets the person in, or raises LaunchRefused."""
    now = clock.now()
    attempt = begin_attempt(launches.STEPS)
    structlog.contextvars.bind_contextvars(support_id=attempt.support_id)
    if "error" in request.form:
        raise _lms_refused(attempt, now)
    attempt.reached = "browser"
    posted = Posted(id_token=once("id_token"), state=once("state"), cookies=request.cookies, proof=proof())
    verified = verify(posted, attempt, now)
    languages.speak_to(verified.claims.locale or "")
    if verified.carrier is None:
        attempt.reached = "browser"
        if posted.proof is None and (storage := storage_of(verified.state, verified.registered)):
            return render_template("lti/launch.html", posted=posted, storage=storage)
        raise NothingKept(claims=verified.claims)
    return enter(verified, attempt, now)


def enter(verified: Verified, attempt: Attempt, now: datetime) -> ResponseReturnValue:
    """Begins the visit of a launch that is this browser's, with all that it leads to."""
    row = door().log.row(attempt, launch_log.OK, now=now)
    again = readmit(db.engine, verified, log_row=row, resource=settings().resource, now=now)
    if again:
        return _welcome(again.arrival, again.admitted, now)
    try:
        with transaction() as books:
            arrival = launches.arrive(books, verified, attempt, now=now)
            admitted = Admitted() if arrival.picker else admit(books, arrival, settings=settings(), now=now)
            asked = _ask_for_roster(books, arrival, admitted, now)
            to_ask = _ask_for_notices(books, arrival, now)
            launch_log.note(books, row)
    except NonceUsed:
        return _reloaded(verified, now)
    except LaunchRefused as refusal:
        session.end()
        if isinstance(refusal, DeploymentPending):
            _keep_for_approval(verified, now)
        raise
    if arrival.picker:
        return _pick(arrival, verified, now)
    if asked:
        jobs().read_roster(asked)
    if to_ask:
        jobs().ask_for_notices(to_ask)
    return _welcome(arrival, admitted, now)


def verify(posted: Posted, attempt: Attempt, now: datetime) -> Verified:
    """All checks that come before the transaction; where one fails, nobody's visit stays for the next person."""
    try:
        return launches.verify(reading(), posted, attempt, door=door(), now=now)
    except LaunchRefused:
        # On a shared computer the next person is not to find the last one's visit, let in or not. What nobody signed
        # ends nothing: any site could post it.
        if attempt.is_signed and attempt.carried_by is not None:
            session.end()
        raise
    finally:
        db.session.remove()  # the read is over: one connection for each launch is enough


def _ask_for_roster(books: Session, arrival: Arrival, admitted: Admitted, now: datetime) -> str | None:
    """The course whose list a teacher's launch brings up to date, if nobody is reading it already."""
    if arrival.context_id is None or admitted.license_id is None or arrival.role is not Role.TEACHER:
        return None
    asked = roster_reads.request_read(books, arrival.context_id, requested_by=admitted.person_id, now=now)
    return arrival.context_id if asked else None


def _ask_for_notices(books: Session, arrival: Arrival, now: datetime) -> str | None:
    """The installation whose LMS can tell of copied courses, if it is time to ask it to."""
    url = arrival.claims.notices_url
    if url is None or arrival.picker or not arrival.role.is_staff:
        return None
    return arrival.deployment_id if notice_handlers.request(books, arrival.deployment_id, url, now=now) else None


def _lms_refused(attempt: Attempt, now: datetime) -> LmsRefused:
    """The LMS's own words are not shown: anybody can post them."""
    attempt.reached = "lms"
    with suppress(StateUnknown, StateExpired):
        attempt.platform_id = door().states.read(once("state") or "", now=now).platform_id
    error = (once("error") or "")[:_OIDC_ERROR_LENGTH]
    return LmsRefused(error=error if error.replace("_", "").isalpha() else None)


def _keep_for_approval(verified: Verified, now: datetime) -> None:
    with transaction() as books:
        platforms.note_pending(
            books, platform_id=verified.registered.id, deployment_id=verified.claims.deployment_id, now=now
        )


_IS_PERSON = Sql("select 1 from people where id = :id and platform_id = :platform_id and subject = :subject")


def _reloaded(verified: Verified, now: datetime) -> ResponseReturnValue:
    """A launch posted again: whoever is still here from it goes on, anybody else begins anew from the course."""
    visit = _visit_of(verified, now)
    if visit is None or verified.picker:
        raise NonceUsed()
    return redirect(landing(visit, verified.claims.target_link_uri), _SEE_OTHER)


def _visit_of(verified: Verified, now: datetime) -> Visit | None:
    """The visit in this browser, if the launch's person began it."""
    visit = session.current(now)
    if visit is None or visit.person_id is None:
        return None
    person = _IS_PERSON.run(
        db.session(), id=visit.person_id, platform_id=verified.registered.id, subject=verified.claims.subject
    )
    return visit if person.first() else None


def _pick(arrival: Arrival, verified: Verified, now: datetime) -> str:
    if _visit_of(verified, now) is None:
        session.end()  # whoever launched here before is not who is here now
    return deep_link.choose(arrival, now)


def _welcome(arrival: Arrival, admitted: Admitted, now: datetime) -> ResponseReturnValue:
    if not arrival.role.is_staff and arrival.role not in (Role.LEARNER, Role.OBSERVER):
        session.end()  # whoever launched here before is not who is here now
        return render_template("lti/no_role.html", claims=arrival.claims, is_preview=arrival.role is Role.TEST_USER)
    role = admitted.role(arrival.role)
    visit = Visit(
        platform_id=arrival.platform_id,
        context_id=arrival.context_id,
        license_id=admitted.license_id,
        person_id=admitted.person_id,
        member_id=admitted.member_id,
        role=role,
        manages=admitted.manages,
        mentored=admitted.mentored,
        locale=arrival.claims.locale or "",
        ends_at=now + session.lasts(settings(), role),
        alias=here.alias(arrival.platform_id, arrival.claims.subject, arrival.role),
    )
    session.begin(visit)
    home = landing(visit, arrival.claims.target_link_uri)
    if arrival.carrier is Carrier.COOKIE:
        return redirect(home, _SEE_OTHER)
    # This browser did not send the login's cookie, so perhaps it sends none.
    return render_template("lti/arrived.html", home=home, visit_token=session.token(now))
