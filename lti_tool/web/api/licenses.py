"""GET /licenses and /licenses/{license}: where each licence's units are, so that they add up (R5)."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Response, current_app

from lti_tool.db import Sql, database_now, db, micros
from lti_tool.errors import NotFound
from lti_tool.ledger import as_of
from lti_tool.ledger.pools import Totals
from lti_tool.licenses import licenses
from lti_tool.licenses.api_keys import READ
from lti_tool.settings import Resource, Settings
from lti_tool.web.api import pages, past, queries, shapes
from lti_tool.web.api.callers import caller, reach
from lti_tool.web.api.calls import call


def _figures(which: str) -> Sql:
    # One statement, so that a movement beside it is in all figures or in none.
    return Sql(
        f"""
        with asked as (select id, name from licenses where {which})
        select l.id, l.name, p.resource, p.issued, p.balance as pool,
               coalesce(sum(a.balance), 0) as balance,
               coalesce(sum(a.held), 0) as held,
               coalesce(sum(a.used), 0) as used,
               (select coalesce(sum(h.amount), 0) from holds h
                 where h.license_id = p.license_id and h.resource = p.resource
                   and h.status = 'held' and h.expires_at <= :now) as overdue,
               coalesce((select s.maximum from policies s
                          where s.license_id = p.license_id and s.resource = p.resource
                          order by s.version desc limit 1), 0) as maximum
          from asked l
          left join pools p on p.license_id = l.id
          left join accounts a on a.license_id = p.license_id and a.resource = p.resource
         group by l.id, l.name, p.license_id, p.resource, p.issued, p.balance
         order by l.id, p.resource
        """
    )


_ALL = _figures("id > :after order by id limit :most")
_ONE = _figures("id = :license_id and id > :after")


@call(READ, query=queries.Page, answers=shapes.Listed[shapes.License])
def page(asked: queries.Page) -> Response:
    """The licenses that the key reaches, oldest first."""
    after, only = pages.start(asked), caller().license_id
    now = micros(database_now(db.session()))
    if only is None:
        rows = _ALL.run(db.session(), after=after, most=asked.limit + 1, now=now)
    else:
        rows = _ONE.run(db.session(), after=after, license_id=only, now=now)
    return pages.listed(_shapes(rows), asked)


@call(READ, query=queries.AtMoment, answers=shapes.License, refuses=(NotFound,))
def one(license_id: UUID, asked: queries.AtMoment) -> Response:
    """One license, as it stands or as it stood at a past moment."""
    reach(str(license_id))
    if asked.at is not None:
        return pages.shaped(_as_it_stood(str(license_id), past.moment(asked.at)))
    now = micros(database_now(db.session()))
    found = _shapes(_ONE.run(db.session(), license_id=str(license_id), after=pages.START, now=now))
    if not found:
        raise NotFound("There is no such license.")
    return pages.shaped(found[0])


def _as_it_stood(license_id: str, at: datetime) -> pages.Item:
    found = licenses.find(db.session(), license_id)
    settings: Settings = current_app.extensions["creditroll"]
    figures = [
        licenses.figures(one.totals, settings.resources[one.totals.resource], one.maximum)
        for one in as_of.license_at(db.session(), license_id, at)
        if one.totals.resource in settings.resources
    ]
    return {"id": found.id, "name": found.name, "resources": figures}


def _shapes(rows: Iterable[Any]) -> list[pages.Item]:
    settings: Settings = current_app.extensions["creditroll"]
    found: dict[str, tuple[str, list[pages.Item]]] = {}
    for row in rows:
        _, resources = found.setdefault(row.id, (row.name, []))
        if row.resource in settings.resources:
            resources.append(_figures_of(row, settings.resources[row.resource]))
    return [{"id": id_, "name": name, "resources": resources} for id_, (name, resources) in found.items()]


def _figures_of(row: Any, resource: Resource) -> pages.Item:
    held = int(row.held) - int(row.overdue)  # a hold past its time is not held, tidied away or not (R19)
    available = int(row.balance) - held
    totals = Totals(resource.name, row.issued, row.pool, available, held, int(row.used), frozen=0)
    return licenses.figures(totals, resource, row.maximum)
