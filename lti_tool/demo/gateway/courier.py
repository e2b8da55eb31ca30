"""Webhooks as Stripe sends them: signed, tried again, in no promised order; and a hand that disturbs them."""

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from threading import RLock
from typing import Any

import requests

from lti_tool.demo.gateway.config import GatewayConfig
from lti_tool.demo.gateway.errors import missing
from lti_tool.demo.gateway.things import new_id

API_VERSION = "2026-10-28.endive"
_MOST_EVENTS = 5_000
_ANSWERS_WITHIN_S = 10
_UNREACHED = 0


@dataclass(frozen=True)
class Attempt:
    """One request to the tool, in words about what was special, and its answer's status; 0 is none at all."""

    status: int
    how: str = ""

    @property
    def is_taken(self) -> bool:
        """Whether the tool has it now."""
        return 200 <= self.status < 300


@dataclass
class Event:
    """Something that happened, in the exact text that is signed and sent each time."""

    id: str
    type: str
    created: int
    body: str
    attempts: list[Attempt] = field(default_factory=list)
    due_at: float | None = None
    is_held: bool = False

    @property
    def state(self) -> str:
        """What became of it, in a word or two."""
        if any(attempt.is_taken for attempt in self.attempts):
            return "taken"
        if self.is_held:
            return "held"
        return (
            "not sent" if self.due_at is None and not self.attempts else "refused" if self.due_at is None else "again"
        )

    def shape(self) -> dict[str, Any]:
        """The event as JSON, with what became of it."""
        return {"event": json.loads(self.body), "state": self.state, "answers": [one.status for one in self.attempts]}


class Courier:
    """Every event that there was, the oldest forgotten first; safe between threads. Nothing is sent under its lock."""

    def __init__(self, config: GatewayConfig) -> None:
        self._config = config
        self._events: dict[str, Event] = {}
        self._lock = RLock()
        self.is_holding = not config.webhook_url

    def write(self, kind: str, shape: dict[str, Any]) -> Event:
        """An event about a thing as it is now; `take` sends it."""
        event_id, created = new_id("evt_"), int(self._config.clock())
        envelope = {
            "id": event_id,
            "object": "event",
            "api_version": API_VERSION,
            "created": created,
            "data": {"object": shape},
            "livemode": False,
            "pending_webhooks": 1,
            "request": {"id": None, "idempotency_key": None},
            "type": kind,
        }
        # Stripe indents, too: a receiver that signs what it parsed, not what it got, is found out.
        return Event(event_id, kind, created, json.dumps(envelope, indent=2))

    def take(self, event: Event) -> Event:
        """Sends it, unless events are held; as Stripe does, before the payer is sent back."""
        with self._lock:
            self._events[event.id] = event
            while len(self._events) > _MOST_EVENTS:
                del self._events[next(iter(self._events))]
            event.is_held = self.is_holding
        if not event.is_held:
            self._try(event)
        return event

    def send(self, event_id: str, *, secret: str | None = None, age_s: int = 0) -> int:
        """Once more and right now, however often it was sent: signed by another secret, or some time ago, if said.

        The status that the tool answered. Raises StripeError.
        """
        event = self.event(event_id)
        how = " ".join((*(["by another secret"] if secret else []), *([f"{age_s} s old"] if age_s else [])))
        status = self._post(event, secret or self._config.webhook_secret, age_s)
        event.attempts.append(Attempt(status, how))
        return status

    def hold(self) -> None:
        """From now on events wait."""
        self.is_holding = True

    def release(self, order: Iterable[str] | None = None) -> list[Event]:
        """Sends what is held: those ids in that order, and nothing else; or all as they came, and holds no more."""
        with self._lock:
            if order is None:
                self.is_holding = not self._config.webhook_url
                order = [one.id for one in self._events.values() if one.is_held]
            chosen = [self.event(one) for one in order]
            for event in chosen:
                event.is_held = False
        for event in chosen:
            self._try(event)
        return chosen

    def drop(self, event_id: str) -> None:
        """It will not come by itself. Raises StripeError."""
        event = self.event(event_id)
        event.is_held, event.due_at = False, None

    def retry_due(self) -> None:
        """Tries again what was not taken, once its time has come."""
        now = self._config.clock()
        with self._lock:
            due = [one for one in self._events.values() if one.due_at is not None and one.due_at <= now]
            for event in due:
                event.due_at = None  # nobody else tries it meanwhile
        for event in due:
            self._try(event)

    def event(self, event_id: str) -> Event:
        """Raises StripeError."""
        with self._lock:
            if event_id not in self._events:
                raise missing("event", event_id, "id")
            return self._events[event_id]

    def all(self) -> list[Event]:
        """Oldest first."""
        with self._lock:
            return list(self._events.values())

    def _try(self, event: Event) -> None:
        attempt = Attempt(self._post(event, self._config.webhook_secret, 0))
        event.attempts.append(attempt)
        tried = len(event.attempts)
        if not attempt.is_taken and tried <= len(self._config.waits_s):
            event.due_at = self._config.clock() + self._config.waits_s[tried - 1]

    def _post(self, event: Event, secret: str, age_s: int) -> int:
        if not self._config.webhook_url:
            return _UNREACHED
        sent = {
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": signature(event.body, secret, age_s=age_s),
            "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks) stand-in",
        }
        with requests.Session() as http:
            http.trust_env = False  # a loopback address through this shell's proxy would reach another machine
            try:
                return http.post(
                    self._config.webhook_url,
                    data=event.body.encode(),
                    headers=sent,
                    timeout=_ANSWERS_WITHIN_S,
                    allow_redirects=False,
                ).status_code
            except requests.RequestException:
                return _UNREACHED


def signature(body: str, secret: str, *, age_s: int = 0) -> str:
    """The header that proves a body, made by the SDK's own signer `age_s` seconds ago; negative is in the future."""
    from stripe import WebhookSignature  # 0.5 s and 30 MB, for those who pay

    made: str = WebhookSignature.generate_signature_header(body, secret, int(time.time()) - age_s)
    return made
