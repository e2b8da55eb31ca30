"""A quote for 200 that the school's teacher asked for, and the link that was sent to the office."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from typing import Protocol

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from lti_tool import clock
from lti_tool.purchasing import office_links, orders
from lti_tool.purchasing.orders import Order
from lti_tool.settings import Settings
from lti_tool.web import office_address
from tests.conftest import Books
from tests.factories import EXPORT_CREDITS
from tests.web.conftest import School
from tests.web.pages import Page

BILLING = {
    "po_number": "4500-2291",
    "billing_organization": "Springfield School District",
    "billing_name": "Accounts Payable",
    "billing_email": "accounts@springfield.example",
    "billing_address": "12 Main Street\nSpringfield",
}
Change = Callable[[Session, Order], object]


@dataclass(frozen=True)
class Sent:
    """The order's id, and the path of the link to it."""

    books: Books
    order_id: str
    path: str

    def change(self, act: Change) -> None:
        """Something happens to the locked order meanwhile."""
        with self.books() as session:
            act(session, orders.locked(session, self.order_id))

    @property
    def order(self) -> Order:
        """The order as it is now."""
        with self.books() as session:
            return session.get_one(Order, self.order_id)


class Send(Protocol):
    """Makes a quote and its link, for the given tool."""

    def __call__(self, app: Flask, quantity: int = 200) -> Sent: ...


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """What differs between the databases is tested in tests/purchasing."""
    return sqlite_url


@pytest.fixture
def send(books: Books, school: School) -> Send:
    def make(app: Flask, quantity: int = 200) -> Sent:
        settings: Settings = app.extensions["creditroll"]
        with books() as session:
            order = orders.draft(
                session,
                school.license,
                settings.catalog,
                EXPORT_CREDITS.name,
                quantity,
                buyer_id=school.teacher_person,
                now=clock.now() - timedelta(minutes=1),
            )
            link = office_links.make(session, order, person_id=school.teacher_person, now=clock.now())
        with app.app_context():
            address = office_address.address(link)
        assert address.startswith(settings.public_url)
        return Sent(books, order.id, address.removeprefix(settings.public_url))

    return make


@pytest.fixture
def sent(app: Flask, send: Send) -> Sent:
    """On the tool of the fixture `client`."""
    return send(app)


def place(client: FlaskClient, path: str, **values: object) -> TestResponse:
    """Fills in the form as it stands on the page, and sends it as a browser does that has no scripts."""
    form = Page(client.get(path)).form(path)
    return upload(client, path, **{**dict(form.fields), **BILLING, **values})


def file(content: bytes, name: str) -> FileStorage:
    """A file as a browser sends it."""
    return FileStorage(BytesIO(content), filename=name)


def upload(client: FlaskClient, path: str, **values: object) -> TestResponse:
    """Sends these fields, files among them."""
    boundary, body = encode_multipart(values)
    return client.post(path, data=body, content_type=f"multipart/form-data; boundary={boundary}")


def said(response: TestResponse) -> str:
    """What the page says, apart from its support id."""
    return re.sub(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}\b", "", Page(response).text)
