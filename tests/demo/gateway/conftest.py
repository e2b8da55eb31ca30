"""The stand-in for Stripe and a tool of a few lines that writes down what it hears, both over real HTTP."""

from collections.abc import Iterator
from typing import Any

import pytest
import stripe
from flask import Flask, request
from stripe import StripeClient
from stripe.checkout import Session

from tests.demo_lms import serving
from tests.gateway import Gateway, running_gateway

ORDER = "0199a1b2-0000-7000-8000-000000000001"


class Tool:
    """It takes what verifies by its secret, and answers `answers` first, then 200; what does not verify gets 400."""

    def __init__(self) -> None:
        self.secret = ""
        self.heard: list[stripe.Event] = []
        self.forged = 0
        self.answers: list[int] = []

    @property
    def types(self) -> list[str]:
        """What it heard of, in order."""
        return [event.type for event in self.heard]

    def app(self) -> Flask:
        """Its webhook, and the page to which payers return."""
        app = Flask("tool")

        @app.post("/webhooks/stripe")
        def hear() -> tuple[str, int]:
            signed = request.headers["Stripe-Signature"]
            try:
                event = stripe.Webhook.construct_event(request.get_data(), signed, self.secret)
            except stripe.SignatureVerificationError:
                self.forged += 1
                return "", 400
            self.heard.append(event)
            return "", self.answers.pop(0) if self.answers else 200

        return app


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[Gateway, Tool]]:
    """One stand-in and one tool for a file's tests; each opens sessions of its own."""
    tool = Tool()
    with serving("127.0.0.1") as server, running_gateway(f"{server.url}/webhooks/stripe") as gateway:
        tool.secret = gateway.webhook_secret
        server.show(tool.app())
        yield gateway, tool


@pytest.fixture
def gateway(running: tuple[Gateway, Tool]) -> Gateway:
    """The stand-in."""
    return running[0]


@pytest.fixture
def tool(running: tuple[Gateway, Tool]) -> Tool:
    """The tool, that has heard nothing yet."""
    tool = running[1]
    tool.heard.clear()
    tool.answers.clear()
    tool.forged = 0
    return tool


@pytest.fixture
def opened(gateway: Gateway, tool: Tool) -> Session:
    """A session that waits for its payer."""
    return sdk(gateway).v1.checkout.sessions.create(params=wanted())


def sdk(gateway: Gateway, key: str = "") -> StripeClient:
    """The official client, as a tool makes it."""
    return StripeClient(key or gateway.secret_key, base_addresses={"api": gateway.url}, max_network_retries=2)


def line(name: str, unit_amount: int, quantity: int, currency: str = "usd") -> dict[str, Any]:
    """A line of the bill."""
    price = {"currency": currency, "unit_amount": unit_amount, "product_data": {"name": name}}
    return {"price_data": price, "quantity": quantity}


def wanted(**changes: Any) -> Any:
    """A session of 100 credits and their tax, 20.00 + 1.65; a change to None leaves a parameter out."""
    right = {
        "mode": "payment",
        "line_items": [line("Export credits", 20, 100), line("Sales tax", 165, 1)],
        "client_reference_id": ORDER,
        "metadata": {"order": ORDER},
        "payment_intent_data": {"metadata": {"order": ORDER}},
        "success_url": "http://127.0.0.1:9/checkout/return?session={CHECKOUT_SESSION_ID}",
        "cancel_url": "http://127.0.0.1:9/checkout/return",
        **changes,
    }
    return {name: value for name, value in right.items() if value is not None}
