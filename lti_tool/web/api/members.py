"""GET /licenses/{license}/members and /members/{member}: who holds credits, and how many."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from flask import Response

from lti_tool.db import Sql, database_now, db, micros
from lti_tool.errors import Invalid, NotFound
from lti_tool.ledger import as_of
from lti_tool.licenses import licenses
from lti_tool.licenses.api_keys import READ
from lti_tool.members.people import pseudonym
from lti_tool.web.api import pages, past, queries, shapes, spending
from lti_tool.web.api.callers import caller, reach
from lti_tool.web.api.calls import call

_NAMES = ("issuer", "client_id", "subject")


def _standing(which: str) -> Sql:
    # The members first, then their figures: a page stays a page, however many resources there are.
    text = f"""
        with asked as (
            select m.id, m.license_id, p.id as person_id, p.name, p.email, p.subject, f.issuer
              from members m
              join people p on p.id = m.person_id
              join platforms f on f.id = p.platform_id
             where {which}
             order by m.id limit :most)
        select m.id, m.license_id, m.person_id, m.name, m.email, m.subject, m.issuer,
               (select ROLES from enrollments e
                 where e.license_id = m.license_id and e.member_id = m.id and e.active) as roles_now,
               (select ROLES from enrollments e
                 where e.license_id = m.license_id and e.member_id = m.id) as roles_ever,
               q.resource,
               coalesce(a.balance, 0) as balance,
               coalesce(a.held, 0) as held,
               coalesce(a.used, 0) as used,
               coalesce(a.received, 0) as received,
               (select coalesce(sum(h.amount), 0) from holds h
                 where h.license_id = q.license_id and h.resource = q.resource and h.member_id = m.id
                   and h.status = 'held' and h.expires_at <= :now) as overdue
          from asked m
          left join pools q on q.license_id = m.license_id
          left join accounts a
            on a.license_id = q.license_id and a.resource = q.resource and a.member_id = m.id
         order by m.id, q.resource
        """
    return Sql(
        text.replace("ROLES", "group_concat(distinct e.role)"),
        postgresql=text.replace("ROLES", "string_agg(distinct e.role, ',')"),
    )


_PAGE = _standing("m.license_id = :license_id and m.id > :after")
_NAMED = _standing(
    "m.license_id = :license_id and m.id > :after"
    " and f.issuer = :issuer and f.client_id = :client_id and p.subject = :subject"
)
_ONE = _standing("m.id = :member_id")


@call(READ, query=queries.MemberPage, answers=shapes.Listed[shapes.Member], refuses=(NotFound,))
def page(license_id: UUID, asked: queries.MemberPage) -> Response:
    """The license’s members, active or not, in the order in which they came; or the one whom an LMS names."""
    reach(str(license_id))
    named = {name: getattr(asked, name) for name in _NAMES if getattr(asked, name) is not None}
    for name in _NAMES:
        if named and name not in named:
            raise Invalid(f"{name}: A member is found by {', '.join(_NAMES)}, all three.", field=name)
    place = {"license_id": str(license_id), "after": pages.start(asked), "most": asked.limit + 1}
    now = micros(database_now(db.session()))
    found = _shapes((_NAMED if named else _PAGE).run(db.session(), **place, **named, now=now))
    if not found:
        licenses.find(db.session(), str(license_id))
    return pages.listed(_as_they_stood(found, asked), asked)


@call(READ, query=queries.AtMoment, answers=shapes.Member, refuses=(NotFound,))
def one(member_id: UUID, asked: queries.AtMoment) -> Response:
    """One member, as it stands or stood; another license’s are not there for a key with a license."""
    now = micros(database_now(db.session()))
    found = _shapes(_ONE.run(db.session(), member_id=str(member_id), most=1, now=now))
    if not found or not caller().reaches(str(found[0]["license"])):
        raise NotFound("There is no such member.")
    return pages.shaped(_as_they_stood(found, asked)[0])


def _as_they_stood(found: list[pages.Item], asked: queries.AtMoment) -> list[pages.Item]:
    """The members with the balances of the moment that was asked for; who they are is told as of now."""
    if asked.at is None or not found:
        return found
    at = past.moment(asked.at)
    stood = as_of.members_at(db.session(), str(found[0]["license"]), [str(one["id"]) for one in found], at)
    balances: dict[str, dict[str, pages.Item]] = {}
    for (member_id, resource), standing in stood.items():
        balances.setdefault(member_id, {})[resource] = spending.balance(standing)
    return [{**one, "balances": balances.get(str(one["id"]), {})} for one in found]


def _shapes(rows: Iterable[Any]) -> list[pages.Item]:
    members: dict[str, tuple[Any, dict[str, pages.Item]]] = {}
    for row in rows:
        _, balances = members.setdefault(row.id, (row, {}))
        if row.resource is not None:
            balances[row.resource] = _balance(row)
    return [_shape(row, balances) for row, balances in members.values()]


def _shape(row: Any, balances: dict[str, pages.Item]) -> pages.Item:
    roles = row.roles_now or row.roles_ever  # of somebody who left every course: the roles they had
    return {
        "id": row.id,
        "license": row.license_id,
        "name": row.name or pseudonym(row.person_id),
        "email": row.email,
        "subject": row.subject,
        "issuer": row.issuer,
        "roles": sorted(roles.split(",")) if roles else [],
        "status": "active" if row.roles_now else "inactive",
        "balances": balances,
    }


def _balance(row: Any) -> pages.Item:
    held = row.held - int(row.overdue)  # a hold past its time is not held, tidied away or not (R19)
    return {"available": row.balance - held, "held": held, "used": row.used, "received": row.received}
