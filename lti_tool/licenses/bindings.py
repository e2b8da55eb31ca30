"""Which licence a course belongs to (R23)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from lti_tool.db import Base, Instant, Sql, micros
from lti_tool.errors import Refusal
from lti_tool.ids import new_id
from lti_tool.language import _
from lti_tool.licenses.licenses import License
from lti_tool.lti.contexts import Context
from lti_tool.lti.platforms import Deployment, Platform


class Binding(Base):
    """A deployment's licence (`context_id` null) or one course's own; a course has at most one, and keeps it."""

    __tablename__ = "bindings"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    license_id: Mapped[str] = mapped_column(String(36), ForeignKey("licenses.id"))
    deployment_id: Mapped[str] = mapped_column(String(36), ForeignKey("deployments.id"))
    context_id: Mapped[str | None] = mapped_column(String(36), ForeignKey("contexts.id"))
    created_at: Mapped[datetime] = mapped_column(Instant)


@dataclass(frozen=True)
class Place:
    """A deployment, or with `context_id` one course of it, in which a licence is in force; `id` is the binding's."""

    id: str
    platform_id: str
    platform: str
    issuer: str
    client_id: str
    deployment_id: str
    context_id: str | None
    title: str | None


class AlreadyBound(Refusal):
    """The course or deployment belongs to another licence; moving it would tear its members' credits apart."""

    code = "already_bound"


_FIND = Sql(
    """
    select license_id, context_id from bindings
     where context_id = :context_id or (deployment_id = :deployment_id and context_id is null)
     order by context_id is null limit 1
    """
)

_BIND = Sql(
    """
    insert into bindings (id, license_id, deployment_id, context_id, created_at)
    values (:id, :license_id, :deployment_id, :context_id, :now)
    on conflict do nothing
    """
)

_OWNED = Sql(
    """
    select l.id from licenses l
      join people p on p.id = l.owner_person_id
     where p.platform_id = :platform_id and p.subject = :subject
       and exists (select 1 from bindings b where b.license_id = l.id and b.deployment_id = :deployment_id)
     order by l.id limit 1
    """
)


def license_of_course(session: Session, deployment_id: str, context_id: str, *, now: datetime) -> str | None:
    """The course's own licence, else its deployment's, which then becomes the course's own; else None (R23)."""
    row = _FIND.run(session, deployment_id=deployment_id, context_id=context_id).first()
    if row is None:
        return None
    license_id, bound_context = row
    if bound_context is None:
        bind(session, license_id, deployment_id, context_id, now=now)
    return str(license_id)


def license_in_force(session: Session, deployment_id: str, context_id: str | None) -> str | None:
    """The licence that a course has, or would have at its next launch; nothing is bound by asking."""
    row = _FIND.run(session, deployment_id=deployment_id, context_id=context_id).first()
    return None if row is None else str(row[0])


def license_owned_by(session: Session, platform_id: str, subject: str, deployment_id: str) -> str | None:
    """The licence that this single educator has in the deployment: all their courses share it (R23)."""
    found = _OWNED.run(session, platform_id=platform_id, subject=subject, deployment_id=deployment_id).scalar()
    return None if found is None else str(found)


def bind(session: Session, license_id: str, deployment_id: str, context_id: str | None, *, now: datetime) -> None:
    """Gives a course, or a whole deployment, to a licence; doing it again changes nothing. Raises AlreadyBound."""
    bound = _BIND.run(
        session,
        id=new_id(),
        license_id=license_id,
        deployment_id=deployment_id,
        context_id=context_id,
        now=micros(now),
    )
    if bound.rowcount == 1:
        return
    same = Binding.context_id == context_id if context_id else Binding.context_id.is_(None)
    holder = session.scalar(select(Binding.license_id).where(Binding.deployment_id == deployment_id, same))
    if holder != license_id:
        if context_id:
            raise AlreadyBound(_("This course belongs to another license already."), license=holder)
        raise AlreadyBound(_("This deployment belongs to another license already."), license=holder)


def describe(session: Session, license_id: str) -> list[dict[str, str | None]]:
    """Where the licence is in force, as `license show --json` prints it: issuer, client, deployment and course."""
    return [
        {
            "issuer": place.issuer,
            "client_id": place.client_id,
            "deployment_id": place.deployment_id,
            "context_id": place.context_id,
            "title": place.title,
        }
        for place in places(session, license_id)
    ]


def places(session: Session, license_id: str, *, after: str = "", limit: int | None = None) -> Sequence[Place]:
    """Where the licence is in force, in the order in which it came to be; `after` is the id of the last one seen."""
    rows = session.execute(
        select(
            Binding.id,
            Platform.id,
            Platform.name,
            Platform.issuer,
            Platform.client_id,
            Deployment.deployment_id,
            Context.context_id,
            Context.title,
        )
        .select_from(Binding)
        .join(Deployment, Deployment.id == Binding.deployment_id)
        .join(Platform, Platform.id == Deployment.platform_id)
        .outerjoin(Context, Context.id == Binding.context_id)
        .where(Binding.license_id == license_id, Binding.id > after)
        .order_by(Binding.id)
        .limit(limit)
    )
    return [Place(*row) for row in rows]


def licenses_of_deployments(session: Session, deployment_ids: Collection[str]) -> dict[str, License]:
    """The licence that each of these deployments is bound to as a whole, where it is."""
    query = select(Binding.deployment_id, License).join(License, License.id == Binding.license_id)
    whole = (Binding.deployment_id.in_(deployment_ids), Binding.context_id.is_(None))
    found: dict[str, License] = dict(iter(session.execute(query.where(*whole))))
    return found


def license_of_deployment(session: Session, deployment_id: str) -> str | None:
    """The licence that a whole deployment is bound to, if it is."""
    return session.scalar(
        select(License.id)
        .join(Binding, Binding.license_id == License.id)
        .where(Binding.deployment_id == deployment_id, Binding.context_id.is_(None))
    )
