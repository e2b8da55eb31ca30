"""An operator looks through the orders of all licences; on both databases, as each compares texts in its own way."""

from sqlalchemy.orm import Session

from lti_tool.purchasing import by_purchase_order, order_list
from lti_tool.purchasing.order_list import UNPAID, Wish
from lti_tool.purchasing.orders import Order
from tests.factories import NOW, make_license, make_order, make_payment


def found(session: Session, wish: Wish, *, after: str = "", limit: int = 50) -> list[Order]:
    return list(order_list.listed(session, wish, after=after, limit=limit))


def test_those_that_wait_come_first_and_each_comes_once_whatever_the_pages_size(session: Session) -> None:
    school = make_license(session, credits=0)
    states = ("cancelled", "placed", "draft", "expired", "placed", "cancelled", "placed")
    made = [make_order(session, school, status=status) for status in states]
    waiting = [order for order in reversed(made) if order.status == "placed"]
    rest = [order for order in reversed(made) if order.status in ("cancelled", "expired")]
    for limit in range(1, 8):
        seen: list[Order] = []
        page = found(session, Wish(), limit=limit)
        while page:
            seen += page
            page = found(session, Wish(), after=order_list.place(page[-1]), limit=limit)
        assert seen == waiting + rest


def test_one_that_was_approved_between_two_pages_hides_no_other(session: Session) -> None:
    school = make_license(session, credits=0)
    made = [make_order(session, school, method="purchase_order") for _ in range(4)]
    [last] = found(session, Wish(), limit=1)
    place = order_list.place(last)
    by_purchase_order.approve(session, last.id, now=NOW)
    assert found(session, Wish(), after=place)[:3] == [*reversed(made[:3])]


def test_unpaid_are_those_that_were_credited_and_not_paid_in_full_in_their_currency(session: Session) -> None:
    school = make_license(session, credits=0)
    nothing, part, foreign, paid = (make_order(session, school, method="purchase_order") for _ in range(4))
    make_payment(session, part, amount=4_999)
    euros = make_payment(session, foreign, status="pending")
    euros.currency, euros.status, euros.paid_at = "EUR", "paid", NOW
    make_payment(session, paid)
    for order in (nothing, part, foreign, paid):
        by_purchase_order.approve(session, order.id, now=NOW)
    make_order(session, school)  # not credited, so no money is owed
    assert found(session, Wish(UNPAID)) == [foreign, part, nothing]


def test_texts_are_found_in_numbers_and_schools_and_signs_of_patterns_mean_themselves(session: Session) -> None:
    school, other = make_license(session, credits=0), make_license(session, credits=0)
    quote = make_order(session, school, method=None, status="draft")
    order = make_order(session, other, po_number="PO_47%11")
    order.billing_organization = "Springfield District"
    session.flush()
    for text in (f"q-{order.stem}", order.number.lower(), "po_47", "7%1", "FIELD dis"):
        assert found(session, Wish(text=text)) == [order], text
    for text in ("%%", "PO-47", "x' or 1=1 --", "\\", "\u20ac"):
        assert found(session, Wish(text=text)) == [], text
    assert found(session, Wish(text=quote.number)) == [quote]
    assert found(session, Wish(license_id=school.id)) == []
    assert found(session, Wish(license_id=other.id)) == [order]
