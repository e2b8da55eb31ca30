"""A student whom the books know comes again with credits left, as in nearly every launch: one write does it all.

It has the same effects as `launches.arrive`, `admission.admit` and `launch_log.note` for that launch, or none: then
those do it, step by step.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from lti_tool.db import Write, micros
from lti_tool.lti import contexts, launch_log
from lti_tool.lti.launches import Arrival, Verified
from lti_tool.lti.roles import Role
from lti_tool.members.admission import Admitted
from lti_tool.settings import Resource

# What the steps look at, where they find nothing to do: platform and deployment are admitted, the course has its
# license and is as before, so is the person, who is a student here and nothing else, and has something left, so that
# no bundle is due (R8). No account changes, so none is locked.
_KNOWN = f"""
        select d.id as installation_id, c.id as course_id, b.license_id, p.id as person_id, m.id as member_id
          from platforms l
          join deployments d on d.platform_id = l.id and d.deployment_id = :deployment and d.status = 'active'
          join contexts c on c.deployment_id = d.id and c.context_id = :context and {contexts.AS_BEFORE}
          join bindings b on b.context_id = c.id
          join people p on p.platform_id = l.id and p.subject = :subject
           and p.name is not distinct from coalesce(:name, p.name)
           and p.email is not distinct from coalesce(:email, p.email)
          join members m on m.license_id = b.license_id and m.person_id = p.id
          join enrollments e on e.context_id = c.id and e.member_id = m.id and e.active
           and e.role = 'learner' and e.launch_role = 'learner' and not e.is_marked_staff
          join accounts a on a.license_id = b.license_id and a.resource = :resource and a.member_id = m.id
           and a.balance > 0 and not a.frozen
         where l.id = :platform_id and l.status = 'active'
"""

# `spent` decides between several of one nonce, as ever. On PostgreSQL a roster read may drop the student at this
# moment: `stayed` is then empty, the code null, which the table refuses, and nothing of all this has happened. On
# SQLite nobody else writes meanwhile.
_READMIT = Write(
    _KNOWN.replace("is not distinct from", "is"),  # the standard's words are new to SQLite (3.39)
    "insert into spent_nonces (nonce, expires_at) values (:nonce, :expires_at) on conflict do nothing",
    "update enrollments set last_launch_at = :at where context_id = :course_id and member_id = :member_id",
    launch_log.NOTE,
    postgresql=f"""
    with known as ({_KNOWN}),
    spent as (
        insert into spent_nonces (nonce, expires_at) select :nonce, :expires_at from known
        on conflict do nothing returning nonce),
    stayed as (
        update enrollments e set last_launch_at = :at from known, spent
         where e.context_id = known.course_id and e.member_id = known.member_id and e.active
           and e.role = 'learner' and e.launch_role = 'learner' and not e.is_marked_staff
        returning :code as code),
    noted as (
        insert into launches
            (id, support_id, at, platform_id, deployment_id, code, carried_by, skew_s, checks, claims)
        select :id, :support_id, :at, :platform_id, :deployment_id, (select code from stayed), :carried_by, :skew_s,
               :checks, :claims from spent
        on conflict do nothing)
    select known.* from known, spent
    """,
)


@dataclass(frozen=True)
class Readmitted:
    """What the launch led to, as `arrive` and `admit` would have said it."""

    arrival: Arrival
    admitted: Admitted


def readmit(
    engine: Engine, verified: Verified, *, log_row: Mapping[str, object], resource: Resource, now: datetime
) -> Readmitted | None:
    """Lets a student in again; None, and nothing done, if there is more to do, or to refuse.

    `log_row` is the launch's row for the launch log. One commit; on PostgreSQL one round trip, on SQLite four steps.
    """
    claims, context = verified.claims, verified.claims.context
    if verified.role is not Role.LEARNER or verified.carrier is None or verified.picker or context is None:
        return None
    try:
        rows = _READMIT.alone(
            engine,
            **log_row,
            **contexts.as_it_comes(context, claims.memberships_url, claims.copied_from, now=now),
            deployment=claims.deployment_id,
            context=context.id,
            subject=claims.subject,
            name=claims.name,
            email=claims.email,
            resource=resource.name,
            nonce=verified.state.nonce,
            expires_at=micros(verified.state.expires_at),
        )
    except IntegrityError:
        return None
    if not rows:
        return None
    [(deployment_id, context_id, license_id, person_id, member_id)] = rows
    arrival = Arrival(verified.registered.id, deployment_id, context_id, claims, verified.role, verified.carrier)
    return Readmitted(arrival, Admitted(license_id, person_id, member_id))
