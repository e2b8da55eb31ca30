"""What a pool had come to at the end of each day (UTC): read as a row a day, however long the journal.

Closed by the sweep, once a day and by what moved since the last closing, so that no movement waits for it. What the
rows say can be told from the journal at any time (`as_of`); a day that is not closed yet is only drawn more coarsely.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from lti_tool.db import Sql, moment
from lti_tool.ids import first_id_at
from lti_tool.ledger.as_of import ALLOTTED, DAY_US, ISSUED, SLACK, USED

_FIRST = date(1970, 1, 1)
_DAY = timedelta(days=1)
_PORTION = 1000
"""About how many days are closed in one transaction."""


@dataclass(frozen=True)
class Closing:
    """The figures at a day's end, in units: all that ever came, what of it went to members, and what they used."""

    day: date
    issued: int
    allotted: int
    used: int


@dataclass(frozen=True)
class Due:
    """A row that is to be kept; `day` counts from 1970, as the database has it."""

    license_id: str
    resource: str
    day: int
    issued: int
    allotted: int
    used: int


_WINDOW = Sql(
    """
    select day, issued, allotted, used from closings
     where license_id = :license_id and resource = :resource and day >= :since
     order by day
    """
)


def since(session: Session, license_id: str, resource: str, first: date) -> list[Closing]:
    """The pool's closings from that day on, a day after the other."""
    rows = _WINDOW.run(session, license_id=license_id, resource=resource, since=_number(first))
    return [Closing(_FIRST + day * _DAY, *figures) for day, *figures in rows]


_BEHIND = Sql(
    """
    select p.license_id, p.resource, c.day, c.issued, c.allotted, c.used
      from pools p
      left join closings c on c.license_id = p.license_id and c.resource = p.resource
       and c.day = (select max(newest.day) from closings newest
                     where newest.license_id = p.license_id and newest.resource = p.resource)
     where p.version > 0 and coalesce(c.day, -1) < :last
    """
)

_MOVED_TEXT = f"""
    select at / {DAY_US}, sum({ISSUED}), sum({ALLOTTED}), sum({USED})
      from transfers
     where license_id = :license_id and id >= :moved_since and ITS_RESOURCE = :resource
       and at >= :since and at < :until
     group by 1
     order by 1
"""
# With a plus SQLite finds the rows by their ids; without, it might go through the whole pool.
_MOVED = Sql(
    _MOVED_TEXT.replace("ITS_RESOURCE", "+resource"), postgresql=_MOVED_TEXT.replace("ITS_RESOURCE", "resource")
)


def due(session: Session, *, now: datetime) -> list[Due]:
    """Some of the days that are over and not closed yet, of any pools; none if there are no more.

    A day is over when no movement of it can come any more, whichever clock that would go by.
    """
    last = _number((now - SLACK).date()) - 1
    found: list[Due] = []
    for license_id, resource, *closed in _BEHIND.run(session, last=last).all():
        newest = None if closed[0] is None else Due(license_id, resource, *closed)
        found += _unclosed(session, license_id, resource, newest, last=last)
        if len(found) >= _PORTION:
            break
    return found


def _unclosed(session: Session, license_id: str, resource: str, newest: Due | None, *, last: int) -> Iterator[Due]:
    """The pool's days after its newest closing, or from its first movement on, also those on which nothing moved."""
    begins = _start(newest.day + 1) if newest else 0
    rows = _MOVED.run(
        session,
        license_id=license_id,
        resource=resource,
        moved_since=first_id_at(moment(begins) - SLACK),
        since=begins,
        until=_start(last + 1),
    )
    moved = {int(day): [int(units) for units in figures] for day, *figures in rows}
    if newest is None and not moved:
        return
    sums = [newest.issued, newest.allotted, newest.used] if newest else [0, 0, 0]
    for day in range(newest.day + 1 if newest else min(moved), last + 1):
        sums = [units + more for units, more in zip(sums, moved.get(day, (0, 0, 0)), strict=True)]
        yield Due(license_id, resource, day, *sums)


_KEEP = Sql(
    """
    insert into closings (license_id, resource, day, issued, allotted, used)
    select json_extract(value, '$.license_id'), json_extract(value, '$.resource'), json_extract(value, '$.day'),
           json_extract(value, '$.issued'), json_extract(value, '$.allotted'), json_extract(value, '$.used')
      from json_each(:days)
     where true
    on conflict do nothing
    """,
    postgresql="""
    insert into closings (license_id, resource, day, issued, allotted, used)
    select license_id, resource, day, issued, allotted, used
      from json_populate_recordset(null::closings, cast(:days as json))
    on conflict do nothing
    """,
)


def close(session: Session, days: Iterable[Due]) -> None:
    """Keeps these days; what another sweep closed meanwhile stands."""
    _KEEP.run(session, days=json.dumps([asdict(day) for day in days]))


def _number(day: date) -> int:
    return (day - _FIRST) // _DAY


def _start(number: int) -> int:
    """When that day begins, as the database keeps moments."""
    return number * DAY_US
