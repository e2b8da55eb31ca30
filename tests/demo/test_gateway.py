"""The stand-in for Stripe, called by the official SDK over real HTTP."""

from collections.abc import Callable, Iterator
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
    """A receiver of webhooks that writes down what verified; it answers `answers` first, then 200."""

    def __init__(self) -> None:
        self.secret = ""
        self.heard: list[stripe.Event] = []
        self.forged = 0
        self.answers: list[int] = []

    def app(self) -> Flask:
        """Its one address."""
        app = Flask("tool")

        @app.post("/webhooks/stripe")
        def hear() -> tuple[str, int]:
            try:
                event = stripe.Webhook.construct_event(
                    request.get_data(), request.headers["Stripe-Signature"], self.secret
                )
            except stripe.SignatureVerificationError:
                self.forged += 1
                return "", 400
            self.heard.append(event)
            return "", self.answers.pop(0) if self.answers else 200

        return app


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[Gateway, Tool]]:
    """One stand-in and one tool for all tests here; each pays sessions of its own."""
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
    """The receiver, who has heard nothing yet."""
    running[1].heard.clear()
    running[1].answers.clear()
    running[1].forged = 0
    return running[1]


def sdk(gateway: Gateway, key: str = "") -> StripeClient:
    """The official client, as the tool makes it."""
    return StripeClient(key or gateway.secret_key, base_addresses={"api": gateway.url}, max_network_retries=2)


def wanted(**changes: Any) -> Any:
    """A session of 100 credits and their tax: 20.00 + 1.65."""
    return {
        "mode": "payment",
        "line_items": [
            {
                "price_data": {"currency": "usd", "unit_amount": 20, "product_data": {"name": "Export credits"}},
                "quantity": 100,
            },
            {
                "price_data": {"currency": "usd", "unit_amount": 165, "product_data": {"name": "Sales tax"}},
                "quantity": 1,
            },
        ],
        "client_reference_id": ORDER,
        "metadata": {"order": ORDER},
        "payment_intent_data": {"metadata": {"order": ORDER}},
        "success_url": "http://127.0.0.1:1/checkout/return?session={CHECKOUT_SESSION_ID}",
        "cancel_url": "http://127.0.0.1:1/checkout/return",
        **changes,
    }


@pytest.fixture
def opened(gateway: Gateway, tool: Tool) -> Session:
    """A session that waits for its payer."""
    return sdk(gateway).v1.checkout.sessions.create(params=wanted())


def test_a_session_is_opened_found_again_and_expired_and_its_lines_are_totalled(gateway: Gateway, tool: Tool) -> None:
    sessions = sdk(gateway).v1.checkout.sessions
    made = sessions.create(params=wanted())
    assert (made.amount_total, made.currency, made.status, made.payment_status) == (2165, "usd", "open", "unpaid")
    assert (made.client_reference_id, made.payment_intent) == (ORDER, None)
    assert made.to_dict()["metadata"] == {"order": ORDER}
    assert made.url == f"{gateway.url}/pay/{made.id}"
    assert sessions.retrieve(made.id).to_dict() == made.to_dict()

    assert sessions.expire(made.id).status == "expired"
    assert sessions.retrieve(made.id).url is None
    assert [event.type for event in tool.heard] == ["checkout.session.expired"]
    with pytest.raises(stripe.InvalidRequestError, match="status of `expired`"):
        sessions.expire(made.id)


def test_a_key_gives_one_session_however_often_and_whatever_goes_wrong(gateway: Gateway, tool: Tool) -> None:
    create: Callable[..., Session] = sdk(gateway).v1.checkout.sessions.create
    options: Any = {"idempotency_key": f"{ORDER}:1"}
    gateway.plant(500, 503, "lost")
    with pytest.raises(stripe.APIConnectionError):
        create(params=wanted(), options=options)

    first, again = (create(params=wanted(), options=options) for _ in range(2))

    assert first.id == again.id
    assert again.last_response is not None
    assert again.last_response.headers["Idempotent-Replayed"] == "true"
    with pytest.raises(stripe.IdempotencyError, match="same parameters"):
        create(params=wanted(client_reference_id="another"), options=options)
    assert create(params=wanted(), options={"idempotency_key": f"{ORDER}:2"}).id != first.id


def test_paying_by_card_tells_the_tool_and_nobody_pays_twice(gateway: Gateway, tool: Tool, opened: Session) -> None:
    gateway.pay(opened.id)

    [event] = tool.heard
    session: Any = event.data.object
    assert event.type == "checkout.session.completed"
    assert (session.id, session.payment_status, session.status) == (opened.id, "paid", "complete")
    assert session.client_reference_id == ORDER
    intent = sdk(gateway).v1.payment_intents.retrieve(session.payment_intent)
    assert (intent.amount_received, intent.metadata["order"]) == (2165, ORDER)
    with pytest.raises(AssertionError, match="status of `complete`"):
        gateway.pay(opened.id)


@pytest.mark.parametrize("comes", [True, False])
def test_a_bank_transfer_is_unpaid_until_it_comes_or_fails(
    gateway: Gateway, tool: Tool, opened: Session, comes: bool
) -> None:
    gateway.pay_later(opened.id)
    (gateway.settle if comes else gateway.fail)(opened.id)

    first, second = tool.heard
    assert (first.type, first.data.object["payment_status"]) == ("checkout.session.completed", "unpaid")
    decided = ("succeeded", "paid") if comes else ("failed", "unpaid")
    assert (second.type, second.data.object["payment_status"]) == (
        f"checkout.session.async_payment_{decided[0]}",
        decided[1],
    )
