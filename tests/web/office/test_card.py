"""The office pays by card where cards are taken: the same order, with tax, at the provider's page."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lti_tool import clock
from lti_tool.purchasing import by_purchase_order, certificates, orders
from lti_tool.purchasing.certificates import Upload
from lti_tool.purchasing.orders import Order
from lti_tool.settings import Settings
from tests.conftest import MakeApp
from tests.factories import SHOP
from tests.gateway import Gateway, running_gateway
from tests.web.office.conftest import BILLING, Send, Sent, place
from tests.web.pages import Page, get, post


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    """A stand-in whose events nobody hears."""
    with running_gateway() as gateway:
        yield gateway


@pytest.fixture
def app(make_app: MakeApp, gateway: Gateway) -> Flask:
    """Where cards are taken, and 8.25 % of tax are due: 200 credits are $108.25."""
    gateway.plant()
    return make_app(**gateway.settings(), catalog=replace(SHOP, tax_rate=825))


def test_the_office_pays_by_card_with_tax_on_the_providers_page(
    client: FlaskClient, sent: Sent, settings: Settings, gateway: Gateway
) -> None:
    def exempt(session: Session, order: Order) -> None:
        upload = Upload.read(b"%PDF-1.4", "exempt.pdf")
        kept = certificates.keep(
            session, settings.files_dir, order.license_id, upload, uploaded_by=None, now=clock.now()
        )
        orders.exempt(order, kept.id)

    sent.change(exempt)
    page = get(client, sent.path)
    assert "$108.25, with sales tax: an exemption counts for purchase orders only" in page.text
    form = page.form(f"{sent.path}/card")
    for _ in range(2):
        answer = post(client, form)
        assert (answer.status_code, answer.headers["Location"]) == (303, f"{sent.path}#card")
    order = sent.order
    assert (order.status, order.method, order.placed_by, order.total) == ("placed", "card", "office", 10_825)
    page = get(client, sent.path)
    [link] = page.find("a", target="_blank", class_="button primary")
    assert link["href"].startswith(gateway.url)
    assert link["rel"] == "noopener"
    assert "This order is to be paid by card." in page.text
    assert page.forms == []


def test_an_order_that_a_card_pays_is_not_placed_again(client: FlaskClient, sent: Sent) -> None:
    quote = get(client, sent.path)
    post(client, quote.form(f"{sent.path}/card"))
    answer = client.post(sent.path, data={**dict(quote.form(sent.path).fields), **BILLING})
    assert answer.status_code == 409
    assert sent.order.method == "card"


def test_a_provider_that_does_not_answer_is_said_and_can_be_asked_again(
    client: FlaskClient, sent: Sent, gateway: Gateway
) -> None:
    gateway.plant(*[503] * 9)
    form = get(client, sent.path).form(f"{sent.path}/card")
    answer = post(client, form)
    assert answer.status_code == 503
    assert Page(answer).find("p", class_="wrong", role="alert")
    gateway.plant()
    assert post(client, Page(answer).form(f"{sent.path}/card")).status_code == 303
    assert get(client, sent.path).find("a", target="_blank", class_="button primary")


def test_where_no_cards_are_taken_or_a_purchase_order_pays_none_is_asked_for(
    make_app: MakeApp, send: Send, client: FlaskClient, sent: Sent
) -> None:
    plain = make_app()
    without, order = plain.test_client(), send(plain)
    assert "card" not in get(without, order.path).text
    assert without.post(f"{order.path}/card").status_code == 409
    assert order.order.status == "draft"
    form = get(client, sent.path).form(f"{sent.path}/card")
    assert place(client, sent.path).status_code == 303
    assert post(client, form).status_code == 409
    assert sent.order.method == "purchase_order"
    sent.change(lambda session, order: by_purchase_order.cancel(session, order.id, by="manager", now=clock.now()))
    assert "This order was cancelled. Nothing is to be paid." in get(client, sent.path).text
    assert get(client, sent.path).forms == []
