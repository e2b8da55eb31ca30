"""Whether anything changed that the pages of staff show: one short text, which is another one after each change."""

import hashlib

from sqlalchemy import ScalarSelect, case, func, select, text
from sqlalchemy.orm import Session

from lti_tool.ledger.holds import Hold
from lti_tool.ledger.policies import Policy
from lti_tool.ledger.pools import Pool
from lti_tool.ledger.transfers import Transfer
from lti_tool.lti.roles import Role
from lti_tool.members.people import Enrollment
from lti_tool.members.reach import Reach
from lti_tool.members.requests import CreditRequest

_IS_OPEN = text("holds.status = 'held'")
"""As a literal: the index of open holds is found by it."""


def pulse(session: Session, within: Reach, resource: str) -> str:
    """Another text after a movement, a hold, a setting, a request, a launch or a list read within reach.

    The newest of each is looked up in an index; only the class's own rows are looked through.
    """
    license_id = within.license_id
    newest = session.execute(
        select(
            _newest(Transfer, license_id),
            select(func.sum(Pool.version)).where(Pool.license_id == license_id).scalar_subquery(),
            select(func.sum(Policy.version)).where(Policy.license_id == license_id).scalar_subquery(),
            _newest(Hold, license_id),
            # A hold that ran out leaves no transfer.
            select(func.count())
            .select_from(Hold)
            .where(Hold.license_id == license_id, Hold.resource == resource, _IS_OPEN)
            .scalar_subquery(),
            _newest(CreditRequest, license_id),
            select(func.count())
            .select_from(CreditRequest)
            .where(CreditRequest.license_id == license_id, CreditRequest.closed_at.is_(None))
            .scalar_subquery(),
            func.max(Enrollment.last_launch_at),
            func.count(),
            func.sum(case((Enrollment.active, 1), else_=0)),
            func.sum(case((Enrollment.role == Role.LEARNER.value, 1), else_=0)),
        ).where(Enrollment.license_id == license_id, Enrollment.context_id.in_(within.courses))
    ).one()
    return hashlib.sha256(repr(tuple(newest)).encode()).hexdigest()[:16]


def _newest(rows: type[Transfer | Hold | CreditRequest], license_id: str) -> ScalarSelect[str]:
    return select(rows.id).where(rows.license_id == license_id).order_by(rows.id.desc()).limit(1).scalar_subquery()
