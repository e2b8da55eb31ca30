"""An operator's browser, let in by a link as the command line makes it, and an order of a school that waits."""

from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from lti_tool import clock, operator_link
from lti_tool.ledger.pools import Pool
from lti_tool.purchasing.billing import Billing
from lti_tool.purchasing.orders import Order
from tests.conftest import Books
from tests.factories import EXPORT_CREDITS, NOW, make_license, make_order
from tests.web import pages


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """What these pages do to the books is tested on both databases in `tests/purchasing` and `tests/cli`."""
    return sqlite_url


@dataclass(frozen=True)
class Sold:
    """A licence of 300, and its order of 100 for $50.00 by purchase order PO-4711."""

    books: Books
    license: str
    id: str
    number: str

    @property
    def page(self) -> str:
        """The order's address."""
        return f"/operator/orders/{self.id}"

    @property
    def issued(self) -> int:
        """The licence's total."""
        with self.books() as session:
            return session.get_one(Pool, (self.license, EXPORT_CREDITS.name)).issued

    def status(self) -> str:
        """What became of it."""
        with self.books() as session:
            return session.get_one(Order, self.id).status


@pytest.fixture
def sold(books: Books) -> Sold:
    """The order, placed and not approved."""
    with books() as session:
        school = make_license(session, credits=300)
        order = make_order(session, school, status="draft", method="purchase_order")
        billing = Billing("PO-4711", "Springfield District", "Zoë <b>Nguyễn</b>", "office@district.test", "1 Main St")
        billing.put_on(order)
        order.status, order.placed_at, order.placed_by = "placed", NOW, "office"
        return Sold(books, school.id, order.id, order.number)


def link(app: Flask) -> str:
    """The path of a fresh link."""
    secret: str = app.extensions["creditroll"].secret_key
    return f"/operator/enter/{operator_link.make(secret, now=clock.now())}"


def come_in(client: FlaskClient) -> FlaskClient:
    """Opens a link in this browser, and presses its button."""
    address = link(client.application)
    form = pages.get(client, address).form(address)
    entered = pages.post(client, form)
    assert (entered.status_code, urlsplit(entered.headers["Location"]).path) == (303, "/operator/orders")
    return client


@pytest.fixture
def operator(client: FlaskClient) -> FlaskClient:
    """The operator's browser."""
    return come_in(client)
