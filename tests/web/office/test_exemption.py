"""A certificate of exemption comes with the office's form: hostile files too, and they stay files."""

from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from lti_tool.purchasing import certificates
from lti_tool.purchasing.certificates import Certificate
from lti_tool.settings import Settings
from tests.conftest import Books, MakeApp
from tests.factories import SHOP
from tests.web.office.conftest import BILLING, Send, Sent, file, place, upload
from tests.web.pages import Page, get

PDF = b"%PDF-1.4\n%%EOF\n"


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    """Where 8.25 % of tax are due: 200 credits are $100.00 and $8.25."""
    return make_app(catalog=replace(SHOP, tax_rate=825))


def kept(books: Books) -> list[Certificate]:
    with books() as session:
        return list(session.scalars(select(Certificate)))


def files(settings: Settings) -> list[Path]:
    return list(settings.files_dir.iterdir()) if settings.files_dir.exists() else []


def test_with_a_certificate_the_school_pays_no_tax(client: FlaskClient, sent: Sent, settings: Settings) -> None:
    page = get(client, sent.path)
    assert "Sales tax, 8.25 % $8.25" in page.text
    assert "The total is then $100.00; without it, $108.25." in page.text
    assert place(client, sent.path, exempt="1", certificate=file(PDF, "exempt.pdf")).status_code == 303
    [certificate] = kept(sent.books)
    order = sent.order
    assert (order.tax, order.total, order.tax_exempt, order.certificate_id) == (0, 10_000, True, certificate.id)
    assert [path.read_bytes() for path in files(settings)] == [PDF]
    assert "Sales tax, exempt $0.00" in get(client, sent.path).text


def test_the_certificate_on_file_counts_only_where_the_office_says_so(
    client: FlaskClient, app: Flask, send: Send
) -> None:
    first, second, third = send(app), send(app), send(app)
    page = Page(place(client, first.path, exempt="1"))
    assert "Choose the certificate of exemption, or untick that the school is exempt." in page.text
    assert place(client, first.path, certificate=file(PDF, "exempt.pdf")).status_code == 303
    assert place(client, second.path, exempt="1").status_code == 303
    assert place(client, third.path).status_code == 303
    assert [one.order.total for one in (first, second, third)] == [10_000, 10_000, 10_825]
    assert "exempt.pdf" not in client.get(second.path).get_data(as_text=True), "a file's name may name anybody"


def test_the_link_of_a_placed_order_files_nothing_more(client: FlaskClient, sent: Sent, settings: Settings) -> None:
    assert place(client, sent.path).status_code == 303
    again = {**BILLING, "seen": "", "exempt": "", "certificate": file(PDF, "exempt.pdf")}
    assert upload(client, sent.path, **again).status_code == 303, "pressed twice, it was placed once"
    assert upload(client, sent.path, **again | {"po_number": "another"}).status_code == 409
    assert (kept(sent.books), files(settings)) == ([], [])


def test_a_file_that_was_taken_stays_though_another_field_is_wrong(client: FlaskClient, sent: Sent) -> None:
    answer = place(client, sent.path, po_number="", certificate=file(PDF, "exempt.pdf"))
    page = Page(answer)
    assert answer.status_code == 422
    assert page.find("input", name="exempt", checked="")
    assert "one is on file" in page.text
    assert sent.order.status == "draft"
    assert place(client, sent.path, exempt="1", certificate=file(PDF, "again.pdf")).status_code == 303
    assert len(kept(sent.books)) == 1


@pytest.mark.parametrize(
    ("content", "name", "says"),
    [
        (b"<html><script>alert(1)</script>", "exempt.pdf", "This is not a PDF, PNG or JPEG"),
        (b"", "exempt.pdf", "This file is empty."),
        (PDF.ljust(certificates.LARGEST + 1, b"x"), "exempt.pdf", "This file is larger than 5 MB."),
        (b"MZ\x90\0", "../../../etc/cron.d/exempt.pdf", "This is not a PDF, PNG or JPEG"),
    ],
)
def test_a_file_that_is_none_of_the_three_is_refused_beside_its_field(
    client: FlaskClient, sent: Sent, content: bytes, name: str, says: str
) -> None:
    answer = place(client, sent.path, exempt="1", certificate=file(content, name))
    page = Page(answer)
    assert answer.status_code == 422
    assert page.find("input", name="certificate", aria_invalid="true")
    assert says in page.text
    assert (sent.order.status, kept(sent.books)) == ("draft", [])


def test_a_hostile_file_is_taken_for_what_it_begins_with_and_lies_under_its_number(
    client: FlaskClient, sent: Sent, settings: Settings
) -> None:
    polyglot = PDF + b"<script>alert(1)</script>PK\x03\x04"
    name = "..\\..\\templates/<b>x</b>\u202egpj.html"
    assert place(client, sent.path, certificate=file(polyglot, name)).status_code == 303
    [certificate] = kept(sent.books)
    assert (certificate.media_type, certificate.file_name) == ("application/pdf", "bgpj.html.pdf")
    assert [path.name for path in files(settings)] == [certificate.id]
    assert polyglot not in b"".join(client.get(path).get_data() for path in (sent.path, "/static/x", "/files/x"))


def test_only_the_forms_that_take_a_file_take_so_much(client: FlaskClient, sent: Sent) -> None:
    large = PDF.ljust(2_000_000, b"x")
    assert upload(client, f"{sent.path}/card", certificate=file(large, "x.pdf")).status_code == 413
    assert upload(client, "/register", certificate=file(large, "x.pdf")).status_code == 413
    assert place(client, sent.path, po_number="x" * 2_000_000).status_code == 413
    assert place(client, sent.path, certificate=file(PDF.ljust(9_000_000, b"x"), "x.pdf")).status_code == 413
    assert place(client, sent.path, certificate=file(large, "x.pdf")).status_code == 303
