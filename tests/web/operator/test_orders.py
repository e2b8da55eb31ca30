"""The operator finds an order, sees all about it, and decides: what a press does is shown first, and done once."""

import pytest
from flask.testing import FlaskClient

from lti_tool.licenses.licenses import License
from lti_tool.purchasing import by_purchase_order, orders, payments
from lti_tool.purchasing.certificates import Upload, keep
from lti_tool.purchasing.orders import Order
from lti_tool.purchasing.payments import PaymentEvent
from tests.conftest import Books
from tests.factories import NOW, make_license, make_order
from tests.web import pages
from tests.web.operator.conftest import Sold

UNKNOWN = "01a2120f-0000-7000-8000-000000000000"


def listed(client: FlaskClient, query: str = "") -> list[str]:
    """The numbers of the orders that the list shows, in its order."""
    page = client.get(f"/operator/orders{query}")
    assert page.status_code == 200
    return [line.split("<")[0] for line in page.text.split(">") if line.startswith("CR-")]


def received(books: Books) -> list[tuple[str, int]]:
    """What the bank received."""
    with books() as session:
        return [(one.reference, one.amount) for one in session.query(payments.Payment)]


def test_waiting_orders_come_first_and_quotes_are_out_of_the_way(
    operator: FlaskClient, sold: Sold, books: Books
) -> None:
    with books() as session:
        school = make_license(session, credits=0)
        cancelled = make_order(session, school, status="cancelled").number
        quote = make_order(session, school, status="draft", method=None).number
    assert listed(operator) == [sold.number, cancelled]
    assert listed(operator, "?status=draft") == [quote]
    assert listed(operator, "?status=nonsense") == [sold.number, cancelled]
    assert listed(operator, "?status=unpaid") == []
    operator.post(f"{sold.page}/approve", data=dict(pages.get(operator, f"{sold.page}/approve").forms[-1].fields))
    assert listed(operator, "?status=unpaid") == [sold.number]


def test_an_order_is_found_by_any_of_its_numbers_and_by_the_school(operator: FlaskClient, sold: Sold) -> None:
    stem = sold.number.removeprefix("CR-")
    for text in (sold.number, f"q-{stem.lower()}", f"I-{stem}", "4711", "po-47", "springfield dist"):
        assert listed(operator, f"?find={text}") == [sold.number], text
    for text in ("nothing", "%25", "_", "%C3%9C", "x" * 5_000, "%F0%9F%92%B0"):
        assert listed(operator, f"?find={text}") == [], text
    assert operator.get("/operator/orders?find=%00").status_code == 400


def test_the_list_goes_on_page_by_page_and_misses_none(operator: FlaskClient, sold: Sold, books: Books) -> None:
    with books() as session:
        school = make_license(session, credits=0)
        closed = [make_order(session, school, status="cancelled").number for _ in range(55)]
        waiting = [make_order(session, school).number for _ in range(54)]
    seen: list[str] = []
    address: str | None = "/operator/orders"
    while address:
        page = pages.get(operator, address)
        seen += listed(operator, address.removeprefix("/operator/orders"))
        address = next((link["href"] for link in page.find("a", class_="button") if "after=" in link["href"]), None)
    assert seen == [*reversed(waiting), sold.number, *reversed(closed)]


def test_one_page_says_all_about_an_order(operator: FlaskClient, sold: Sold, books: Books) -> None:
    with books() as session:
        payments.note_problem(session, "partial", sold.id, "Paid in part.", now=NOW, order_id=sold.id)
        event = {"provider": "stripe", "event_id": "evt_1", "kind": "checkout.session.expired", "order_id": sold.id}
        session.add(
            PaymentEvent(
                **event,
                payment_reference=None,
                outcome="ignored",
                summary='{"amount": 5000, "currency": "USD", "session": "cs_1", "nothing": null}',
                payload_sha256="",
                made_at=NOW,
                received_at=NOW,
            )
        )
    said = pages.get(operator, sold.page).text
    for words in (
        f"Order {sold.number} Waiting",
        "100 credits wait for you",
        "the license total becomes 400; it is 300",
        "100 credits $50.00",
        "Missing $50.00",
        "PO number PO-4711",
        "Zoë <b>Nguyễn</b>",
        "by the school’s office",
        "Paid in part.",
        "checkout.session.expired changed nothing",
        "amount $50.00 · session cs_1",
    ):
        assert words in said, words
    assert pages.get(operator, f"/operator/orders/{sold.number}").text == said


def test_approving_shows_the_total_before_and_after_and_credits_once(operator: FlaskClient, sold: Sold) -> None:
    page = pages.get(operator, f"{sold.page}/approve")
    assert "License total now 300 This order + 100 License total after it 400" in page.text
    assert sold.issued == 300
    form = page.form(f"{sold.page}/approve")
    for _ in range(2):
        done = pages.post(operator, form)
        assert done.headers["Location"] == f"{sold.page}?done=approved"
        assert (sold.issued, sold.status()) == (400, "fulfilled")
    after = pages.get(operator, f"{sold.page}?done=approved")
    assert "100 credits are in the license. The license total is 400." in after.text
    assert after.find("a", href=f"{sold.page}/approve") == []
    assert "cancelled" not in pages.get(operator, f"{sold.page}?done=cancelled").text
    assert pages.get(operator, f"{sold.page}/approve").find("button", class_="button primary") == []


def test_a_purchase_order_that_came_twice_is_pointed_out_before_it_is_approved(
    operator: FlaskClient, sold: Sold, books: Books
) -> None:
    with books() as session:
        school = session.get_one(License, sold.license)
        make_order(session, school, method="purchase_order", po_number="PO-4711", status="cancelled")
        make_order(session, make_license(session), method="purchase_order", po_number="PO-4711")
    assert "is on another order" not in pages.get(operator, sold.page).text
    with books() as session:
        twin = make_order(session, school, method="purchase_order", po_number="po-4711").number
    for page in (sold.page, f"{sold.page}/approve"):
        assert f"PO-4711 is on another order, too: {twin}." in pages.get(operator, page).text


def test_what_cannot_be_decided_any_more_is_refused_in_words(operator: FlaskClient, sold: Sold, books: Books) -> None:
    approve = pages.get(operator, f"{sold.page}/approve").form(f"{sold.page}/approve")
    cancel = pages.get(operator, f"{sold.page}/cancel").form(f"{sold.page}/cancel")
    too_long = pages.Page(pages.post(operator, cancel, note="x" * 501))
    assert (too_long.status, "at most 500" in too_long.text, sold.status()) == (422, True, "placed")
    assert pages.post(operator, cancel, note="Ordered twice").headers["Location"] == f"{sold.page}?done=cancelled"
    assert "Ended by the operator: “Ordered twice”" in pages.get(operator, sold.page).text
    refused = pages.Page(pages.post(operator, approve))
    assert (refused.status, f"Order {sold.number} is cancelled already" in refused.text) == (409, True)
    with books() as session:
        card = make_order(session, make_license(session, credits=0)).id
    refused = pages.Page(operator.post(f"/operator/orders/{card}/approve", data=dict(approve.fields)))
    assert (refused.status, "credited when the payment arrives" in refused.text) == (409, True)
    assert sold.issued == 300


def test_a_payment_is_looked_at_before_it_is_recorded(operator: FlaskClient, sold: Sold, books: Books) -> None:
    address = f"{sold.page}/payment"
    form = pages.get(operator, address).form(address)
    assert dict(form.fields)["amount"] == "50.00"
    sure = pages.Page(pages.post(operator, form, amount="20.00", reference="TRN 1"))
    assert "Total of the order $50.00 This payment, TRN 1 − $20.00 Still missing $30.00" in sure.text
    assert received(books) == []
    changing = pages.Page(pages.post(operator, sure.form(address), step="change"))
    assert dict(changing.form(address).fields) | {"operator_form": ""} == {
        "operator_form": "",
        "amount": "20.00",
        "reference": "TRN 1",
    }
    for _ in range(2):
        assert (
            pages.post(operator, sure.form(address), step="record").headers["Location"] == f"{sold.page}?done=recorded"
        )
    assert received(books) == [("TRN 1", 2_000)]
    assert "Received so far: $20.00 of $50.00." in pages.get(operator, f"{sold.page}?done=recorded").text
    sure = pages.Page(pages.post(operator, form, amount="40.00", reference="TRN 2"))
    assert "Too much $10.00" in sure.text
    assert "the license total becomes 400; it is 300" in sure.text
    pages.post(operator, sure.form(address), step="record")
    assert (sold.issued, sold.status()) == (400, "fulfilled")


@pytest.mark.parametrize("step", ["", "record"])
def test_a_wrong_payment_is_refused_beside_its_field(
    operator: FlaskClient, sold: Sold, books: Books, step: str
) -> None:
    address = f"{sold.page}/payment"
    form = pages.get(operator, address).form(address)
    with books() as session:
        other = make_order(session, make_license(session, credits=0)).id
        by_purchase_order.record_payment(session, other, amount=1, reference="TAKEN", now=NOW)
    for amount, reference, sentence in (
        ("5,0", "A", "Write an amount of USD as 1,250.00."),
        ("0.00", "A", "above zero"),
        ("9" * 15, "A", "that a bank would transfer"),
        ("50.00", "", "1 to 100 visible characters"),
        ("50.00", "x" * 101, "1 to 100 visible characters"),
        ("50.00", "\u202e", "1 to 100 visible characters"),
        *([("50.00", "TAKEN", "noted already")] if step else []),
    ):
        refused = pages.Page(pages.post(operator, form, amount=amount, reference=reference, step=step))
        assert (refused.status, sentence in refused.text) == (422, True), (amount, reference)
        assert refused.find("input", name="amount")[0]["value"] == amount
        assert len(refused.find("input", aria_invalid="true")) == 1
    assert received(books) == [("TAKEN", 1)]


def test_the_certificate_is_handed_over_as_a_file(operator: FlaskClient, sold: Sold, books: Books) -> None:
    assert operator.get(f"{sold.page}/certificate").status_code == 404
    files = operator.application.extensions["creditroll"].files_dir
    with books() as session:
        order = make_order(session, make_license(session, credits=0), status="draft", method=None)
        kept = keep(
            session, files, order.license_id, Upload.read(b"%PDF-<script>", "Exempt Ü.pdf"), uploaded_by=None, now=NOW
        )
        orders.exempt(session.get_one(Order, order.id), kept.id)
        address = f"/operator/orders/{order.id}"
    file = operator.get(f"{address}/certificate")
    assert (file.data, file.mimetype) == (b"%PDF-<script>", "application/pdf")
    assert file.headers["Content-Disposition"].startswith("attachment;")
    assert file.headers["X-Content-Type-Options"] == "nosniff"
    page = pages.get(operator, address)
    assert "Exempt Ü.pdf" in page.text
    refuse = next(form for form in page.forms if form.action.endswith("/certificate"))
    assert operator.post(refuse.action, data=dict(refuse.fields)).status_code == 303
    with books() as session:
        assert session.get_one(Order, order.id).certificate_id is None
    assert operator.post(refuse.action, data=dict(refuse.fields)).status_code == 404


def test_what_does_not_exist_is_a_page_that_says_so(operator: FlaskClient, sold: Sold) -> None:
    form = dict(pages.get(operator, f"{sold.page}/approve").forms[-1].fields)
    for order_id in (UNKNOWN, "CR-2026-00000000", "x", "%C3%9C", "9" * 300):
        for part in ("", "/approve", "/cancel", "/payment", "/certificate"):
            assert operator.get(f"/operator/orders/{order_id}{part}").status_code == 404, part
        for part in ("/approve", "/cancel", "/payment"):
            assert operator.post(f"/operator/orders/{order_id}{part}", data=form).status_code == 404, part
