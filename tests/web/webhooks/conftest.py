"""A tool that takes cards beside a stand-in for Stripe, whose messages are sent by the test."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from lti_tool import clock
from lti_tool.ledger import pools
from lti_tool.purchasing import payments
from lti_tool.purchasing.checkout import Checkout
from lti_tool.purchasing.orders import Order
from lti_tool.purchasing.payments import Payment, PaymentEvent
from lti_tool.web.paying import pay_url
from tests.conftest import Books, MakeApp
from tests.factories import make_license, make_order
from tests.gateway import Event, Gateway, running_gateway


@pytest.fixture(scope="session")
def gateway() -> Iterator[Gateway]:
    """One stand-in for all tests here, each of which pays pages of its own; its messages wait to be sent."""
    with running_gateway() as gateway:
        yield gateway


@pytest.fixture
def app(make_app: MakeApp, gateway: Gateway) -> Flask:
    """The tool, which takes cards."""
    return make_app(**gateway.settings())


@dataclass
class Shop:
    """What a seller sees: orders, payments, problems, and the licence's credits."""

    app: Flask
    books: Books
    gateway: Gateway

    def order(self, *, status: str = "placed") -> Order:
        """100 credits by card, for 50.00, of a licence that has none yet."""
        with self.books() as session:
            order = make_order(session, make_license(session, credits=0), status=status)
            order.expires_at = clock.now() + timedelta(days=30)
        return order

    def page(self, order: Order) -> str:
        """ "Pay" is pressed; the provider's id of the page."""
        with self.app.app_context():
            url = pay_url(order.id)
        return url.rpartition("/")[2]

    def tell(self, *events: Event, **signing: Any) -> list[int]:
        """Sends the messages in this order; the statuses."""
        return [self.post(*self.gateway.signed(event, **signing)).status_code for event in events]

    def post(self, body: bytes, headers: dict[str, str]) -> TestResponse:
        """A message as it is."""
        return self.app.test_client().post("/webhooks/stripe", data=body, headers=headers)

    def credits(self, order: Order) -> tuple[int, int]:
        """What the order's licence was issued, and what its pool has."""
        with self.books() as session:
            [figures] = pools.totals(session, order.license_id, now_us=0)
        return figures.issued, figures.pool

    def now(self, order: Order) -> Order:
        """The order as it is now."""
        with self.books() as session:
            return session.get_one(Order, order.id)

    def payment(self, order: Order) -> Payment:
        """The order's only payment."""
        with self.books() as session:
            [payment] = payments.of_order(session, order.id)
        return payment

    def payments(self) -> list[Payment]:
        """All that anybody paid."""
        with self.books() as session:
            return list(session.scalars(select(Payment)))

    def problems(self) -> list[str]:
        """The codes of what is open, oldest first."""
        with self.books() as session:
            return [problem.code for problem in payments.problems(session)]

    def kept(self) -> list[PaymentEvent]:
        """What was kept of messages."""
        with self.books() as session:
            return list(session.scalars(select(PaymentEvent).order_by(PaymentEvent.received_at)))

    def pages(self, order: Order) -> list[str]:
        """How each attempt of the order stands."""
        with self.books() as session:
            query = select(Checkout.status).where(Checkout.order_id == order.id).order_by(Checkout.attempt)
            return list(session.scalars(query))


@pytest.fixture
def shop(app: Flask, books: Books, gateway: Gateway) -> Shop:
    """The seller's view."""
    return Shop(app, books, gateway)
