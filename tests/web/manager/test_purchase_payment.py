"""Add Credits, step 2: whom to bill, asked once and kept; a wrong field gets its sentence, and nothing is lost."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from lti_tool import clock
from lti_tool.purchasing.orders import Order
from tests.conftest import MakeApp
from tests.factories import SHOP
from tests.web.conftest import Enter, School
from tests.web.manager.buying import BILLING, PURCHASE, begin, count, fill, order_of, place
from tests.web.office.conftest import file, upload
from tests.web.pages import Page, get, post

CARDS = {"stripe_secret_key": "sk_test_1", "stripe_webhook_secrets": ["whsec_1"]}
PDF = b"%PDF-1.4\n%%EOF\n"


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """What differs between the databases is tested in tests/purchasing."""
    return sqlite_url


@pytest.fixture
def taxed(make_app: MakeApp, school: School, enter: Enter) -> FlaskClient:
    """The teacher's browser, where 8.25 % of tax are due and cards are taken."""
    client = make_app(catalog=replace(SHOP, tax_rate=825), **CARDS).test_client()
    enter(client, school.as_teacher)
    return client


def payment_of(order_id: str) -> str:
    return f"{PURCHASE}/{order_id}/payment"


def test_each_wrong_field_gets_its_sentence_and_what_was_typed_stays(teacher: FlaskClient, school: School) -> None:
    order_id = begin(teacher)
    form = get(teacher, payment_of(order_id)).form(payment_of(order_id))
    typed = BILLING | {"billing_organization": "", "billing_email": "accounts", "billing_address": "a\nb\nc\nd\ne"}
    answer = post(teacher, form, **typed)
    page = Page(answer)
    assert answer.status_code == 422
    for name in ("billing_organization", "billing_email", "billing_address"):
        assert page.find("p", id=f"{name}-wrong"), name
    assert page.find("input", name="billing_email", value="accounts", aria_invalid="true")
    assert page.find("input", name="po_number", value="4500-2291")
    assert "a b c d e" in page.text
    assert order_of(school, order_id).method is None
    assert get(teacher, f"{PURCHASE}/{order_id}/review").status == 303, "there is nothing to review yet"


def test_without_a_number_the_office_completes_the_order(teacher: FlaskClient, school: School) -> None:
    order_id = begin(teacher)
    review = fill(teacher, order_id, po_number="", billing_organization="", billing_name="", billing_email="")
    page = get(teacher, review)
    assert "none yet: the school office enters it" in page.text
    office = f"{PURCHASE}/{order_id}/office"
    answer = post(teacher, page.form(office))
    assert answer.status_code == 303
    page = get(teacher, answer.location.partition("#")[0])
    assert "nothing is ordered yet" in page.text
    assert "https://tool.test/office/" in page.text
    form = page.form(office)
    form.action = f"{PURCHASE}/{order_id}/review"
    seen = "100 5000 USD purchase_order "
    assert post(teacher, form, seen=seen).location.endswith("/payment"), "placed by hand it asks for the number"
    assert order_of(school, order_id).status == "draft"


def test_what_the_last_invoice_said_is_filled_in_the_next_time(teacher: FlaskClient) -> None:
    place_all = begin(teacher)
    fill(teacher, place_all)
    place(teacher, place_all)
    page = get(teacher, payment_of(begin(teacher)))
    assert page.find("input", name="billing_organization", value="Springfield School District")
    assert page.find("input", name="po_number", value=""), "the number is another one each time"


def test_a_card_is_offered_only_where_one_can_be_taken(
    teacher: FlaskClient, taxed: FlaskClient, school: School
) -> None:
    order_id = begin(teacher)
    page = get(teacher, payment_of(order_id))
    assert not page.find("input", name="method", value="card")
    assert post(teacher, page.form(payment_of(order_id)), method="card").status_code == 422
    page = get(taxed, payment_of(order_id))
    assert page.find("input", name="method", value="card", type="radio")
    answer = post(taxed, page.form(payment_of(order_id)))
    assert answer.status_code == 422
    assert "Choose how this order is paid." in Page(answer).text
    assert post(taxed, page.form(payment_of(order_id)), method="card").location.endswith("/review")
    assert order_of(school, order_id).method == "card"
    assert get(teacher, f"{PURCHASE}/{order_id}/review").status == 303, "cards were switched off since"


def test_an_exemption_needs_a_certificate_and_counts_for_purchase_orders_only(
    taxed: FlaskClient, school: School
) -> None:
    order_id = begin(taxed)
    path = payment_of(order_id)
    token = dict(get(taxed, path).form(path).fields)
    assert "The total is then $50.00; without it, $54.13." in get(taxed, path).text

    def send(**values: object) -> Page:
        return Page(upload(taxed, path, **{**token, **BILLING, "exempt": "1", **values}))

    page = send()
    assert page.status == 422
    assert "Choose the certificate" in page.text
    assert "This is not a PDF, PNG or JPEG" in send(certificate=file(b"MZ", "virus.pdf")).text
    page = send(certificate=file(PDF, "Exempt 2026.pdf"), billing_email="nobody")
    assert page.status == 422
    assert "On file: Exempt 2026.pdf" in page.text, "a file that was taken stays though another field is wrong"
    assert send().status == 303
    assert (order_of(school, order_id).tax, order_of(school, order_id).total) == (0, 5_000)
    assert "Sales tax exempt, certificate on file $0.00" in get(taxed, f"{PURCHASE}/{order_id}/review").text

    assert send(method="card").status == 303
    assert order_of(school, order_id).total == 5_413
    assert (
        "exempt, by purchase order with the certificate on file"
        in Page(post(taxed, get(taxed, PURCHASE).form(PURCHASE), pack="100", look="1")).text
    )


@pytest.mark.parametrize("end", ["its price ends", "it is cancelled"])
def test_the_steps_of_an_order_that_is_over_lead_to_its_page(teacher: FlaskClient, school: School, end: str) -> None:
    order_id = begin(teacher)
    form = get(teacher, payment_of(order_id)).form(payment_of(order_id))
    fill(teacher, order_id)
    review = f"{PURCHASE}/{order_id}/review"
    placing = get(teacher, review).form(review)
    changing = get(teacher, f"{PURCHASE}?order={order_id}").form(PURCHASE)

    def change(order: Order) -> None:
        if end == "its price ends":
            order.expires_at = clock.now() - timedelta(seconds=1)
        else:
            order.status, order.closed_at, order.closed_by = "cancelled", clock.now(), "manager"

    _change(school, order_id, change)
    page = f"{PURCHASE}/{order_id}"
    for answer in (
        post(teacher, form, **BILLING),
        post(teacher, placing),
        teacher.get(payment_of(order_id)),
        teacher.get(review),
        teacher.get(f"{PURCHASE}?order={order_id}"),
        teacher.get(f"{page}/cancel"),
    ):
        assert (answer.status_code, answer.location) == (303, page)
    assert post(teacher, changing, pack="250").status_code == 303
    assert order_of(school, order_id).quantity == 100, "it is not priced anew behind the back of its papers"
    said = get(teacher, page)
    assert ("has expired" if end == "its price ends" else "is cancelled") in said.text
    [again] = [link["href"] for link in said.find("a") if "quantity=100" in link.get("href", "")]
    assert get(teacher, again).find("input", name="pack", value="100", checked="")
    assert count(school) == 1


def _change(school: School, order_id: str, act: Callable[[Order], None]) -> None:
    with school.books() as books:
        act(books.get_one(Order, order_id))
