"""A program's repeated request gets its first answer again and does nothing twice, for 30 days (R21).

The row is written in the transaction of the effect, before it: whoever repeats meanwhile waits for that row.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lti_tool.db import POSTGRESQL_NOW, SQLITE_NOW, Sql, micros, moment
from lti_tool.errors import Refusal

REMEMBERED = timedelta(days=30)


class IdempotencyConflict(Refusal):
    """The key came before with another address or body; what that request did stands."""

    code = "idempotency_conflict"

    def __init__(self) -> None:
        super().__init__("This Idempotency-Key was used for another request. A new request needs a new key.")


@dataclass(frozen=True)
class Answered:
    """What the first request with the key was answered."""

    status: int
    body: str


@dataclass(frozen=True)
class Request:
    """A request that may be a repeat: whose it is, by its key's name, and what it wishes, as a hash."""

    api_key_id: str
    key: str
    sha256: str


_TURN = "hashtextextended(:api_key_id || :key, 0)"

# The database's clock comes with it: it decides which holds live, and asking for it costs a round trip. So does asking
# whether the API key still counts.
_CLAIM = Sql(
    f"""
    insert into idempotency_keys (api_key_id, key, request_sha256, at)
    select k.id, :key, :request_sha256, {SQLITE_NOW}
      from api_keys k
     where k.id = :api_key_id and k.revoked_at is null
    on conflict do nothing
    returning at
    """,
    # The turn is taken before the row: who does all in one statement locks the account before it comes to the row.
    postgresql=f"""
    with turn as materialized (select pg_advisory_xact_lock({_TURN}))
    insert into idempotency_keys (api_key_id, key, request_sha256, at)
    select k.id, :key, :request_sha256, {POSTGRESQL_NOW}
      from api_keys k, turn
     where k.id = :api_key_id and k.revoked_at is null
    on conflict do nothing
    returning at
    """,
)

_EARLIER = Sql(
    """
    select k.revoked_at is null, i.request_sha256, i.status, i.body
      from api_keys k
      left join idempotency_keys i on i.api_key_id = k.id and i.key = :key
     where k.id = :api_key_id
    """
)


def claim(session: Session, request: Request) -> datetime | Answered | None:
    """The database's time if this request is the first with its key; else the first one's answer.

    None if the API key counts no more. Raises IdempotencyConflict for the same key with another request. Waits for a
    first one that is under way.
    """
    whose = {"api_key_id": request.api_key_id, "key": request.key}
    # A first request that was rolled back while this one waited leaves no row; then this one is the first.
    while (row := _CLAIM.send(session, **whose, request_sha256=request.sha256).first()) is None:
        in_force, first_request, status, body = _EARLIER.send(session, **whose).one()
        if not in_force:
            return None
        if first_request is None:
            continue
        if first_request != request.sha256:
            raise IdempotencyConflict
        return Answered(status, body)
    return moment(row[0])


class AtOnce:
    """An effect on a member's account that PostgreSQL does in one statement together with its claim and its answer.

    The effect is the text of CTEs: they read `wanted` (license_id, now), and `account` has the figures after it, or no
    row where the effect needs more than that. Its own condition must be on the row that it updates: at READ COMMITTED
    nothing else that a statement reads is looked at again after it has waited.
    """

    def __init__(self, effect: str) -> None:
        self.sql = Sql(
            f"""
            with turn as materialized (
                select pg_try_advisory_xact_lock({_TURN}) as is_mine
            ), wanted as materialized (
                select m.license_id, {POSTGRESQL_NOW} as now
                  from turn, api_keys k, members m
                 where turn.is_mine and k.id = :api_key_id and k.revoked_at is null and m.id = :member_id
                   and (k.license_id is null or k.license_id = m.license_id)
                   and not exists (select 1 from idempotency_keys where api_key_id = :api_key_id and key = :key)
            ), {effect}
            insert into idempotency_keys (api_key_id, key, request_sha256, status, body, at)
            select :api_key_id, :key, :request_sha256, :status,
                   :opening || ',"balance":{{"available":' || balance - held || ',"held":' || held
                   || ',"used":' || used || ',"received":' || received || '}}}}', now
              from account
            returning body
            """
        )

    def run(
        self, engine: Engine, request: Request, *, member_id: str, status: int, opening: str, **parameters: object
    ) -> str | None:
        """The answer, which is kept: `opening` and the member's figures. None if nothing was done, for any reason:
        a repeat, too few units, nobody there. `claim` finds out.
        """
        if engine.dialect.name != "postgresql":
            return None
        try:
            rows = self.sql.alone(
                engine,
                api_key_id=request.api_key_id,
                key=request.key,
                request_sha256=request.sha256,
                member_id=member_id,
                status=status,
                opening=opening,
                **parameters,
            )
        except IntegrityError:  # a first one was kept after we had looked
            return None
        return rows[0][0] if rows else None


_ANSWER = Sql(
    "update idempotency_keys set status = :status, body = :body where api_key_id = :api_key_id and key = :key"
)


def answer(session: Session, request: Request, answered: Answered) -> None:
    """Keeps what the request is answered, success or refusal, together with its effect."""
    _ANSWER.send(session, api_key_id=request.api_key_id, key=request.key, status=answered.status, body=answered.body)


_FORGET = Sql(
    """
    delete from idempotency_keys
     where (api_key_id, key) in (select api_key_id, key from idempotency_keys where at < :before limit :most)
    """
)


def forget(session: Session, *, now: datetime, most: int = 10_000) -> int:
    """Forgets answers older than 30 days, at most so many; how many they were. For the sweeper."""
    return _FORGET.run(session, before=micros(now - REMEMBERED), most=most).rowcount
