"""An order's papers are downloaded by their address alone, for two hours, and each is there when a school needs it."""

from datetime import timedelta

import pypdfium2
import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from lti_tool.db import db
from lti_tool.purchasing.orders import Order
from lti_tool.web import papers
from lti_tool.web.papers import Link
from tests.conftest import Books
from tests.factories import NOW, make_license, make_order, make_payment


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """Which database it is makes no difference to a download."""
    return sqlite_url


def order_of(books: Books, *, paid: bool = False, method: str | None = "purchase_order", status: str = "placed") -> str:
    with books() as session:
        order = make_order(session, make_license(session), method=method, status=status, po_number="4500-2291")
        if paid:
            make_payment(session, order)
        return order.id


def links(app: Flask, order_id: str) -> list[Link]:
    """What a page would show of the order."""
    with app.test_request_context():
        order = db.session().get(Order, order_id)
        assert order is not None
        return papers.links(order)


def test_each_paper_is_there_from_when_it_is_needed(app: Flask, books: Books) -> None:
    drafted = order_of(books, method=None, status="draft")
    placed, paid = order_of(books), order_of(books, method="card", paid=True)
    waiting = order_of(books, method="card")
    assert [one.kind for one in links(app, drafted)] == ["quote"]
    assert [one.kind for one in links(app, waiting)] == ["quote"]
    assert [one.kind for one in links(app, placed)] == ["quote", "invoice"]
    assert [one.kind for one in links(app, paid)] == ["quote", "invoice", "receipt"]


def test_a_paper_is_downloaded_without_a_cookie_and_kept_nowhere(app: Flask, books: Books, client: FlaskClient) -> None:
    for link in links(app, order_of(books, paid=True)):
        answer = client.get(link.url)
        assert answer.status_code == 200
        assert answer.mimetype == "application/pdf"
        name = link.label.replace(" ", "-")
        assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}.pdf"'
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "Set-Cookie" not in answer.headers
        text = pypdfium2.PdfDocument(answer.data)[0].get_textpage().get_text_range()
        assert link.label.split()[1] in text


def test_a_link_ends_after_two_hours_and_a_forged_one_never_begins(
    app: Flask, books: Books, client: FlaskClient
) -> None:
    with time_machine.travel(NOW, tick=False):
        [link, *_] = links(app, order_of(books))
    with time_machine.travel(NOW + timedelta(hours=2), tick=False):
        assert client.get(link.url).status_code == 200
    signed, signature = link.url.rsplit(".", 1)
    forged = f"{signed}.{signature[::-1]}"
    with time_machine.travel(NOW + timedelta(hours=2, seconds=1), tick=False):
        for url in (link.url, forged, "/papers/x"):
            answer = client.get(url)
            assert answer.status_code == 410
            assert "This link has expired" in answer.text
            assert "Open the order again and download it from there." in answer.text
    with time_machine.travel(NOW, tick=False):
        assert client.get(forged).status_code == 410
