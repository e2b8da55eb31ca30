"""The office opens its link without an account, sees one quote and nothing else, and places it once."""

import re
from dataclasses import replace
from datetime import timedelta

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from lti_tool import clock
from lti_tool.ledger.movements import OPERATOR
from lti_tool.licenses import licenses
from lti_tool.licenses.licenses import License
from lti_tool.purchasing import by_purchase_order, office_links, orders
from lti_tool.purchasing.billing import Billing
from lti_tool.purchasing.orders import Order
from tests.conftest import MakeApp
from tests.factories import CATALOGUE, EXPORT_CREDITS, SHOP
from tests.web.conftest import Enter, School
from tests.web.office.conftest import BILLING, Send, Sent, place, said
from tests.web.pages import Page, get


def test_the_page_shows_the_quote_and_nothing_of_the_class(client: FlaskClient, sent: Sent, school: School) -> None:
    answer = client.get(sent.path)
    page = Page(answer)
    order = sent.order
    for shown in (f"Quote Q-{order.stem}", "Grace Okonkwo asks for 200 credits", "Springfield High", "$0.50 each $100"):
        assert shown in page.text
    with school.books() as session:
        code = session.get_one(License, school.license).code
    for hidden in ("Ada", "Emmy", "Sam Ito", "Biology", "Overview", code, school.license, school.teacher_person):
        assert hidden not in answer.get_data(as_text=True)
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["X-Robots-Tag"] == "noindex"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


def without_papers(answer: TestResponse) -> str:
    """The page but for the addresses of its papers, which are made anew each time."""
    return re.sub(r"/papers/[\w.-]+", "", answer.get_data(as_text=True))


def test_whose_visit_the_browser_has_makes_no_difference(
    client: FlaskClient, sent: Sent, school: School, enter: Enter
) -> None:
    before = client.get(sent.path)
    enter(client, school.as_teacher)
    after = client.get(sent.path)
    assert without_papers(after) == without_papers(before)
    assert place(client, sent.path).status_code == 303
    for answer in (before, after, client.get(sent.path)):
        assert "Set-Cookie" not in answer.headers
    assert get(client, "/manager/").status == 200


def test_the_office_places_the_order_once_and_sees_how_far_it_is(client: FlaskClient, sent: Sent) -> None:
    for _ in range(2):
        form = {"seen": "200 10000 USD", **BILLING}
        answer = client.post(sent.path, data=form)
        assert (answer.status_code, answer.headers["Location"]) == (303, f"{sent.path}?placed=1")
    order = sent.order
    assert (order.status, order.method, order.placed_by) == ("placed", "purchase_order", "office")
    assert Billing.of(order) == Billing.read(BILLING)
    assert "Thank you: the order is placed." in get(client, f"{sent.path}?placed=1").text
    page = get(client, sent.path)
    assert "200 credits arrive when Creditroll has approved purchase order 4500-2291" in page.text
    assert page.forms == []
    sent.change(lambda session, order: by_purchase_order.approve(session, order.id, actor=OPERATOR, now=clock.now()))
    assert "200 credits arrived on" in get(client, sent.path).text
    sent.change(
        lambda session, order: by_purchase_order.record_payment(
            session, order.id, amount=10_000, reference="T", now=clock.now()
        )
    )
    assert "Nothing is left to do." in get(client, sent.path).text


def test_for_a_trusted_license_the_credits_come_as_the_office_orders(
    client: FlaskClient, sent: Sent, school: School
) -> None:
    sent.change(lambda session, order: licenses.trust(session, order.license_id, True))
    assert place(client, sent.path).status_code == 303
    assert school.pool() == 300
    page = get(client, f"{sent.path}?placed=1")
    assert "200 credits arrived on" in page.text
    assert "Purchase order 4500-2291: the invoice is due on" in page.text


def test_what_is_wrong_is_said_beside_its_field_and_the_rest_stays(client: FlaskClient, sent: Sent) -> None:
    answer = place(client, sent.path, po_number="", billing_email="nobody", billing_address="1\n2\n3\n4\n5")
    page = Page(answer)
    assert answer.status_code == 422
    for name in ("po_number", "billing_email"):
        assert page.find("input", name=name, aria_invalid="true")
    assert page.find("textarea", aria_invalid="true")
    assert "This is not an e-mail address such as office@school.org." in page.text
    assert page.find("input", name="billing_email", value="nobody")
    assert page.find("input", name="billing_organization", value="Springfield School District")
    for hostile in ("x" * 100_000, "\u202e", "<script>alert(1)</script>" * 9, "{{ 7 * 7 }}" * 9):
        assert place(client, sent.path, po_number=hostile).status_code == 422
    assert place(client, sent.path, po_number="a\0b").status_code == 400
    assert sent.order.status == "draft"


def test_a_quote_that_was_changed_meanwhile_is_not_placed_unseen(client: FlaskClient, sent: Sent) -> None:
    form = get(client, sent.path).form(sent.path)
    sent.change(lambda session, order: orders.change_quantity(session, order, SHOP, 300, now=clock.now()))
    answer = client.post(sent.path, data={**dict(form.fields), **BILLING})
    assert answer.status_code == 409
    assert "The quote was changed after you had opened this page." in Page(answer).text
    assert sent.order.status == "draft"
    assert place(client, sent.path).status_code == 303
    assert (sent.order.quantity, sent.order.status) == (300, "placed")


def test_an_order_that_the_teacher_placed_first_stays_as_it_is(client: FlaskClient, sent: Sent) -> None:
    form = get(client, sent.path).form(sent.path)
    billing = Billing.read(BILLING | {"po_number": "PO-1"})

    def place_as_manager(session: Session, order: Order) -> None:
        by_purchase_order.set_billing(session, order, billing, now=clock.now())
        by_purchase_order.place(session, order.id, invoice_days=30, by="manager", now=clock.now())

    sent.change(place_as_manager)
    answer = client.post(sent.path, data={**dict(form.fields), **BILLING})
    assert answer.status_code == 409
    assert "The teacher has placed this order." in Page(answer).text
    assert (sent.order.po_number, sent.order.placed_by) == ("PO-1", "manager")


def test_what_has_left_the_catalogue_can_still_be_looked_at_and_ordered(
    make_app: MakeApp, client: FlaskClient, sent: Sent
) -> None:
    minutes = {name: one for name, one in CATALOGUE.items() if name != EXPORT_CREDITS.name}
    shop = replace(SHOP, prices={name: one for name, one in SHOP.prices.items() if name in minutes})
    office = make_app(resources=minutes, catalog=shop).test_client()
    assert "asks for 200 units of Creditroll" in get(office, sent.path).text
    assert place(office, sent.path).status_code == 303


def test_addresses_that_open_nothing_all_say_the_same(client: FlaskClient, sent: Sent, send: Send, app: Flask) -> None:
    closed, over = send(app), send(app)
    closed.change(lambda session, order: office_links.close(session, order, now=clock.now()))

    def end(session: Session, order: Order) -> None:
        link = office_links.current(session, order.id, now=clock.now())
        assert link is not None
        link.expires_at = clock.now() - timedelta(seconds=1)

    over.change(end)
    said_by_us, _, signature = sent.path.partition(".")
    forged = f"{said_by_us}.{signature.swapcase()}"
    paths = [closed.path, over.path, forged, "/office/x", f"/office/{sent.order_id}", "/office/" + "é" * 9]
    answers = [client.get(path) for path in paths]
    answers += [client.post(path, data=BILLING) for path in (closed.path, over.path, forged)]
    answers += [client.post(f"{path}/card") for path in (closed.path, over.path, forged)]
    assert {answer.status_code for answer in answers} == {404}
    [words] = {said(answer) for answer in answers}
    assert "This link does not work, or no longer" in words
    assert (closed.order.status, over.order.status) == ("draft", "draft")
    assert client.get(sent.path).status_code == 200


def test_who_tries_addresses_is_made_to_wait_and_the_office_is_not(make_app: MakeApp, send: Send) -> None:
    app = make_app(launch_rate_limit="300/minute")
    client, sent = app.test_client(), send(app)
    codes = [client.get(f"/office/{number}").status_code for number in range(22)]
    assert codes == [404] * 20 + [429] * 2
    assert client.get(sent.path).status_code == 200
