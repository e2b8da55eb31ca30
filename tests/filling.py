"""Many people and a long journal in few statements, with books that balance: for tests and benches of size.

What it writes is what the product would have written. The guards of the database hold against single statements, so
they are away while the journal is written, and back after it.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from lti_tool.db import Sql, micros
from lti_tool.ledger.accounts import open_accounts_in

FIRST = 10_000
"""What everybody is given by hand at first."""
BUNDLE, USED = 5, 4
"""What comes to everybody by itself in each round, and how often one of it is used."""
_TERM = timedelta(days=100)
_GUARDED = ("pools", "accounts", "batches", "transfers", "holds")


_NUMBERS = (
    "ms",
    "count",
    "version",
    "balance",
    "people",
    "first",
    "rounds",
    "round",
    "bundle",
    "used",
    "taken",
    "batches",
)


def _sql(statement: str) -> Sql:
    # The driver sends small numbers as small integers, and a product of two of them would be one, too.
    typed = re.sub(rf":({'|'.join(_NUMBERS)})\b", r"cast(:\1 as bigint)", statement)
    typed = typed.replace(":key_id", "cast(:key_id as text)")
    return Sql(statement, postgresql=typed.replace("id_at(", "pg_temp.id_at("))


_PEOPLE = _sql(
    """
    with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < :count)
    insert into people (id, platform_id, subject, name, sort_name, email, created_at)
    select id_at(1, :ms, n), :platform_id, 'filled-' || n, 'Student ' || n, 'student ' || n,
           'student-' || n || '@school.test', :ms * 1000
      from numbers
    """
)

_MEMBERS = _sql(
    """
    insert into members (id, license_id, person_id, created_at, sort_name, lower_email)
    select id_at(2, :ms, row_number() over (order by id)), :license_id, id, :ms * 1000, sort_name, lower(email)
      from people where platform_id = :platform_id and subject like 'filled-%'
    """
)

_ENROLLMENTS = _sql(
    """
    insert into enrollments (context_id, member_id, license_id, roster_role, role, active, last_launch_at)
    select :context_id, m.id, m.license_id, 'learner', 'learner', :active, :ms * 1000
      from members m join people p on p.id = m.person_id
     where m.license_id = :license_id and p.subject like 'filled-%'
    """
)


def fill_course(
    session: Session, license_id: str, resource: str, context_id: str, platform_id: str, *, count: int, now: datetime
) -> None:
    """Puts so many students into the course, each of whom opened the tool; their subjects are "filled-1" and so on."""
    _prepare(session)
    ms = micros(now) // 1000
    _PEOPLE.run(session, platform_id=platform_id, count=count, ms=ms)
    _MEMBERS.run(session, license_id=license_id, platform_id=platform_id, ms=ms)
    _ENROLLMENTS.run(session, license_id=license_id, context_id=context_id, active=True, ms=ms)
    open_accounts_in(session, license_id, resource)


@dataclass(frozen=True)
class _Place:
    """Where the journal goes on: the pool's version and balance, and how many people take part in each round."""

    version: int
    balance: int
    people: int


_PLACE = Sql(
    """
    select p.version, p.balance, (select count(*) from accounts a
                                   where a.license_id = p.license_id and a.resource = p.resource and a.version = 0)
      from pools p where p.license_id = :license_id and p.resource = :resource
    """
)

_FIRST_BATCH = _sql(
    """
    insert into batches (license_id, id, resource, kind, pool_version, pool_balance_after, amount_each, people, total,
                         actor_kind, at)
    values (:license_id, id_at(3, :ms, 0), :resource, 'manual_allotment', :version + 1,
            :balance - :people * :first, :first, :people, :people * :first, 'operator', :ms * 1000)
    """
)

_FIRST_TRANSFERS = _sql(
    """
    insert into transfers (license_id, id, resource, kind, amount, member_id, member_version, member_balance_after,
                           batch_id, actor_kind, at)
    select license_id, id_at(4, :ms, row_number() over (order by member_id)), resource, 'manual_allotment', :first,
           member_id, 1, :first, id_at(3, :ms, 0), 'operator', :ms * 1000
      from accounts where license_id = :license_id and resource = :resource and version = 0
    """
)

_FIRST_BALANCES = _sql(
    """
    update accounts set balance = :first, received = :first, version = 1
     where license_id = :license_id and resource = :resource and version = 0
    """
)

_POOL = _sql(
    """
    update pools set balance = balance - :taken, version = version + :batches
     where license_id = :license_id and resource = :resource
    """
)

# Everybody who had their first units gets a bundle and uses most of it: a batch of their own, and its transfers.
_ROUND_OF = """
      from (select license_id, resource, member_id, row_number() over (order by member_id) as place from accounts
             where license_id = :license_id and resource = :resource and version > 0) a
"""

_ROUND_BATCHES = _sql(
    f"""
    insert into batches (license_id, id, resource, kind, pool_version, pool_balance_after, amount_each, people, total,
                         actor_kind, policy_version, at)
    select license_id, id_at(5, :ms, place), resource, 'auto_allotment', :version + place,
           :balance - :bundle * place, :bundle, 1, :bundle, 'system', 1, :ms * 1000 {_ROUND_OF}
    """
)

_ROUND_HOLDS = _sql(
    f"""
    insert into holds (license_id, id, resource, member_id, amount, captured, status, actor_kind, actor_id,
                       expires_at, at, closed_at)
    select license_id, id_at(6, :ms, place), resource, member_id, 1, 1, 'captured', 'api_key', :key_id,
           :ms * 1000 + 3600000000, :ms * 1000, :ms * 1000 + 1000 {_ROUND_OF}
    """
)

_ROUND_TRANSFERS = _sql(
    f"""
    insert into transfers (license_id, id, resource, kind, amount, member_id, member_version, member_balance_after,
                           batch_id, hold_id, actor_kind, actor_id, reference, at)
    select license_id, id_at(7, :ms, place * 10 + n), resource,
           case when n = 0 then 'auto_allotment' else 'spend' end,
           case when n = 0 then :bundle else 1 end,
           member_id, :round * (:used + 1) + 2 + n, :first + :round * (:bundle - :used) + :bundle - n,
           case when n = 0 then id_at(5, :ms, place) end,
           case when n = 1 then id_at(6, :ms, place) end,
           case when n = 0 then 'system' else 'api_key' end, case when n = 0 then null else :key_id end,
           case when n = 0 then null else 'export-' || :round || '-' || n end,
           :ms * 1000 + n
      {_ROUND_OF.strip()}
     cross join (select 0 as n union all select 1 union all select 2 union all select 3 union all select 4) uses
    """
)

_ROUND_BALANCES = _sql(
    """
    update accounts
       set balance = balance + :rounds * (:bundle - :used), received = received + :rounds * :bundle,
           auto_received = auto_received + :rounds * :bundle, used = used + :rounds * :used,
           version = version + :rounds * (:used + 1)
     where license_id = :license_id and resource = :resource and version > 0
    """
)

_POLICY = Sql(
    """
    insert into policies (license_id, resource, version, maximum, actor_kind, at)
    values (:license_id, :resource, 1, 1000000, 'operator', :at)
    """
)


def fill_journal(
    session: Session, license_id: str, resource: str, *, rounds: int, until: datetime, key_id: str = "key"
) -> int:
    """Gives everybody without credits some, and has them use some, over the hundred days before `until`.

    Of a licence without a setting. Returns how many transfers it wrote: one each, and five each for every round.
    """
    _prepare(session)
    place = _Place(*_PLACE.run(session, license_id=license_id, resource=resource).one())
    where = {"license_id": license_id, "resource": resource}
    began = micros(until - _TERM) // 1000
    step = (micros(until) // 1000 - began) // (rounds + 1)
    assert place.balance >= place.people * (FIRST + rounds * BUNDLE), "grant the licence more first"
    with _guards_away(session):
        _POLICY.run(session, **where, at=began * 1000)
        _FIRST_BATCH.run(session, **where, **vars(place), ms=began, first=FIRST)
        _FIRST_TRANSFERS.run(session, **where, ms=began, first=FIRST)
        _FIRST_BALANCES.run(session, **where, first=FIRST)
        _POOL.run(session, **where, taken=place.people * FIRST, batches=1)
        for number in range(rounds):
            ms = began + (number + 1) * step
            version = place.version + 1 + number * place.people
            balance = place.balance - place.people * (FIRST + number * BUNDLE)
            _ROUND_BATCHES.run(session, **where, ms=ms, version=version, balance=balance, bundle=BUNDLE)
            _ROUND_HOLDS.run(session, **where, ms=ms, key_id=key_id)
            amounts = {"first": FIRST, "bundle": BUNDLE, "used": USED}
            _ROUND_TRANSFERS.run(session, **where, **amounts, ms=ms, round=number, key_id=key_id)
        _ROUND_BALANCES.run(session, **where, rounds=rounds, bundle=BUNDLE, used=USED)
        _POOL.run(session, **where, taken=place.people * rounds * BUNDLE, batches=place.people * rounds)
    return place.people * (1 + rounds * (1 + USED))


_ID_AT = """
    create or replace function pg_temp.id_at(kind bigint, ms bigint, number bigint) returns text
    language sql immutable as
    $$ select substr(h, 1, 8) || '-' || substr(h, 9, 4) || '-7' || lpad(to_hex($1), 3, '0') || '-8000-'
              || lpad(to_hex($3), 12, '0') from (select lpad(to_hex($2), 12, '0') as h) t $$
"""


def _prepare(session: Session) -> None:
    """Makes `id_at` known: a UUIDv7 of that time, told apart by what it is an id of and a number."""
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        session.execute(text(_ID_AT))
    else:
        driver = connection.connection.dbapi_connection
        assert driver is not None
        driver.create_function("id_at", 3, _id_at, deterministic=True)


def _id_at(kind: int, ms: int, number: int) -> str:
    return str(UUID(int=ms << 80 | 7 << 76 | kind << 64 | 2 << 62 | number))


@contextmanager
def _guards_away(session: Session) -> Iterator[None]:
    if session.connection().dialect.name == "postgresql":
        session.execute(text("set local session_replication_role = replica"))
        yield
        session.execute(text("set local session_replication_role = origin"))
        return
    listed = ", ".join(f"'{table}'" for table in _GUARDED)
    triggers = session.execute(
        text(f"select name, sql from sqlite_master where type = 'trigger' and tbl_name in ({listed})")
    ).all()
    for name, _ in triggers:
        session.execute(text(f"drop trigger {name}"))
    yield
    for _, sql in triggers:
        session.connection().exec_driver_sql(sql)
