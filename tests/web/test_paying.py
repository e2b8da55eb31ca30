"""Pressing "Pay": one page of the provider's for an order, whatever is pressed, cut off or refused in between."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import requests
from flask import Flask
from sqlalchemy import select

from lti_tool import clock
from lti_tool.purchasing import checkout, orders
from lti_tool.purchasing.checkout import Checkout
from lti_tool.purchasing.orders import Order
from lti_tool.purchasing.refusals import (
    AskedOtherwise,
    NotByCard,
    OrderClosed,
    PaymentUnderWay,
    PriceExpired,
    ProviderUnreachable,
)
from lti_tool.web.paying import pay_url
from tests.conftest import Books, MakeApp
from tests.demo_lms import TIMEOUT_S
from tests.factories import make_license, make_order, make_payment
from tests.gateway import Gateway, running_gateway


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    """A stand-in whose events wait."""
    with running_gateway() as gateway:
        yield gateway


@pytest.fixture
def app(make_app: MakeApp, gateway: Gateway) -> Flask:
    """The tool, which takes cards."""
    gateway.plant()
    return make_app(**gateway.settings())


def placed(books: Books, **changes: Any) -> Order:
    with books() as session:
        order = make_order(session, make_license(session), status="draft")
        placing = {"status": "placed", "placed_at": clock.now(), "expires_at": clock.now() + timedelta(days=30)}
        for name, value in {**placing, **changes}.items():
            setattr(order, name, value)
    return order


def pay(app: Flask, order: Order) -> str:
    with app.app_context():
        return pay_url(order.id)


def attempts(books: Books, order: Order) -> list[Checkout]:
    with books() as session:
        query = select(Checkout).where(Checkout.order_id == order.id).order_by(Checkout.attempt)
        return list(session.scalars(query))


def opened(gateway: Gateway, checkout: Checkout) -> dict[str, Any]:
    """The session as the provider has it."""
    answer = requests.get(
        f"{gateway.url}/v1/checkout/sessions/{checkout.session_id}", auth=(gateway.secret_key, ""), timeout=TIMEOUT_S
    )
    found: dict[str, Any] = answer.json()
    return found


def test_an_order_has_one_page_however_often_pay_is_pressed(app: Flask, books: Books, gateway: Gateway) -> None:
    order = placed(books, tax=165, total=5_165)
    with ThreadPoolExecutor(4) as presses:
        urls = set(presses.map(lambda _: pay(app, order), range(8)))
    assert len(urls) == 1
    [attempt] = attempts(books, order)
    assert (attempt.status, attempt.url) == ("open", urls.pop())
    page = opened(gateway, attempt)
    assert (page["amount_total"], page["currency"], page["client_reference_id"]) == (5_165, "usd", order.id)
    assert page["success_url"] == page["cancel_url"] == "https://tool.test/checkout/return"
    assert page["metadata"] == {"order_id": order.id, "order_number": order.number}
    with books() as session:
        assert checkout.open_url(session, order.id, now=clock.now()) == attempt.url


def test_the_provider_learns_nothing_of_people(app: Flask, books: Books, gateway: Gateway) -> None:
    order = placed(books, billing_name="Ada Lovelace", billing_email="ada@school.test", billing_address="1 School Rd")
    pay(app, order)
    [attempt] = attempts(books, order)
    page = str(opened(gateway, attempt))
    assert [word for word in ("Ada", "school.test", "School Rd") if word in page] == []


def test_what_is_cut_off_after_the_page_was_made_goes_on_with_it(app: Flask, books: Books, gateway: Gateway) -> None:
    order = placed(books)
    gateway.plant("lost", "lost", "lost")
    with pytest.raises(ProviderUnreachable, match="Your order is kept"):
        pay(app, order)
    [asked] = attempts(books, order)
    assert (asked.status, asked.session_id) == ("asked", None)
    url = pay(app, order)
    assert pay(app, order) == url
    [attempt] = attempts(books, order)
    assert (attempt.attempt, attempt.url, attempt.expires_at) == (1, url, asked.expires_at)


def test_a_question_that_changed_since_the_first_try_is_asked_anew(
    make_app: MakeApp, books: Books, gateway: Gateway
) -> None:
    order = placed(books)
    gateway.plant("lost", "lost", "lost")
    with pytest.raises(ProviderUnreachable):
        pay(make_app(**gateway.settings()), order)
    moved = make_app(**gateway.settings(), public_url="https://moved.test")
    with pytest.raises(AskedOtherwise, match="Try again"):
        pay(moved, order)
    url = pay(moved, order)
    assert [(one.attempt, one.status, one.url) for one in attempts(books, order)] == [
        (1, "expired", None),
        (2, "open", url),
    ]


def test_an_expired_page_is_followed_by_a_new_one_while_the_price_holds(app: Flask, books: Books) -> None:
    order = placed(books)
    first = pay(app, order)
    with books() as session:
        session.get_one(Checkout, (order.id, 1)).status = "expired"
        assert checkout.open_url(session, order.id, now=clock.now()) is None
    second = pay(app, order)
    assert second != first
    with books() as session:
        session.get_one(Checkout, (order.id, 2)).expires_at = clock.now()
    assert pay(app, order) not in (first, second)
    assert [one.status for one in attempts(books, order)] == ["expired", "expired", "open"]


def test_a_page_that_was_never_made_in_time_is_asked_for_anew(app: Flask, books: Books) -> None:
    order = placed(books)
    with books() as session:
        checkout.begin_payment(session, order.id, now=clock.now() - timedelta(hours=23))
    url = pay(app, order)
    assert [(one.status, one.url) for one in attempts(books, order)] == [("expired", None), ("open", url)]


def test_no_page_outlives_the_price(app: Flask, books: Books, gateway: Gateway) -> None:
    ends = clock.now().replace(microsecond=0) + timedelta(hours=2)
    order = placed(books, expires_at=ends)
    pay(app, order)
    [attempt] = attempts(books, order)
    assert attempt.expires_at == ends
    assert opened(gateway, attempt)["expires_at"] == int(ends.timestamp())
    with pytest.raises(PriceExpired):
        pay(app, placed(books, expires_at=clock.now() + timedelta(minutes=31)))


@pytest.mark.parametrize("status", ["pending", "paid"])
def test_nobody_pays_twice_while_a_payment_is_under_way(app: Flask, books: Books, status: str) -> None:
    order = placed(books)
    with books() as session:
        make_payment(session, order, status=status)
    with pytest.raises(PaymentUnderWay):
        pay(app, order)


def test_an_order_that_the_bank_refused_can_be_paid_again(app: Flask, books: Books) -> None:
    order = placed(books)
    with books() as session:
        make_payment(session, order, status="failed")
        orders.close(session.get_one(Order, order.id), "refused", by="provider", now=clock.now())
    pay(app, order)
    with books() as session:
        again = session.get_one(Order, order.id)
        assert (again.status, again.closed_at, again.closed_by) == ("placed", None, None)


def test_only_a_placed_order_by_card_is_paid_by_card(make_app: MakeApp, app: Flask, books: Books) -> None:
    with pytest.raises(NotByCard):
        pay(app, placed(books, method="purchase_order"))
    with pytest.raises(OrderClosed):
        pay(app, placed(books, status="cancelled"))
    with pytest.raises(NotByCard):
        pay(make_app(), placed(books))


def test_a_page_that_was_made_for_an_order_cancelled_meanwhile_is_kept_for_the_sweep_to_close(books: Books) -> None:
    order = placed(books)
    with books() as session:
        checkout.begin_payment(session, order.id, now=clock.now())
        orders.close(session.get_one(Order, order.id), "cancelled", by="manager", now=clock.now())
    with books() as session:
        ended = checkout.record_session(session, order.id, 1, session_id="cs_1", url="https://pay.test/1")
        assert ended.status == "cancelled"
    [attempt] = attempts(books, order)
    assert (attempt.status, attempt.session_id) == ("open", "cs_1")


def test_whoever_comes_back_is_told_to_close_the_tab_and_credited_nothing(app: Flask, books: Books) -> None:
    order = placed(books)
    pay(app, order)
    [attempt] = attempts(books, order)
    answer = app.test_client().get(f"/checkout/return?session_id={attempt.session_id}&order={order.id}&paid=1")
    assert answer.status_code == 200
    assert "You can close this tab" in answer.text
    assert "Your credits show in Creditroll by themselves" in answer.text
    assert order.number not in answer.text
    assert attempts(books, order)[0].status == "open"


@pytest.mark.slow
def test_a_worker_that_never_sells_does_not_load_the_sdk() -> None:
    code = "import sys, lti_tool.app; sys.exit('stripe' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
