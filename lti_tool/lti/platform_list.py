"""Registered LMSs as an operator looks through them: those that wait first, a page at a time."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from lti_tool.lti.platforms import Deployment, Platform

_REST = "rest-"


@dataclass(frozen=True)
class Waiting:
    """What waits to be approved: registrations, and deployments of LMSs that are approved already.

    `only_at` is the LMS's id where all of it is of one.
    """

    registrations: int
    deployments: int
    only_at: str | None


def listed(session: Session, text: str = "", *, after: str = "", limit: int) -> Sequence[Platform]:
    """Registrations that wait or have deployments that do, newest first, then the others, newest first.

    The text is looked for in names, issuers, clients and deployments; `after` is `place` of the last one seen.
    """
    is_rest, last = after.startswith(_REST), after.removeprefix(_REST)
    waiting = [] if is_rest else _part(session, _waits(), text, last, limit)
    if len(waiting) == limit:
        return waiting
    return [*waiting, *_part(session, ~_waits(), text, last if is_rest else "", limit - len(waiting))]


def place(session: Session, platform: Platform) -> str:
    """Where `listed` goes on after this one."""
    waits = session.scalar(select(Platform.id).where(Platform.id == platform.id, _waits()))
    return platform.id if waits else _REST + platform.id


def waiting(session: Session) -> Waiting:
    """How much waits for the operator."""
    registrations = select(func.count()).select_from(Platform).where(Platform.status == "pending")
    deployments = (
        select(func.count())
        .select_from(Deployment)
        .join(Platform, Platform.id == Deployment.platform_id)
        .where(Deployment.status == "pending", Platform.status == "active")
    )
    places = session.scalars(select(Platform.id).where(_waits()).limit(2)).all()
    only_at = places[0] if len(places) == 1 else None
    return Waiting(session.scalar(registrations) or 0, session.scalar(deployments) or 0, only_at)


def counted(session: Session, platform_ids: Collection[str]) -> dict[str, dict[str, int]]:
    """How many deployments of each status each of these has."""
    found: dict[str, dict[str, int]] = {one: {} for one in platform_ids}
    query = select(Deployment.platform_id, Deployment.status, func.count()).where(
        Deployment.platform_id.in_(platform_ids)
    )
    for platform_id, status, number in session.execute(query.group_by(Deployment.platform_id, Deployment.status)):
        found[platform_id][status] = number
    return found


def deployments(session: Session, platform_id: str, *, after: str = "", limit: int) -> Sequence[Deployment]:
    """The platform's installations, those that wait first; `after` is `deployment_place` of the last one seen."""
    is_rest, last = after.startswith(_REST), after.removeprefix(_REST)
    pending = Deployment.status == "pending"
    waiting = [] if is_rest else _installed(session, platform_id, pending, last, limit)
    if len(waiting) == limit:
        return waiting
    return [*waiting, *_installed(session, platform_id, ~pending, last if is_rest else "", limit - len(waiting))]


def deployment_place(deployment: Deployment) -> str:
    """Where `deployments` goes on after this one."""
    return deployment.id if deployment.status == "pending" else _REST + deployment.id


def _waits() -> ColumnElement[bool]:
    of_it = (Deployment.platform_id == Platform.id, Deployment.status == "pending")
    has_waiting = select(Deployment.id).where(*of_it).exists()
    return or_(Platform.status == "pending", (Platform.status == "active") & has_waiting)


def _part(session: Session, which: ColumnElement[bool], text: str, last: str, limit: int) -> list[Platform]:
    query = select(Platform).where(which)
    if last:
        query = query.where(Platform.id < last)
    if text:
        query = query.where(_has(text.lower()))
    return list(session.scalars(query.order_by(Platform.id.desc()).limit(limit)))


def _has(typed: str) -> ColumnElement[bool]:
    columns = (Platform.name, Platform.issuer, Platform.client_id)
    installed = select(Deployment.id).where(
        Deployment.platform_id == Platform.id, func.lower(Deployment.deployment_id).contains(typed, autoescape=True)
    )
    named = (func.lower(column).contains(typed, autoescape=True) for column in columns)
    return or_(Platform.id == typed, *named, installed.exists())


def _installed(
    session: Session, platform_id: str, which: ColumnElement[bool], last: str, limit: int
) -> list[Deployment]:
    query = select(Deployment).where(Deployment.platform_id == platform_id, which)
    if last:
        query = query.where(Deployment.id < last)
    return list(session.scalars(query.order_by(Deployment.id.desc()).limit(limit)))
