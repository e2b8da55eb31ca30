"""Holds whose time has come: what they kept is free, whether or not anybody was there (R19)."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from lti_tool.db import Sql, micros
from lti_tool.ledger import events, rules
from lti_tool.ledger.allotment import lock_member

_OVERDUE = Sql(
    f"""
    update holds set status = 'expired', closed_at = :now
     where license_id = :license_id and resource = :resource and member_id = :member_id
       and status = 'held' and expires_at <= :now
    returning id, amount, expires_at, {events.IS_HEARD}
    """
)


def expire_overdue(
    session: Session, license_id: str, resource: str, member_id: str, figures: rules.Standing, *, now: datetime
) -> rules.Standing:
    """Frees what the member's own overdue holds kept; the account must be locked. Returns the new figures (R19)."""
    rows = _OVERDUE.send(session, license_id=license_id, resource=resource, member_id=member_id, now=micros(now)).rows()
    freed = sum(amount for _, amount, *_ in rows)
    if freed == 0:
        return figures
    if rows[0][-1]:
        expired = [(hold_id, amount, expires_us) for hold_id, amount, expires_us, _ in rows]
        events.tell_of_expiry(session, license_id, resource, member_id, expired, now=now)
    free(session, license_id, resource, member_id, amount=freed)
    return replace(figures, available=figures.available + freed, held=figures.held - freed)


_MEMBERS_WITH_OVERDUE = Sql(
    """
    select distinct license_id, resource, member_id from holds
     where status = 'held' and expires_at <= :now
     order by license_id, resource, member_id limit :most
    """
)


def sweep(session: Session, *, now: datetime, most: int = 500) -> int:
    """Tidies overdue holds away and returns how many accounts it freed units of; nothing depends on it."""
    swept = 0
    for license_id, resource, member_id in _MEMBERS_WITH_OVERDUE.run(session, now=micros(now), most=most).all():
        figures = lock_member(session, license_id, resource, member_id, frozen_too=True)
        # Another sweep, or the member's own capture, may have been here while we waited for the lock.
        swept += expire_overdue(session, license_id, resource, member_id, figures, now=now) != figures
    return swept


_FREE = Sql(
    """
    update accounts set held = held - :amount
     where license_id = :license_id and resource = :resource and member_id = :member_id
    """
)


def free(session: Session, license_id: str, resource: str, member_id: str, *, amount: int) -> None:
    """Makes units that were set aside available again; the account must be locked."""
    _FREE.send(session, license_id=license_id, resource=resource, member_id=member_id, amount=amount)
