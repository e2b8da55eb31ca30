"""What time ends, and what was never told: the sweep finds it, lists it, and credits nothing (R29)."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from lti_tool import clock
from lti_tool.jobs import JOBS, Jobs
from lti_tool.purchasing import orders
from lti_tool.purchasing.checkout import Checkout
from lti_tool.purchasing.orders import Order
from lti_tool.purchasing.refusals import PaymentUnderWay
from tests.conftest import Books, MakeApp
from tests.factories import make_payment
from tests.gateway import Gateway
from tests.web.webhooks.conftest import Shop


def sweep(app: Flask) -> None:
    """The minute's work, here and now."""
    jobs: Jobs = app.extensions[JOBS]
    jobs.sweep()


def wait(books: Books) -> None:
    """Ten minutes pass without a word about any page."""
    with books() as session:
        session.execute(update(Checkout).values(checked_at=clock.now() - timedelta(minutes=10)))


def end(books: Books, order: Order) -> None:
    """The order's price lock is over."""
    with books() as session:
        session.get_one(Order, order.id).expires_at = clock.now()


def test_quotes_and_unpaid_card_orders_end_with_their_price(shop: Shop, app: Flask, books: Books) -> None:
    quote, unpaid, by_po, lasting = shop.order(status="draft"), shop.order(), shop.order(), shop.order(status="draft")
    with books() as session:
        session.get_one(Order, by_po.id).method = "purchase_order"
    for order in (quote, unpaid, by_po):
        end(books, order)
    sweep(app)
    assert [shop.now(one).status for one in (quote, unpaid, by_po, lasting)] == [
        "expired",
        "expired",
        "placed",
        "draft",
    ]
    assert (shop.now(quote).closed_by, shop.now(quote).closed_at is None) == ("time", False)


@pytest.mark.parametrize("status", ["pending", "paid", "failed"])
def test_an_order_does_not_end_while_its_payment_is_under_way(
    shop: Shop, app: Flask, books: Books, status: str
) -> None:
    order = shop.order()
    with books() as session:
        make_payment(session, order, status=status)
    end(books, order)
    sweep(app)
    assert shop.now(order).status == ("expired" if status == "failed" else "placed")


def test_an_order_does_not_end_while_its_page_is_open(shop: Shop, app: Flask, books: Books, gateway: Gateway) -> None:
    order = shop.order()
    page = shop.page(order)
    end(books, order)
    sweep(app)
    assert (shop.now(order).status, shop.pages(order)) == ("placed", ["open"])
    gateway.expire(page)
    wait(books)
    sweep(app)
    assert shop.pages(order) == ["expired"]
    sweep(app)
    assert shop.now(order).status == "expired"


def test_a_page_that_was_paid_without_our_hearing_of_it_is_listed_and_not_credited(
    shop: Shop, app: Flask, books: Books, gateway: Gateway
) -> None:
    order = shop.order()
    paid = gateway.pay(shop.page(order))
    sweep(app)
    assert (shop.pages(order), shop.problems()) == (["open"], [])
    wait(books)
    sweep(app)
    sweep(app)
    assert (shop.pages(order), shop.problems()) == (["complete"], ["webhook_missing"])
    assert (shop.credits(order), shop.now(order).status) == ((0, 0), "placed")
    with pytest.raises(PaymentUnderWay):
        shop.page(order)
    end(books, order)
    sweep(app)
    assert shop.now(order).status == "placed"
    shop.tell(paid)
    assert (shop.credits(order), shop.problems()) == ((100, 100), [])


def test_a_message_that_came_leaves_nothing_to_list(shop: Shop, app: Flask, books: Books, gateway: Gateway) -> None:
    for is_paid in (True, False):
        order = shop.order()
        page = shop.page(order)
        shop.tell(gateway.pay(page) if is_paid else gateway.pay_later(page))
        with books() as session:
            session.get_one(Checkout, (order.id, 1)).status = "open"
        wait(books)
        sweep(app)
        assert (shop.pages(order), shop.problems()) == (["complete"], [])


def test_pages_of_orders_that_want_no_money_are_closed(shop: Shop, app: Flask, books: Books, gateway: Gateway) -> None:
    order = shop.order()
    page = shop.page(order)
    with books() as session:
        orders.close(session.get_one(Order, order.id), "cancelled", by="manager", now=clock.now())
    sweep(app)
    assert shop.pages(order) == ["expired"]
    assert gateway.events[-1]["type"] == "checkout.session.expired"
    assert gateway.events[-1]["data"]["object"]["id"] == page


def test_a_provider_that_is_away_is_asked_again_later(shop: Shop, app: Flask, books: Books, gateway: Gateway) -> None:
    order = shop.order()
    gateway.expire(shop.page(order))
    wait(books)
    gateway.plant(401)
    sweep(app)
    assert shop.pages(order) == ["open"]
    sweep(app)
    assert shop.pages(order) == ["open"]
    wait(books)
    sweep(app)
    assert shop.pages(order) == ["expired"]


def test_a_page_that_the_provider_does_not_know_is_over_when_its_time_is(shop: Shop, app: Flask, books: Books) -> None:
    order = shop.order()
    shop.page(order)
    for ends_in, status in ((1, "open"), (0, "expired")):
        with books() as session:
            page = session.get_one(Checkout, (order.id, 1))
            page.session_id, page.expires_at = "cs_test_unknown", clock.now() + timedelta(hours=ends_in)
        wait(books)
        sweep(app)
        assert shop.pages(order) == [status]


def test_a_sweep_asks_about_ten_pages_and_the_next_about_the_others(
    shop: Shop, app: Flask, books: Books, gateway: Gateway
) -> None:
    placed = [shop.order() for _ in range(12)]
    for order in placed:
        gateway.expire(shop.page(order))
    wait(books)
    sweep(app)
    assert sorted(shop.pages(order)[0] for order in placed) == ["expired"] * 10 + ["open"] * 2
    sweep(app)
    assert {shop.pages(order)[0] for order in placed} == {"expired"}


def test_without_cards_nobody_is_asked(make_app: MakeApp, shop: Shop, books: Books) -> None:
    order = shop.order()
    shop.page(order)
    wait(books)
    sweep(make_app())
    assert shop.pages(order) == ["open"]
