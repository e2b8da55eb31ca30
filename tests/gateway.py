"""The stand-in for Stripe over real HTTP for any test: pay in it, and send what it says in any order."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import time
from typing import Any

import requests

from lti_tool.demo.gateway.app import create_gateway
from lti_tool.demo.gateway.config import GatewayConfig, made_up_keys
from lti_tool.demo.gateway.courier import signature
from tests.demo_lms import TIMEOUT_S, serving

Event = dict[str, Any]


@dataclass
class Gateway:
    """A running stand-in. Events come as Stripe's JSON: `event["id"]`, `event["type"]`, `event["data"]["object"]`."""

    url: str
    secret_key: str
    webhook_secret: str
    is_later_by_s: float = field(default=0, init=False)

    def settings(self) -> dict[str, Any]:
        """The tool's settings for paying here: `make_app(**gateway.settings())`."""
        return {
            "stripe_secret_key": self.secret_key,
            "stripe_webhook_secrets": [self.webhook_secret],
            "stripe_api_base": self.url,
        }

    @property
    def events(self) -> list[Event]:
        """Every event so far, in the order of what happened."""
        return [each["event"] for each in self.told()]

    def told(self) -> list[dict[str, Any]]:
        """The same, each with `state` and `answers` (the statuses that the tool answered)."""
        answer = requests.get(f"{self.url}/control/events", timeout=TIMEOUT_S)
        found: list[dict[str, Any]] = answer.json()["events"]
        return found

    def pay(self, session_id: str) -> Event:
        """By card. The webhook was sent, and answered, when this returns; so everywhere here."""
        return self._event("pay", session=session_id)

    def pay_later(self, session_id: str) -> Event:
        """By bank transfer: completed, and unpaid until `settle` or `fail`."""
        return self._event("pay_later", session=session_id)

    def settle(self, session_id: str) -> Event:
        """The bank transfer has come."""
        return self._event("settle", session=session_id)

    def fail(self, session_id: str) -> Event:
        """The bank transfer has failed."""
        return self._event("fail", session=session_id)

    def expire(self, session_id: str) -> Event:
        """Nobody can pay it any more."""
        return self._event("expire", session=session_id)

    def refund(self, payment_id: str, amount: int | None = None) -> Event:
        """In minor units, all that is left unless said."""
        return self._event("refund", payment=payment_id, amount=amount)

    def dispute(self, payment_id: str, amount: int | None = None) -> Event:
        """A card's owner wants it back."""
        return self._event("dispute", payment=payment_id, amount=amount)

    def close_dispute(self, payment_id: str, *, won: bool) -> Event:
        """The bank decided: for the seller, or not."""
        return self._event("close-dispute", payment=payment_id, won=won)

    def hold(self) -> None:
        """From now on events wait to be released or delivered."""
        self.control("hold")

    def release(self, *events: Event) -> None:
        """Sends these in this order; or without any all that are held, and holds no more."""
        self.control("release", events=[event["id"] for event in events] or None)

    def drop(self, event: Event) -> None:
        """It will not come by itself."""
        self.control("drop", event=event["id"])

    def deliver(self, event: Event, *, secret: str | None = None, age_s: int = 0) -> int:
        """Sends an event now, however often it was sent; the status that the tool answered, 0 for none."""
        status: int = self.control("deliver", event=event["id"], secret=secret, age_s=age_s)["status"]
        return status

    def signed(self, event: Event, *, secret: str | None = None, age_s: int = 0) -> tuple[bytes, dict[str, str]]:
        """Body and headers of a webhook with this event, changed or made up as you like, to be sent by yourself.

        `age_s` is how long ago it was signed; negative is in the future.
        """
        body = json.dumps(event, indent=2)
        header = signature(body, secret or self.webhook_secret, age_s=age_s)
        return body.encode(), {"Stripe-Signature": header, "Content-Type": "application/json; charset=utf-8"}

    def plant(self, *faults: int | str) -> None:
        """What the next calls of the API meet, one each: a status, or "lost": done, but the answer breaks off."""
        self.control("faults", faults=list(faults))

    def later(self, seconds: float) -> None:
        """The stand-in's clock moves on: sessions run out, and what was not taken is sent again."""
        self.is_later_by_s += seconds
        self.control("tick")

    def control(self, path: str, **body: Any) -> dict[str, Any]:
        """What a test does by HTTP."""
        answer = requests.post(f"{self.url}/control/{path}", json=body, timeout=TIMEOUT_S)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def _event(self, path: str, **body: Any) -> Event:
        event: Event = self.control(path, **body)["event"]
        return event


@contextmanager
def running_gateway(webhook_url: str = "") -> Iterator[Gateway]:
    """A stand-in that tells that address, on this machine; without one its events wait for `signed`.

    `webhook_url` is the tool's "http://127.0.0.1:…/webhooks/stripe": give a server its address (`demo_lms.serving`)
    before the tool, whose settings need the gateway's. Time passes in it by `later`.
    """
    with serving("localhost") as server:
        gateway = Gateway(server.url, *made_up_keys())
        config = GatewayConfig(
            url=server.url,
            webhook_url=webhook_url,
            secret_key=gateway.secret_key,
            webhook_secret=gateway.webhook_secret,
            control=True,
            clock=lambda: time() + gateway.is_later_by_s,
        )
        server.show(create_gateway(config))
        yield gateway
