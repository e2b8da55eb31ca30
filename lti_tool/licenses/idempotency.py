"""A program's repeated request gets its first answer again and does nothing twice, for 30 days (R21).

The row is written in the transaction of the effect, before it: whoever repeats meanwhile waits for that row.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from lti_tool.db import Sql, micros, moment
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


# The database's clock comes with it: it decides which holds live, and asking for it costs a round trip.
_CLAIM = Sql(
    """
    insert into idempotency_keys (api_key_id, key, request_sha256, at)
    values (:api_key_id, :key, :request_sha256, cast((julianday('now') - 2440587.5) * 86400000000 as integer))
    on conflict do nothing
    returning at
    """,
    postgresql="""
    insert into idempotency_keys (api_key_id, key, request_sha256, at)
    values (:api_key_id, :key, :request_sha256, (extract(epoch from clock_timestamp()) * 1000000)::bigint)
    on conflict do nothing
    returning at
    """,
)

_EARLIER = Sql(
    "select request_sha256, status, body from idempotency_keys where api_key_id = :api_key_id and key = :key"
)


def claim(session: Session, api_key_id: str, key: str, request_sha256: str) -> datetime | Answered:
    """The database's time if this request is the first with its key; else the first one's answer.

    Raises IdempotencyConflict for the same key with another request. Waits for a first one that is under way.
    """
    # A first request that was rolled back while this one waited leaves no row; then this one is the first.
    while (row := _CLAIM.run(session, api_key_id=api_key_id, key=key, request_sha256=request_sha256).first()) is None:
        earlier = _EARLIER.run(session, api_key_id=api_key_id, key=key).first()
        if earlier is None:
            continue
        first_request, status, body = earlier
        if first_request != request_sha256:
            raise IdempotencyConflict
        return Answered(status, body)
    return moment(row[0])


_ANSWER = Sql(
    "update idempotency_keys set status = :status, body = :body where api_key_id = :api_key_id and key = :key"
)


def answer(session: Session, api_key_id: str, key: str, answered: Answered) -> None:
    """Keeps what the request is answered, success or refusal, together with its effect."""
    _ANSWER.run(session, api_key_id=api_key_id, key=key, status=answered.status, body=answered.body)


_FORGET = Sql(
    """
    delete from idempotency_keys
     where (api_key_id, key) in (select api_key_id, key from idempotency_keys where at < :before limit :most)
    """
)


def forget(session: Session, *, now: datetime, most: int = 10_000) -> int:
    """Forgets answers older than 30 days, at most so many; how many they were. For the sweeper."""
    return _FORGET.run(session, before=micros(now - REMEMBERED), most=most).rowcount
