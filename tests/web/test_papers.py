"""An order's papers are downloaded by their address alone, for two hours, and each is there when a school needs it."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer

from lti_tool import language
from lti_tool.db import db
from lti_tool.ids import new_id
from lti_tool.lti.roles import Role
from lti_tool.members.people import Person
from lti_tool.purchasing.orders import Order
from lti_tool.web import papers
from lti_tool.web.papers import Link
from tests.conftest import Books, MakeApp
from tests.factories import NOW, SHOP, make_context, make_license, make_member, make_order, make_payment
from tests.purchasing.paper import text


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
        assert link.label.split()[1] in text(answer.data)


def test_a_paper_speaks_as_the_page_did_whoever_asks_for_it(app: Flask, books: Books, client: FlaskClient) -> None:
    order = order_of(books)
    with language.speaking("es-MX"):
        link = links(app, order)[0]
    shown = text(client.get(link.url, headers={"Accept-Language": "en"}).data)
    assert "Cotización" in shown
    assert "Créditos de exportación" in shown, "what is bought, in the words of the settings"
    assert "Página 1" in shown


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


def test_a_paper_tells_how_the_order_stands_when_it_is_downloaded(
    app: Flask, books: Books, client: FlaskClient
) -> None:
    drafted, bought = order_of(books, method=None, status="draft"), order_of(books)
    with time_machine.travel(NOW + timedelta(days=31), tick=False):
        [quote] = links(app, drafted)
        assert "Expired" in text(client.get(quote.url).data)
        _, invoice = links(app, bought)
        assert "To be paid" in text(client.get(invoice.url).data)
        with books() as session:
            order = session.get_one(Order, bought)
            make_payment(session, order, amount=1111, status="failed")
            foreign = make_payment(session, order, status="pending")
            foreign.currency, foreign.status, foreign.paid_at = "EUR", "paid", NOW
            make_payment(session, order, refunded=order.total)
        assert "Refunded" in text(client.get(invoice.url).data)
        *_, receipt = links(app, bought)
        shown = text(client.get(receipt.url).data)
        assert "Refunded" in shown
        assert shown.count("Card, through Stripe") == 1


def test_no_paper_has_anything_of_a_student_or_of_who_pressed_the_buttons(
    app: Flask, books: Books, client: FlaskClient
) -> None:
    people = {"Wilhelmina Quackenbush": Role.LEARNER, "Ebenezer Featherstone": Role.TEACHER}
    with books() as session:
        course = make_context(session, title="Fiction 101")
        license_ = make_license(session, context=course)
        members = [make_member(session, license_, course, name=name, role=role) for name, role in people.items()]
        order = make_order(session, license_, method="purchase_order", po_number="4500-2291")
        order.buyer_id = members[1].person_id
        make_payment(session, order)
        persons = [session.get_one(Person, member.person_id) for member in members]
        private = [part for one in persons for part in (*str(one.name).split(), str(one.email), one.subject)]
        order_id = order.id
    papers = [client.get(link.url).data for link in links(app, order_id)]
    assert len(papers) == 3
    for paper in papers:
        shown = text(paper)
        assert "Springfield High" in shown
        assert [part for part in private if part in shown or part.encode() in paper] == []


def test_the_sellers_tax_form_is_offered_beside_the_papers_where_there_is_one(
    make_app: MakeApp, books: Books, tmp_path: Path
) -> None:
    form = tmp_path / "w9.pdf"
    form.write_bytes(b"%PDF-1.7 the form")
    app = make_app(catalog=replace(SHOP, seller_tax_form=str(form)))
    *_, link = links(app, order_of(books))
    assert (link.kind, link.label, link.note) == ("tax-form", "W-9", "PDF")
    answer = app.test_client().get(link.url)
    assert (answer.status_code, answer.data) == (200, b"%PDF-1.7 the form")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="W-9.pdf"'
    form.unlink()
    assert app.test_client().get(link.url).status_code == 404


def test_what_we_signed_for_something_else_opens_no_paper(app: Flask, books: Books, client: FlaskClient) -> None:
    order_id, secret = order_of(books), app.extensions["creditroll"].secret_key
    papers, office = (URLSafeTimedSerializer(secret, salt=salt) for salt in ("paper", "office-link"))
    assert client.get(f"/papers/{office.dumps([order_id, 'quote', 'en_US'])}").status_code == 410
    assert client.get(f"/papers/{papers.dumps([order_id, 'receipt', 'en_US'])}").status_code == 404
    assert client.get(f"/papers/{papers.dumps([new_id(), 'quote', 'en_US'])}").status_code == 404
