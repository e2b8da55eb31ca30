"""Webhook events on their way: whoever runs a postman delivers what is due, and no other does at the same time.

Threads of its own and not the queue's workers: a receiver that hangs must keep no roster waiting. They look each second
into the database, which knows what is due, so nobody has to wake them and nothing is lost with a message to them.
"""

import logging
import random
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from threading import Event, Thread

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from lti_tool import clock
from lti_tool.db import writing
from lti_tool.ids import new_id
from lti_tool.outbound import Answer, Outbound, OutboundError
from lti_tool.settings import Settings
from lti_tool.unforeseen import CODE, outlived
from lti_tool.webhooks import endpoints, outbox, signing
from lti_tool.webhooks.deliveries import PING, Delivery
from lti_tool.webhooks.endpoints import OFF, Endpoint
from lti_tool.webhooks.messages import Message
from lti_tool.webhooks.outbox import Outcome, Turn
from lti_tool.webhooks.sealing import Seal, SecretUnreadable

_THREADS = 3
_LOOKS_EVERY_S = 1.0
_AFTER_A_FAULT_S = 5.0
_CALL_S = 15.0
"""How long a receiver may take in all; it should answer first and work afterwards."""
_TURN = timedelta(seconds=30)
"""How long one endpoint is served before another has its turn."""
_LAST_S = 10.0
_MOST_BYTES = 65_536
_LONGEST_ERROR = 200

_log = logging.getLogger(__name__)


class Postman:
    """Delivers for as long as it is at work, or what is due at once; one for a process."""

    def __init__(
        self,
        settings: Settings,
        engine: Engine,
        *,
        now: Callable[[], datetime] = clock.now,
        chance: Callable[[], float] = random.random,
        call_s: float = _CALL_S,
    ) -> None:
        self._engine = engine
        self._now = now
        self._chance = chance
        self._public_url = settings.public_url
        self._seal = Seal(settings.secret_key)
        self._outbound = Outbound(settings.allow_private_hosts, within_s=call_s)
        self._ended = Event()

    @contextmanager
    def at_work(self) -> Iterator[Callable[[], bool]]:
        """During the block threads of this process deliver; a message that is cut off at its end is sent again.

        What it gives says whether all of them still do: an error that nobody foresaw ends a thread, unless it came up
        while one message was made or sent.
        """
        threads = [Thread(target=self._work, name=f"postman-{number}", daemon=True) for number in range(_THREADS)]
        for thread in threads:
            thread.start()
        try:
            yield lambda: all(thread.is_alive() for thread in threads)
        finally:
            self._ended.set()
            ends_at = time.monotonic() + _LAST_S
            for thread in threads:
                thread.join(max(0.0, ends_at - time.monotonic()))

    def _work(self) -> None:
        pause_s = 0.0
        while not self._ended.wait(pause_s):
            try:
                pause_s = 0.0 if self.deliver() else _LOOKS_EVERY_S
            except SQLAlchemyError:
                _log.warning("webhooks wait for the database")
                pause_s = _AFTER_A_FAULT_S

    def deliver(self) -> int:
        """Sends what is due at this moment, and returns how many calls that took."""
        with Session(self._engine) as session:
            due = outbox.due(session, now=self._now())
        return sum(self._serve(endpoint_id) for endpoint_id in due)

    def ping(self, endpoint_id: str) -> Outcome:
        """Sends a ping now; an endpoint that was switched off and takes it is on again. Raises NotFound."""
        with Session(self._engine) as session:
            endpoint = endpoints.find(session, endpoint_id)
            turn = Turn(endpoint.id, "", endpoint.url, endpoint.signs_with(self._now()))
        data = f'{{"license":"{endpoint.license_id}"}}'
        message = Message(endpoint.license_id, endpoint.id, new_id(), PING, data, self._now())
        outcome = self._send(turn, message)
        with writing(self._engine) as session:
            _keep_ping(session, message, outcome)
        return outcome

    def _serve(self, endpoint_id: str) -> int:
        began = self._now()
        with writing(self._engine) as session:
            turn = outbox.claim(session, endpoint_id, now=began)
            message = None if turn is None else outbox.next_message(session, turn, now=began)
        calls = 0
        while turn and message:
            outcome = self._send(turn, message)
            calls += 1
            with writing(self._engine) as session:
                now = self._now()
                endpoint = outbox.settle(session, turn, message, outcome, chance=self._chance(), now=now)
                goes_on = endpoint is not None and now - began < _TURN and not self._ended.is_set()
                message = outbox.next_message(session, turn, now=now) if goes_on else None
        if turn:
            with writing(self._engine) as session:
                outbox.give_back(session, turn, now=self._now())
        return calls

    def _send(self, turn: Turn, message: Message) -> Outcome:
        began, at = time.monotonic(), self._now()
        with outlived(f"webhook {message.event_id} to endpoint {turn.endpoint_id}") as piece:
            return self._call(turn, message, began, at)
        return Outcome(at, _ms_since(began), error=f"{CODE} ({piece.fault})", is_ours=True)

    def _call(self, turn: Turn, message: Message, began: float, at: datetime) -> Outcome:
        body = message.body(self._public_url)

        def came(status: int | None = None, error: str | None = None, retry_after_s: float = 0.0) -> Outcome:
            if error is not None:
                _log.info("webhook %s to endpoint %s failed: %s", message.event_id, turn.endpoint_id, status or "none")
            return Outcome(at, _ms_since(began), status, error and error[:_LONGEST_ERROR], retry_after_s)

        try:
            signed = signing.headers(self._secrets(turn), message_id=message.event_id, at=at, body=body)
            sent = {"Content-Type": "application/json", **signed}
            answer = self._outbound.call("POST", turn.url, headers=sent, body=body, max_bytes=_MOST_BYTES)
        except (OutboundError, SecretUnreadable) as fault:
            return came(error=str(fault))
        if 200 <= answer.status < 300:
            return came(answer.status)
        hidden = [turn.url, turn.url.partition("?")[2], *signed["webhook-signature"].split()]
        return came(answer.status, _excerpt(answer, hidden), answer.retry_after_s(at) or 0.0)

    def _secrets(self, turn: Turn) -> list[str]:
        """Those to sign with. Raises SecretUnreadable."""
        newest, *former = turn.sealed
        secrets = [self._seal.open(newest)]
        for sealed in former:
            with suppress(SecretUnreadable):  # that it cannot be read may be why there is a newer one
                secrets.append(self._seal.open(sealed))
        return secrets


def _ms_since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)


def _keep_ping(session: Session, message: Message, outcome: Outcome) -> None:
    endpoint = session.get(Endpoint, message.endpoint_id, with_for_update={"key_share": True})
    if endpoint is None:  # removed while it was asked
        return
    ping = Delivery(
        license_id=message.license_id,
        endpoint_id=message.endpoint_id,
        event_id=message.event_id,
        kind=PING,
        data=message.data,
        at=message.at,
        status="delivered" if outcome.is_delivered else "failed",
        attempts=0,
        tries=0,
        next_at=message.at,
        gives_up_at=message.at,
        ended_at=outcome.at,
    )
    session.add(ping)
    outbox.note(session, ping, outcome)
    if outcome.is_delivered and endpoint.status == OFF:
        endpoints.start_again(session, endpoint)


def _excerpt(answer: Answer, hidden: Collection[str]) -> str:
    """What the receiver said, in one short line that any terminal can show, and without what we sent."""
    said = answer.body[:4_000].decode("utf-8", "replace")
    for secret in hidden:
        if secret:
            said = said.replace(secret, "…")
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in said).split())
    return f"HTTP {answer.status}: {line}" if line else f"HTTP {answer.status}"
