"""Handing a student on to the licence's exporting service: a signed token of whom it may charge, and of nothing else.

The service's address is a manager's choice, so the token holds ids of our own alone: no name, no e-mail, nothing by
which the LMS knows anybody. To spend, the service needs an API key besides.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from lti_tool.db import micros
from lti_tool.ids import new_id
from lti_tool.ledger import journal, policies, pools, rules
from lti_tool.licenses import export_services
from lti_tool.licenses.export_services import ExportService, Hosts
from lti_tool.settings import Resource

TYPE = "creditroll-handoff+jwt"
"""The `typ` of the token: it is no LTI message and no client assertion, and none of them is it (RFC 8725 3.11)."""

LASTS = timedelta(minutes=5)


@dataclass(frozen=True)
class HandOff:
    """One student, who can export, and the service; in units, what is there and what a hold may still bring."""

    service: ExportService
    license_id: str
    member_id: str
    course_id: str
    resource: str
    available: int
    coming: int

    def claims(self, *, issuer: str, now: datetime) -> dict[str, Any]:
        """What is signed. The service lets a `jti` count once."""
        issued_at = int(now.timestamp())
        return {
            "iss": issuer,
            "aud": self.service.origin,
            "sub": self.member_id,
            "iat": issued_at,
            "exp": issued_at + int(LASTS.total_seconds()),
            "jti": new_id(),
            "license": self.license_id,
            "course": self.course_id,
            "resource": self.resource,
            "available": self.available,
            "coming": self.coming,
        }


def prepare(
    session: Session,
    license_id: str,
    member_id: str,
    *,
    course_id: str,
    resource: Resource,
    hosts: Hosts,
    now: datetime,
) -> HandOff | None:
    """Of this member, if there is a service and they have something to export with, or it comes when they do (R8).

    None for whoever left the course (R20). `now` is the database's clock.
    """
    service = export_services.find(session, license_id, hosts)
    found = journal.standing(session, license_id, resource.name, member_id, now=now)
    if service is None or found is None:
        return None
    standing, is_frozen = found
    figures = {totals.resource: totals.pool for totals in pools.totals(session, license_id, now_us=micros(now))}
    coming = rules.may_still_come(
        received=standing.received,
        maximum=policies.current(session, license_id, resource.name).maximum,
        pool=figures.get(resource.name, 0),
        bundle=resource.bundle,
    )
    if is_frozen or not standing.available + coming:
        return None
    return HandOff(service, license_id, member_id, course_id, resource.name, standing.available, coming)
