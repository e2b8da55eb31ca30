"""Asking an LMS to tell us of copied courses (Platform Notification Service 1.0): seldom, and never during a launch."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.db import Sql, micros
from lti_tool.lti.claims import COPY_NOTICE
from lti_tool.lti.platforms import Deployment, Platform
from lti_tool.lti.service_calls import Fault, Patience, ServiceFault
from lti_tool.lti.service_tokens import ServiceAccount, ServiceTokens
from lti_tool.outbound import Answer, Outbound

SCOPE = "https://purl.imsglobal.org/spec/lti/scope/noticehandlers"
_RENEWED = timedelta(days=30)
"""An LMS may have lost what we asked: Canvas takes a handler away with the tool that is installed again."""
_RETRIED = timedelta(days=1)
"""Where the LMS refused, or has the service elsewhere now."""
_TAKEN = frozenset({200, 201, 204})
_ANSWER_BYTES = 65_536

_REQUEST = Sql(
    """
    update deployments set notices_url = :url, notices_asked_at = :now
     where id = :id
       and (notices_asked_at is null or notices_asked_at <= :renew
            or (notices_asked_at <= :retry and coalesce(notices_url, '') <> :url))
    """
)


def request(session: Session, deployment_id: str, url: str, *, now: datetime) -> bool:
    """Notes that the installation's LMS is to be asked at this address of its service; False while that is not due."""
    due = _REQUEST.run(
        session,
        id=deployment_id,
        url=url,
        now=micros(now),
        renew=micros(now - _RENEWED),
        retry=micros(now - _RETRIED),
    )
    return due.rowcount == 1


@dataclass(frozen=True)
class Asking:
    """Where to ask, and as whom."""

    deployment_id: str
    account: ServiceAccount
    url: str


def find(session: Session, deployment_id: str) -> Asking | None:
    """What `request` noted; None for an installation that is not admitted any more, or never was to be asked."""
    row = session.execute(
        select(Platform, Deployment.notices_url)
        .join(Deployment, Deployment.platform_id == Platform.id)
        .where(Deployment.id == deployment_id, Deployment.status == "active", Platform.status == "active")
    ).one_or_none()
    return Asking(deployment_id, row[0].account, row[1]) if row and row[1] else None


def note_refused(session: Session, asking: Asking) -> None:
    """So that a later launch asks again, a day after the last time."""
    deployment = session.get_one(Deployment, asking.deployment_id)
    if deployment.notices_url == asking.url:
        deployment.notices_url = None


class NoticeHandlers:
    """The service of any LMS; one for a process, for any number of threads."""

    def __init__(self, outbound: Outbound, tokens: ServiceTokens) -> None:
        self._outbound = outbound
        self._tokens = tokens

    def ask(self, asking: Asking, handler: str, *, patience: Patience) -> None:
        """Has notices of copied courses sent to `handler`, in the place of any earlier one. Raises ServiceFault."""
        token = self._tokens.token(asking.account, [SCOPE], patience=patience)
        answer = patience.call(lambda: self._put(asking.url, handler, token))
        if answer.status in _TAKEN:
            return
        if answer.status == 401:
            self._tokens.drop(asking.account, [SCOPE], token)
        codes = {401: Fault.TOKEN_REFUSED, 403: Fault.FORBIDDEN, 404: Fault.NOT_FOUND}
        raise ServiceFault(
            codes.get(answer.status, Fault.REFUSED), f"The LMS answered {answer.status} to where notices are to go."
        )

    def _put(self, url: str, handler: str, token: str) -> Answer:
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        wanted = {"notice_type": COPY_NOTICE, "handler": handler}
        return self._outbound.put_json(url, wanted, headers=headers, max_bytes=_ANSWER_BYTES)
