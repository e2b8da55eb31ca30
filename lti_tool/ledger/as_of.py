"""The books as they stood at any past moment: what is there now, less what the journal says has moved since.

Only the journal after that moment is read, by its ids, which begin with their time; so yesterday costs a day of
journal, and never a row of what came before (R2 makes it possible: no transfer is ever changed). A licence's figures
begin at the closing before the moment, where there is one, and cost the journal of one day, however long ago it is.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from lti_tool.db import Sql, micros, moment
from lti_tool.ids import first_id_at
from lti_tool.ledger.holds import LONGEST_LIFE
from lti_tool.ledger.pools import Totals
from lti_tool.ledger.rules import Standing

SLACK = timedelta(hours=1)
"""An id's time is the worker's, a movement's may be the database's: so far apart can they be."""


DAY_US = 86_400_000_000
"""A day as the database keeps moments."""
_BEFORE_ALL = datetime(2000, 1, 1, tzinfo=UTC)
"""No books are older; whatever lies before it, down to where the calendar ends, is told as this moment."""


@dataclass(frozen=True)
class Moment:
    """Which rows a past moment is told by; `at` itself belongs to it."""

    at: int
    moved_since: str
    held_since: str

    @classmethod
    def of(cls, at: datetime) -> "Moment":
        """The moment in the database's terms."""
        at = max(at, _BEFORE_ALL)
        return cls(micros(at), first_id_at(at - SLACK), first_id_at(at - LONGEST_LIFE - SLACK))

    @property
    def parameters(self) -> dict[str, object]:
        """For the statements below."""
        return {"at": self.at, "moved_since": self.moved_since, "held_since": self.held_since}


# A hold counts from its own moment until it was closed, or ran out, whichever came first.
_OPEN_THEN = "h.at <= :at and h.expires_at > :at and (h.closed_at is null or h.closed_at > :at)"

_MAXIMUM_THEN = """
    coalesce((select s.maximum from policies s
               where s.license_id = p.license_id and s.resource = p.resource and s.at <= :at
               order by s.version desc limit 1), 0)
"""
_HELD_THEN = f"""
    left join (select h.resource, sum(h.amount) as amount from holds h
                where h.license_id = :license_id and h.id >= :held_since and {_OPEN_THEN}
                group by h.resource) h on h.resource = p.resource
"""
ISSUED = "case when kind in ('grant', 'purchase') then amount when kind = 'refund' then -amount else 0 end"
ALLOTTED = "case when kind in ('auto_allotment', 'manual_allotment') then amount else 0 end"
USED = "case when kind = 'spend' then amount else 0 end"
"""What a transfer adds to each of the three, in units."""

_BACK_FROM_NOW = f"""
    select p.resource, p.issued - coalesce(t.issued, 0), p.issued - p.balance - coalesce(t.allotted, 0),
           coalesce(a.used, 0) - coalesce(t.used, 0), coalesce(h.amount, 0), {_MAXIMUM_THEN.strip()}
      from pools p
      left join (select resource, sum(used) as used from accounts
                  where license_id = :license_id group by resource) a on a.resource = p.resource
      left join (select resource, sum({ISSUED}) as issued, sum({ALLOTTED}) as allotted, sum({USED}) as used
                   from transfers
                  where license_id = :license_id and id >= :moved_since and at > :at
                  group by BY_RESOURCE) t on t.resource = p.resource
      {_HELD_THEN.strip()}
     where p.license_id = :license_id
     order by p.resource
"""
# With a plus SQLite groups after it has found the rows by their ids; without, it would go through the whole journal.
_LICENSE = Sql(
    _BACK_FROM_NOW.replace("BY_RESOURCE", "+resource"), postgresql=_BACK_FROM_NOW.replace("BY_RESOURCE", "resource")
)

_ON_FROM_CLOSING = f"""
    select p.resource, c.issued + coalesce(t.issued, 0), c.allotted + coalesce(t.allotted, 0),
           c.used + coalesce(t.used, 0), coalesce(h.amount, 0), {_MAXIMUM_THEN.strip()}
      from pools p
      left join closings c on c.license_id = p.license_id and c.resource = p.resource and c.day = :day
      left join (select resource, sum({ISSUED}) as issued, sum({ALLOTTED}) as allotted, sum({USED}) as used
                   from transfers
                  where license_id = :license_id and id >= :day_since and id < :moved_until
                    and at >= :day_over and at <= :at
                  group by BY_RESOURCE) t on t.resource = p.resource
      {_HELD_THEN.strip()}
     where p.license_id = :license_id
     order by p.resource
"""
_LICENSE_CLOSED = Sql(
    _ON_FROM_CLOSING.replace("BY_RESOURCE", "+resource"),
    postgresql=_ON_FROM_CLOSING.replace("BY_RESOURCE", "resource"),
)


@dataclass(frozen=True)
class Past:
    """A licence's figures of a past moment, and the maximum that was in force."""

    totals: Totals
    maximum: int


def license_at(session: Session, license_id: str, at: datetime) -> list[Past]:
    """The licence's figures as they stood, one for each resource; who was frozen then is not known any more."""
    then = Moment.of(at)
    day = (then.at + 1) // DAY_US - 1  # the last that was over
    rows = _LICENSE_CLOSED.run(
        session,
        license_id=license_id,
        day=day,
        day_over=(day + 1) * DAY_US,
        day_since=first_id_at(moment((day + 1) * DAY_US) - SLACK),
        moved_until=first_id_at(moment(then.at) + SLACK),
        **then.parameters,
    ).all()
    if any(issued is None for _resource, issued, *_ in rows):
        return license_by_journal(session, license_id, at)
    return [_past(row) for row in rows]


def license_by_journal(session: Session, license_id: str, at: datetime) -> list[Past]:
    """The same from the journal alone, all of it since then: for days that are not closed, and to check closings by."""
    rows = _LICENSE.run(session, license_id=license_id, **Moment.of(at).parameters)
    return [_past(row) for row in rows]


def _past(row: Row[*tuple[Any, ...]]) -> Past:
    resource, maximum = row[0], row[5]
    issued, allotted, used, held = (int(units) for units in row[1:5])
    available = allotted - used - held
    return Past(Totals(resource, issued, issued - allotted, available, held, used, frozen=0), maximum)


_MEMBERS_TEXT = f"""
    select a.member_id, a.resource, a.balance - coalesce(t.balance, 0), a.used - coalesce(t.used, 0),
           a.received - coalesce(t.received, 0), coalesce(h.amount, 0)
      from pools p
      join accounts a on a.license_id = p.license_id and a.resource = p.resource
       and a.member_id in (select value from IDS)
      left join (select t.member_id, t.resource,
                        sum(case when t.kind = 'spend' then -t.amount else t.amount end) as balance,
                        sum(case when t.kind = 'spend' then t.amount else 0 end) as used,
                        sum(case when t.kind = 'spend' then 0 else t.amount end) as received
                   from transfers t
                  where t.license_id = :license_id and t.id >= :moved_since and t.at > :at
                    and t.member_id in (select value from IDS)
                  group by t.member_id, t.resource) t on t.member_id = a.member_id and t.resource = a.resource
      left join (select h.member_id, h.resource, sum(h.amount) as amount from holds h
                  where h.license_id = :license_id and h.id >= :held_since and {_OPEN_THEN}
                    and h.member_id in (select value from IDS)
                  group by h.member_id, h.resource) h on h.member_id = a.member_id and h.resource = a.resource
     where p.license_id = :license_id
     order by a.member_id, a.resource
"""
_MEMBERS = Sql(
    _MEMBERS_TEXT.replace("IDS", "json_each(:member_ids)"),
    postgresql=_MEMBERS_TEXT.replace("IDS", "json_array_elements_text(cast(:member_ids as json))"),
)


def members_at(
    session: Session, license_id: str, member_ids: Collection[str], at: datetime
) -> dict[tuple[str, str], Standing]:
    """The members' figures as they stood, by member and resource; those who came later have zeros."""
    ids = json.dumps(sorted(member_ids))
    rows = _MEMBERS.run(session, license_id=license_id, member_ids=ids, **Moment.of(at).parameters)
    return {
        (member_id, resource): Standing(
            available=int(balance) - int(held), held=int(held), used=int(used), received=int(received)
        )
        for member_id, resource, balance, used, received, held in rows
    }
