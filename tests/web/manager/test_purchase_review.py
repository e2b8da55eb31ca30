"""Add Credits, step 3: one press places what was seen, once (R27)."""

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from lti_tool import clock
from lti_tool.licenses import licenses
from lti_tool.purchasing import fulfilment, orders
from tests.conftest import MakeApp
from tests.factories import SHOP, make_payment
from tests.gateway import Gateway, running_gateway
from tests.web.conftest import Enter, School
from tests.web.manager.buying import PURCHASE, begin, fill, order_of, place
from tests.web.pages import Page, get, post


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    """A stand-in for Stripe."""
    with running_gateway() as gateway:
        yield gateway


@pytest.fixture
def buyer(make_app: MakeApp, gateway: Gateway, school: School, enter: Enter) -> FlaskClient:
    """The teacher's browser, where cards are taken."""
    gateway.plant()
    client = make_app(**gateway.settings()).test_client()
    enter(client, school.as_teacher)
    return client


def review_of(order_id: str) -> str:
    return f"{PURCHASE}/{order_id}/review"


def test_pressing_twice_places_once_and_a_trusted_license_is_credited_once(
    teacher: FlaskClient, school: School
) -> None:
    with school.books() as books:
        licenses.find(books, school.license).is_trusted = True
    order_id = begin(teacher)
    fill(teacher, order_id)
    page = get(teacher, review_of(order_id))
    assert "The credits come at once." in page.text
    form = page.form(review_of(order_id))
    assert post(teacher, form).location == post(teacher, form).location == f"{PURCHASE}/{order_id}"
    assert school.pool() == 200
    order = order_of(school, order_id)
    assert (order.status, order.placed_by) == ("fulfilled", "manager")


def test_what_was_changed_since_is_shown_again_and_not_placed(teacher: FlaskClient, school: School) -> None:
    order_id = begin(teacher)
    fill(teacher, order_id)
    form = get(teacher, review_of(order_id)).form(review_of(order_id))
    with school.books() as books:
        orders.change_quantity(books, orders.locked(books, order_id), SHOP, 250, now=clock.now())
    answer = post(teacher, form)
    page = Page(answer)
    assert answer.status_code == 409
    assert "This order was changed since you looked" in page.text
    assert "Total $112.50" in page.text
    assert order_of(school, order_id).status == "draft"
    assert post(teacher, page.form(review_of(order_id))).status_code == 303
    assert order_of(school, order_id).total == 11_250


def test_a_card_order_leads_to_one_page_to_pay_at_which_can_be_asked_for_again(
    buyer: FlaskClient, school: School, gateway: Gateway
) -> None:
    order_id = begin(buyer)
    fill(buyer, order_id, method="card")
    gateway.plant(503, 503, 503)
    done = place(buyer, order_id)
    page = get(buyer, done)
    assert order_of(school, order_id).status == "placed"
    assert "is placed, and not paid yet" in page.text
    pay = f"{PURCHASE}/{order_id}/pay"
    gateway.plant(503, 503, 503)
    answer = post(buyer, page.form(pay))
    assert answer.status_code == 503
    assert "Open the payment page" in Page(answer).text
    assert Page(answer).find("div", role="alert")
    gateway.plant()
    assert post(buyer, page.form(pay)).location == done
    [link] = [link for link in get(buyer, done).find("a", target="_blank") if gateway.url in link["href"]]
    assert link["rel"] == "noopener"
    assert post(buyer, page.form(pay)).location == done
    assert [link] == [each for each in get(buyer, done).find("a", target="_blank") if gateway.url in each["href"]]


def test_the_page_says_by_itself_that_credits_came_and_is_silent_while_nothing_changed(
    buyer: FlaskClient, school: School
) -> None:
    order_id = begin(buyer)
    fill(buyer, order_id, method="card")
    page = get(buyer, place(buyer, order_id))
    [asks] = [part["hx-get"] for part in page.find("div", id="order")]
    assert buyer.get(asks).status_code == 204
    with school.books() as books:
        make_payment(books, orders.locked(books, order_id))
        fulfilment.settle(books, order_id, now=clock.now())
    news = get(buyer, asks)
    assert "100 credits came: the license total is now 200" in news.text
    assert news.find("p", hx_swap_oob="innerHTML:#order-news")
    assert news.find("div", id="order-at", hx_swap_oob="true"), "the steps go along"
    assert not [part for part in news.find("div", id="order") if "hx-get" in part], "it stops asking"
    assert "Give them" in news.text
