"""An order's page: every state in words, and what happens next; it never says more than the books do."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lti_tool import clock
from lti_tool.ledger.allotment import allot
from lti_tool.purchasing import by_purchase_order, checkout, fulfilment, orders, payments
from lti_tool.purchasing.orders import Order
from tests.conftest import MakeApp
from tests.factories import EXPORT_CREDITS, SHOP, make_payment
from tests.web.conftest import Enter, School
from tests.web.manager.buying import PURCHASE, begin, fill, order_of, place
from tests.web.manager.test_purchase_payment import CARDS
from tests.web.pages import get, post

Act = Callable[[Session, Order], object]


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """What differs between the databases is tested in tests/purchasing."""
    return sqlite_url


@pytest.fixture
def buyer(make_app: MakeApp, school: School, enter: Enter) -> FlaskClient:
    """The teacher's browser, where cards are taken."""
    client = make_app(**CARDS).test_client()
    enter(client, school.as_teacher)
    return client


def test_a_purchase_order_goes_through_the_steps_to_credits_that_the_page_shows(
    teacher: FlaskClient, school: School
) -> None:
    order_id = begin(teacher, quantity="100")
    page = get(teacher, fill(teacher, order_id))
    for said in ("4500-2291", "Springfield School District", "Due 30 days after the order", "Total $50.00"):
        assert said in page.text, said
    done = place(teacher, order_id)
    page = get(teacher, done)
    assert f"Order {order_of(school, order_id).number} is placed" in page.text
    assert "100 credits arrive when we have approved purchase order 4500-2291" in page.text
    assert "License total becomes 200 it is still 100" in page.text
    assert "Invoice I-" in page.text
    with school.books() as books:
        by_purchase_order.approve(books, order_id, now=clock.now())
    page = get(teacher, done)
    assert "100 credits came: the license total is now 200" in page.text
    assert re.search(r"Purchase order 4500-2291: the invoice is due \w+ \d+\.", page.text)
    with school.books() as books:
        by_purchase_order.record_payment(books, order_id, amount=5_000, reference="B 1", now=clock.now())
    page = get(teacher, done)
    assert "Done: Invoice paid $50.00" in page.text
    assert "Receipt R-" in page.text
    assert school.pool() == 200


def test_every_state_of_a_card_order_is_said(buyer: FlaskClient, school: School) -> None:
    order_id = by_card(school, buyer)
    assert "is placed, and not paid yet" in told(buyer, order_id)
    change(school, order_id, lambda books, order: make_payment(books, order, status="pending"))
    said = told(buyer, order_id)
    assert "A payment for order" in said
    assert "Some banks take several days." in said
    assert "Cancel the order" not in said
    change(school, order_id, arrive)
    assert "100 credits came: the license total is now 200" in told(buyer, order_id)
    change(school, order_id, dispute)
    assert "The payment is disputed at the bank." in told(buyer, order_id)
    change(school, order_id, give_back(2_500))
    assert "Refunded in part: $25.00 of $50.00 50 credits went back out of the license." in told(buyer, order_id)
    with school.books() as books:
        allot(
            books,
            school.license,
            EXPORT_CREDITS,
            member_ids=[school.ada],
            each=120,
            actor=school.actor,
            now=clock.now(),
        )
    change(school, order_id, give_back(5_000))
    said = told(buyer, order_id)
    assert "Refunded: $50.00 of $50.00" in said
    assert "Done: $50.00 given back 80 credits went back out of the license" in said
    assert "20 more had been given to students already, and stay with them" in said


def test_a_payment_that_the_bank_refused_can_be_tried_again(buyer: FlaskClient, school: School) -> None:
    order_id = by_card(school, buyer)

    def refuse(books: Session, order: Order) -> None:
        make_payment(books, order, status="failed")
        checkout.refuse(books, order, now=clock.now())

    change(school, order_id, refuse)
    page = get(buyer, f"{PURCHASE}/{order_id}")
    assert "The payment was refused" in page.text
    assert page.form(f"{PURCHASE}/{order_id}/pay")


def test_an_order_is_cancelled_after_a_question_and_only_before_money_is_on_its_way(
    buyer: FlaskClient, school: School
) -> None:
    order_id = begin(buyer)
    cancel = f"{PURCHASE}/{order_id}/cancel"
    fill(buyer, order_id)
    done = place(buyer, order_id)
    page = get(buyer, cancel)
    assert "Nothing was credited, and nothing is to be paid." in page.text
    assert order_of(school, order_id).status == "placed", "asking cancels nothing"
    form = page.form(cancel)
    assert post(buyer, form).location == post(buyer, form).location == done
    order = order_of(school, order_id)
    assert (order.status, order.closed_by) == ("cancelled", "manager")
    assert "is cancelled" in told(buyer, order_id)

    late = by_card(school, buyer)
    form = get(buyer, f"{PURCHASE}/{late}/cancel").form(f"{PURCHASE}/{late}/cancel")
    change(school, late, lambda books, order: make_payment(books, order, status="pending"))
    assert post(buyer, form).status_code == 303
    assert order_of(school, late).status == "placed"
    change(school, late, arrive)
    assert post(buyer, form).status_code == 303
    assert order_of(school, late).status == "fulfilled"


def test_a_quote_says_that_nothing_is_ordered_and_how_to_go_on(teacher: FlaskClient) -> None:
    order_id = begin(teacher)
    page = get(teacher, f"{PURCHASE}/{order_id}")
    assert "nothing is ordered yet" in page.text
    assert page.find("a", href=f"{PURCHASE}/{order_id}/payment")
    assert "Quote Q-" in page.text
    fill(teacher, order_id, method="purchase_order", po_number="")
    post(teacher, page.form(f"{PURCHASE}/{order_id}/office"))
    assert "Enter the number yourself" in get(teacher, f"{PURCHASE}/{order_id}").text, "the review leads back here"


def test_an_order_speaks_of_what_it_bought_even_where_that_is_no_longer_sold(
    teacher: FlaskClient, make_app: MakeApp, school: School, enter: Enter
) -> None:
    with school.books() as books:
        order = orders.draft(books, school.license, SHOP, "phone-minutes", 100, buyer_id=None, now=clock.now())
        checkout.place(books, order.id, by="manager", now=clock.now())
        make_payment(books, order)
        fulfilment.settle(books, order.id, now=clock.now())
    assert "100 minutes came: the license total is now 100" in told(teacher, order.id)
    without = make_app(
        resources={"export-credits": EXPORT_CREDITS},
        catalog=replace(SHOP, prices={"export-credits": SHOP.prices["export-credits"]}),
    ).test_client()
    enter(without, school.as_teacher)
    assert "100 units came" in told(without, order.id)


def test_money_is_written_as_the_visits_language_writes_it(client: FlaskClient, school: School, enter: Enter) -> None:
    enter(client, replace(school.as_teacher, locale="es-ES"))
    assert "50,00\u00a0US$".replace("\u00a0", " ") in get(client, PURCHASE).text


def by_card(school: School, client: FlaskClient) -> str:
    """An order that is to be paid by card, without asking the provider for a page."""
    order_id = begin(client)
    change(school, order_id, lambda books, order: checkout.place(books, order.id, by="manager", now=clock.now()))
    return order_id


def told(client: FlaskClient, order_id: str) -> str:
    return get(client, f"{PURCHASE}/{order_id}").text


def change(school: School, order_id: str, act: Act) -> None:
    with school.books() as books:
        act(books, orders.locked(books, order_id))


def arrive(books: Session, order: Order) -> None:
    [payment] = payments.of_order(books, order.id)
    payment.status, payment.paid_at = "paid", clock.now()
    fulfilment.settle(books, order.id, now=clock.now())


def dispute(books: Session, order: Order) -> None:
    payments.of_order(books, order.id)[0].is_disputed = True


def give_back(amount: int) -> Act:
    def act(books: Session, order: Order) -> None:
        [payment] = payments.of_order(books, order.id)
        payment.refunded, payment.is_disputed = amount, False
        fulfilment.settle(books, order.id, now=clock.now())

    return act
