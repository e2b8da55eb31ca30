"""A student's sheet: what they have, what happened, and who can give them more, all read by one statement."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine

from lti_tool.db import POSTGRESQL_NOW, SQLITE_NOW, Sql, moment
from lti_tool.ledger.rules import Standing
from lti_tool.members.people import pseudonym


@dataclass(frozen=True)
class UnderWay:
    """An open hold: units that are set aside for an export."""

    amount: int
    at: datetime
    reference: str | None


@dataclass(frozen=True)
class Happened:
    """One transfer of the member's; `actor` is the display name of the person who made it, if one did."""

    kind: str
    amount: int
    at: datetime
    reference: str | None
    note: str | None
    member_version: int
    actor: str | None


@dataclass(frozen=True)
class Asked:
    """What the member asked for last; `by` is who declined it, and `words` what they said.

    `received` are the units that the member had received then: with more, the request has been met.
    """

    at: datetime
    received: int
    reason: str | None
    answer: str | None
    closed_at: datetime | None
    words: str | None
    by: str | None


@dataclass(frozen=True)
class Sheet:
    """One member's figures, in units, and what happened, newest first; `older` is where it goes on, if it does."""

    member_id: str
    name: str
    standing: Standing
    is_frozen: bool
    under_way: list[UnderWay]
    transfers: list[Happened]
    older: int | None
    asked: Asked | None


@dataclass(frozen=True)
class CourseView:
    """What a course gives by itself and what its licence has left, in units (a maximum of 0 is off), and a sheet.

    `place` is what the course is called, and `course` the same or the LMS's id; `teachers` can mend what a student
    cannot (R14a). `service` is the exporting service as it is kept: label, address, who chose it.
    `sheet` is None for a member whom the licence does not have.
    """

    place: str
    course: str
    maximum: int
    pool: int
    teachers: list[str]
    service: tuple[str, str, str] | None
    sheet: Sheet | None


def _text(*, array: str, now: str) -> str:
    """The statement in either dialect; `array` makes a JSON text of rows, each an array of the columns it is given."""
    # Held is counted from the open holds, so that one past its time is available again though no sweeper ran (R19).
    return f"""
    select c.title, c.label, c.context_id,
           (select maximum from policies where license_id = :license_id and resource = :resource
             order by version desc limit 1),
           (select balance from pools where license_id = :license_id and resource = :resource),
           (select {array.format("t.id, t.name")}
              from (select p.id, p.name from enrollments e
                      join members m on m.id = e.member_id
                      join people p on p.id = m.person_id
                     where e.context_id = :context_id and e.license_id = :license_id and e.active and e.role = 'teacher'
                     order by p.sort_name, p.id) t),
           x.label, x.url, x.actor_kind, m.id, p.id, p.name, a.balance, a.used, a.received, a.frozen,
           (select {array.format("t.amount, t.at, t.reference")}
              from (select amount, at, reference from holds
                     where license_id = :license_id and resource = :resource and member_id = :member_id
                       and status = 'held' and expires_at > {now}
                     order by at desc, id desc) t),
           (select {array.format("t.kind, t.amount, t.at, t.reference, t.note, t.member_version, t.id, t.name")}
              from (select t.kind, t.amount, t.at, t.reference, t.note, t.member_version, q.id, q.name
                      from transfers t
                      left join people q on t.actor_kind = 'person' and q.id = t.actor_id
                     where t.license_id = :license_id and t.resource = :resource and t.member_id = :member_id
                       and t.member_version < :before
                     order by t.member_version desc limit :most) t),
           (select {array.format("r.at, r.received, r.reason, r.answer, r.closed_at, r.words, r.by_id, r.name")}
              from (select r.*, q.id as by_id, q.name from credit_requests r
                      left join people q on q.id = r.closed_by
                     where r.license_id = :license_id and r.resource = :resource and r.member_id = :member_id
                     order by r.id desc limit 1) r)
      from contexts c
      left join export_services x on x.license_id = :license_id
      left join members m on m.license_id = :license_id and m.id = :member_id
      left join people p on p.id = m.person_id
      left join accounts a on a.license_id = :license_id and a.resource = :resource and a.member_id = m.id
     where c.id = :context_id
    """


_READ = Sql(
    _text(array="json_group_array(json_array({}))", now=SQLITE_NOW),
    postgresql=_text(array="cast(json_agg(json_build_array({})) as text)", now=POSTGRESQL_NOW),
)
_NEWEST = 2**62


def read(
    engine: Engine,
    license_id: str,
    resource: str,
    *,
    context_id: str,
    member_id: str | None,
    before: int | None = None,
    most: int,
) -> CourseView:
    """The sheet of a member (None for only the course), with at most so many transfers, older than version `before`."""
    parameters = {
        "license_id": license_id,
        "resource": resource,
        "context_id": context_id,
        "member_id": member_id,
        "before": _NEWEST if before is None else before,
        "most": most + 1,
    }
    [row] = _READ.alone(engine, **parameters)
    title, label, lms_id, maximum, pool, teachers, words, address, chosen_by, *of_member = row
    return CourseView(
        place=title or label or "",
        course=title or label or lms_id,
        maximum=maximum or 0,
        pool=pool or 0,
        teachers=[name or pseudonym(person_id) for person_id, name in _rows(teachers)],
        service=(words, address, chosen_by) if address else None,
        sheet=_sheet(of_member, most),
    )


def _sheet(row: Sequence[Any], most: int) -> Sheet | None:
    member_id, person_id, name, balance, used, received, frozen, holds, moved, requests = row
    if member_id is None or balance is None:
        return None
    under_way = [UnderWay(amount, moment(at), reference) for amount, at, reference in _rows(holds)]
    held = sum(hold.amount for hold in under_way)
    transfers = [
        Happened(kind, amount, moment(at), reference, note, version, actor_id and (actor or pseudonym(actor_id)))
        for kind, amount, at, reference, note, version, actor_id, actor in _rows(moved)
    ]
    return Sheet(
        member_id=member_id,
        name=name or pseudonym(person_id),
        standing=Standing(available=balance - held, held=held, used=used, received=received),
        is_frozen=bool(frozen),
        under_way=under_way,
        transfers=transfers[:most],
        older=transfers[most - 1].member_version if len(transfers) > most else None,
        asked=next(map(_asked, _rows(requests)), None),
    )


def _asked(row: list[Any]) -> Asked:
    at, received, reason, answer, closed_at, words, by, name = row
    return Asked(
        at=moment(at),
        received=received,
        reason=reason,
        answer=answer,
        closed_at=moment(closed_at) if closed_at else None,
        words=words,
        by=by and (name or pseudonym(by)),
    )


def _rows(text: str | None) -> list[list[Any]]:
    rows: list[list[Any]] = json.loads(text) if text else []
    return rows
