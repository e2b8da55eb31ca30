"""An order's page: every state in words, and what happens next; it never says more than the books do."""

from flask.testing import FlaskClient

from lti_tool import clock
from lti_tool.purchasing import by_purchase_order
from tests.web.conftest import School
from tests.web.manager.buying import BILLING, begin, order_of, place
from tests.web.pages import get, post


def test_a_purchase_order_goes_through_the_steps_to_credits_that_the_page_shows(
    teacher: FlaskClient, school: School
) -> None:
    order_id = begin(teacher, quantity="100")
    payment = f"/manager/purchase/{order_id}/payment"
    review = post(teacher, get(teacher, payment).form(payment), **BILLING).location
    page = get(teacher, review)
    assert "4500-2291" in page.text
    assert "Springfield School District" in page.text
    assert "Total $50.00" in page.text
    done = place(teacher, order_id)
    page = get(teacher, done)
    assert f"Order {order_of(school, order_id).number} is placed" in page.text
    assert "100 credits arrive when we have approved purchase order 4500-2291" in page.text
    assert "License total becomes 200 it is still 100" in page.text
    with school.books() as books:
        by_purchase_order.approve(books, order_id, now=clock.now())
    page = get(teacher, done)
    assert "100 credits came: the license total is now 200" in page.text
    assert school.pool() == 200
