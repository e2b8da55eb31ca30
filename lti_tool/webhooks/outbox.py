"""What is to be sent next, by whom, and what came of it: the database decides, so that any number may deliver.

An endpoint is served by one at a time, who claims it: a receiver that hangs keeps one of us waiting and no other
endpoint. Nobody's transaction is open while a message is sent; who dies with one leaves it to whoever comes next.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lti_tool.db import Sql, micros, moment
from lti_tool.ids import new_id
from lti_tool.webhooks import endpoints
from lti_tool.webhooks.deliveries import Attempt, Delivery
from lti_tool.webhooks.endpoints import GONE, OFF, Endpoint
from lti_tool.webhooks.messages import Message

CLAIMED_FOR = timedelta(minutes=2)
"""Longer than a call lasts, the name of its host and all; a claim is renewed with each message."""
_FIRST_PAUSE_S, _GROWS, _LONGEST_PAUSE_S = 10.0, 4.0, 12 * 3600.0
_JITTER = 0.2
_LONGEST_REST_S = 300.0
_LONGEST_ASKED_S = 24 * 3600.0
"""The longest that a receiver's Retry-After is believed."""


@dataclass(frozen=True)
class Turn:
    """The right to deliver to an endpoint, where it is, and the sealed secrets to sign with at this moment."""

    endpoint_id: str
    claim: str
    url: str
    sealed: tuple[str, ...]


@dataclass(frozen=True)
class Outcome:
    """What came of one call; `error` is None where it was delivered, and short where it was not.

    `is_ours`: a fault of ours that nobody foresaw, in making or sending it, which says nothing about the endpoint.
    """

    at: datetime
    took_ms: int
    status: int | None = None
    error: str | None = None
    retry_after_s: float = 0.0
    is_ours: bool = False

    @property
    def is_delivered(self) -> bool:
        """Whether the receiver took it."""
        return self.error is None


_DUE = Sql(
    """
    select e.id from webhook_endpoints e
     where e.status = 'on' and e.rests_until <= :now and e.claimed_until <= :now
       and exists (select 1 from webhook_deliveries d
                    where d.endpoint_id = e.id and d.status = 'waiting' and d.next_at <= :now)
     order by e.claimed_until limit 100
    """
)


def due(session: Session, *, now: datetime) -> Sequence[str]:
    """Endpoints that something can be sent to now, those first that waited longest."""
    return list(_DUE.run(session, now=micros(now)).scalars())


_CLAIM = Sql(
    """
    update webhook_endpoints set claim = :claim, claimed_until = :until
     where id = :endpoint_id and status = 'on' and rests_until <= :now and claimed_until <= :now
    returning id
    """
)


def claim(session: Session, endpoint_id: str, *, now: datetime) -> Turn | None:
    """The right to deliver there; None where somebody else has it, or nobody may at the moment."""
    mine = new_id()
    until = micros(now + CLAIMED_FOR)
    claimed = _CLAIM.run(session, endpoint_id=endpoint_id, claim=mine, until=until, now=micros(now)).first()
    if claimed is None:
        return None
    endpoint = endpoints.find(session, endpoint_id)
    return Turn(endpoint_id, mine, endpoint.url, endpoint.signs_with(now))


_NEXT = Sql(
    """
    select license_id, endpoint_id, event_id, kind, data, at from webhook_deliveries
     where endpoint_id = :endpoint_id and status = 'waiting' and next_at <= :now
     order by next_at limit 1
    """
)


def next_message(session: Session, turn: Turn, *, now: datetime) -> Message | None:
    """What has waited longest for this endpoint; None where nothing is due."""
    row = _NEXT.run(session, endpoint_id=turn.endpoint_id, now=micros(now)).first()
    if row is None:
        return None
    license_id, endpoint_id, event_id, kind, data, at_us = row
    return Message(license_id, endpoint_id, event_id, kind, data, moment(at_us))


_GIVE_BACK = Sql("update webhook_endpoints set claimed_until = :now where id = :endpoint_id and claim = :claim")


def give_back(session: Session, turn: Turn, *, now: datetime) -> None:
    """The turn is over; if somebody else has taken it meanwhile nothing changes."""
    _GIVE_BACK.run(session, endpoint_id=turn.endpoint_id, claim=turn.claim, now=micros(now))


def settle(
    session: Session, turn: Turn, message: Message, outcome: Outcome, *, chance: float, now: datetime
) -> Endpoint | None:
    """Writes down what came of it, and when to try again; `chance` from 0 to 1 spreads attempts.

    Returns the endpoint while the turn goes on; None where it ended, for this endpoint or because somebody else has it.
    """
    endpoint = session.get(Endpoint, turn.endpoint_id, populate_existing=True, with_for_update={"key_share": True})
    if endpoint is None or endpoint.claim != turn.claim:
        return None
    endpoint.claimed_until = now + CLAIMED_FOR
    delivery = session.get_one(
        Delivery, (message.license_id, message.endpoint_id, message.event_id), populate_existing=True
    )
    note(session, delivery, outcome)
    if outcome.is_delivered:
        endpoint.failing_since, endpoint.failures = None, 0
        delivery.status, delivery.ended_at = "delivered", now
        session.flush()
        return endpoint
    _postpone(session, endpoint, delivery, outcome, chance=chance, now=now)
    session.flush()
    return None


def note(session: Session, delivery: Delivery, outcome: Outcome) -> None:
    """Adds an attempt to the log."""
    delivery.attempts += 1
    delivery.tries += 1
    session.flush()
    session.add(
        Attempt(
            license_id=delivery.license_id,
            endpoint_id=delivery.endpoint_id,
            event_id=delivery.event_id,
            number=delivery.attempts,
            at=outcome.at,
            took_ms=outcome.took_ms,
            status=outcome.status,
            error=outcome.error,
        )
    )
    session.flush()


def _postpone(
    session: Session, endpoint: Endpoint, delivery: Delivery, outcome: Outcome, *, chance: float, now: datetime
) -> None:
    asked_s = min(outcome.retry_after_s, _LONGEST_ASKED_S)
    if not outcome.is_ours:
        endpoint.failures += 1
        endpoint.failing_since = endpoint.failing_since or outcome.at
        endpoint.rests_until = now + timedelta(seconds=max(asked_s, rest_s(endpoint.failures)))
    delivery.next_at = now + timedelta(seconds=max(asked_s, pause_s(delivery.tries, chance)))
    if outcome.status == HTTPStatus.GONE:
        endpoints.end(session, endpoint, GONE, "It answered 410: nothing is to be sent there again.", now=now)
    elif delivery.next_at > delivery.gives_up_at:
        delivery.status, delivery.ended_at = "failed", now
        if endpoint.failing_since and endpoint.failing_since <= _first_try(session, delivery):
            endpoints.end(session, endpoint, OFF, "It took nothing for three days.", now=now)


def pause_s(tries: int, chance: float) -> float:
    """Seconds until an event is tried again after that many tries: 10 s, four times as long each time, 12 h at most."""
    # Bounded before it is computed: a power of thousands of tries is no number that a clock can show.
    pause = min(_FIRST_PAUSE_S * _GROWS ** min(tries - 1, 10), _LONGEST_PAUSE_S)
    return pause * (1 + _JITTER * (2 * chance - 1))


def rest_s(failures: int) -> float:
    """Seconds in which nothing is sent to an endpoint that failed so often in a row: each call may take us long."""
    return min(2.0 ** min(failures, 10), _LONGEST_REST_S)


def _first_try(session: Session, delivery: Delivery) -> datetime:
    of = (Attempt.license_id == delivery.license_id, Attempt.endpoint_id == delivery.endpoint_id)
    tried = select(func.min(Attempt.at)).where(*of, Attempt.event_id == delivery.event_id)
    first = session.scalar(tried.where(Attempt.number > delivery.attempts - delivery.tries))
    assert first is not None, "this attempt is in the log"
    return first
