"""Add Credits, step 1: every number has its price before anything is asked, and one form makes one order (R28)."""

from flask.testing import FlaskClient
from sqlalchemy import select

from lti_tool.purchasing.orders import Order
from tests.web.conftest import School
from tests.web.pages import Page, get, post

PURCHASE = "/manager/purchase"


def orders_of(school: School) -> list[Order]:
    with school.books() as books:
        return list(books.scalars(select(Order).order_by(Order.id)))


def test_packs_show_their_price_and_what_the_licence_becomes_is_seen_before_anything_is_saved(
    teacher: FlaskClient, school: School
) -> None:
    page = get(teacher, PURCHASE)
    assert "100 credits $0.50 each $50.00" in page.text
    assert "1 to 49: $0.60 each; 50 to 99: $0.55 each;" in page.text
    assert not page.find("input", name="pack", checked="")
    looked = Page(post(teacher, page.form(PURCHASE), pack="100", look="1"))
    assert looked.status == 200
    assert "100 export credits $0.50 each $50.00" in looked.text
    assert "Total $50.00" in looked.text
    assert "License total 100 → becomes 200" in looked.text
    assert "Not allotted yet 100 → becomes 200" in looked.text
    assert orders_of(school) == [], "looking keeps nothing"
