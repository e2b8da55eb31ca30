"""Going through the check-out as somebody without scripts does."""

from flask.testing import FlaskClient
from sqlalchemy import select

from lti_tool.purchasing.orders import Order
from tests.web.conftest import School
from tests.web.pages import get, post

PURCHASE = "/manager/purchase"
BILLING = {
    "method": "purchase_order",
    "po_number": "4500-2291",
    "billing_organization": "Springfield School District",
    "billing_name": "Accounts Payable",
    "billing_email": "accounts@springfield.example",
}


def begin(client: FlaskClient, *, quantity: str = "100", address: str = PURCHASE) -> str:
    """Chooses how many, and returns the id of the draft."""
    answer = post(client, get(client, address).form(PURCHASE), pack="other", quantity=quantity)
    assert answer.status_code == 303
    return answer.location.split("/")[-2]


def fill(client: FlaskClient, order_id: str, **values: str) -> str:
    """Says how it is paid, and returns where that leads."""
    payment = f"{PURCHASE}/{order_id}/payment"
    answer = post(client, get(client, payment).form(payment), **{**BILLING, **values})
    assert answer.status_code == 303
    return answer.location


def place(client: FlaskClient, order_id: str) -> str:
    """Presses the review's button, and returns where that leads."""
    review = f"{PURCHASE}/{order_id}/review"
    answer = post(client, get(client, review).form(review))
    assert answer.status_code == 303
    return answer.location


def order_of(school: School, order_id: str) -> Order:
    """The order as it is now."""
    with school.books() as books:
        return books.get_one(Order, order_id)


def count(school: School) -> int:
    """How many orders there are."""
    with school.books() as books:
        return len(books.scalars(select(Order.id)).all())
