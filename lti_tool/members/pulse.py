"""Whether anything changed that the pages of staff show: one short text, which is another one after each change."""

import hashlib

from sqlalchemy import ScalarSelect, func, select, text
from sqlalchemy.orm import Session

from lti_tool.ledger.holds import Hold
from lti_tool.ledger.policies import Policy
from lti_tool.ledger.pools import Pool
from lti_tool.ledger.transfers import Transfer
from lti_tool.members.people import Enrollment
from lti_tool.members.reach import Reach
from lti_tool.members.requests import CreditRequest
from lti_tool.members.roster_reads import RosterRead

# As literals: the indexes of open holds and of staff are found by them.
_IS_OPEN = text("holds.status = 'held'")
_IS_STAFF = text("enrollments.active and enrollments.role <> 'learner'")


def pulse(session: Session, within: Reach, resource: str) -> str:
    """Another text after a movement, a hold, a setting, a request, a mark, a launch or a list read within reach.

    The newest of each is looked up in an index; only the class's own rows are looked through.
    """
    license_id, here = within.license_id, Enrollment.context_id.in_(within.courses)
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
            select(func.max(RosterRead.complete_at)).where(RosterRead.context_id.in_(within.courses)).scalar_subquery(),
            # Who was marked as staff; of all courses, as their index has them.
            select(func.count()).where(Enrollment.license_id == license_id, _IS_STAFF).scalar_subquery(),
            func.max(Enrollment.last_launch_at),
            func.count().filter(Enrollment.active),
        ).where(Enrollment.license_id == license_id, here)
    ).one()
    return hashlib.sha256(repr(tuple(newest)).encode()).hexdigest()[:16]


def _newest(rows: type[Transfer | Hold | CreditRequest], license_id: str) -> ScalarSelect[str]:
    return select(rows.id).where(rows.license_id == license_id).order_by(rows.id.desc()).limit(1).scalar_subquery()
