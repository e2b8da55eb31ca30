"""Purchases in plain words: the list of orders, the overview, the history, and none of it for who does not manage."""

from dataclasses import replace
from datetime import timedelta

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lti_tool import clock
from lti_tool.ledger.allotment import allot
from lti_tool.ledger.movements import OPERATOR
from lti_tool.licenses.licenses import License
from lti_tool.purchasing import by_purchase_order as po
from lti_tool.purchasing import checkout, orders, payments
from lti_tool.purchasing.fulfilment import settle
from lti_tool.purchasing.orders import Order
from tests.factories import EXPORT_CREDITS, NOW, make_license, make_order, make_payment
from tests.web.conftest import Enter, School
from tests.web.pages import get

PURCHASES = "/manager/purchases"


def order(
    books: Session,
    school: School,
    *,
    quantity: int = 100,
    method: str | None = "card",
    status: str = "placed",
    po_number: str | None = None,
) -> Order:
    """An order of the school's, begun by the teacher."""
    license_ = books.get_one(License, school.license)
    made = make_order(books, license_, quantity=quantity, method=method, status=status, po_number=po_number)
    made.buyer_id = school.teacher_person
    made.placed_by = "manager" if made.placed_at else None
    books.flush()
    return made


def bought(books: Session, school: School, *, quantity: int = 100) -> Order:
    made = order(books, school, quantity=quantity)
    make_payment(books, made)
    return settle(books, made.id, now=NOW).order


def test_an_empty_list_says_what_will_stand_there(teacher: FlaskClient) -> None:
    page = get(teacher, PURCHASES)
    assert "Nothing has been bought yet." in page.text
    assert page.find("a", href="/manager/purchase")


def test_each_state_is_said_in_plain_words(teacher: FlaskClient, school: School) -> None:
    with school.books() as books:
        bought(books, school)
        by_po = order(books, school, method="purchase_order", po_number="PO-4711")
        by_po.due_at = NOW + timedelta(days=30)
        order(books, school, method="purchase_order", po_number="PO-4712")
        pending = order(books, school)
        make_payment(books, pending, status="pending")
        order(books, school)
        order(books, school, status="cancelled")
        order(books, school, status="refused")
        quote = order(books, school, status="draft", method=None)
        quote.expires_at = clock.now() + timedelta(days=9)
        late = order(books, school, status="draft", method=None)
        late.expires_at = clock.now() - timedelta(days=9)
        po.approve(books, by_po.id, now=NOW)
    text = get(teacher, PURCHASES).text
    for words in (
        "Credited CR-",
        "Paid.",
        "Not paid yet; the invoice is due Dec 23.",
        "The credits come when the operator approves purchase order PO-4712.",
        "A payment is under way; the credits come when it has arrived.",
        "The credits come when the card payment arrives.",
        "Cancelled by the operator.",
        "The card payment failed. Nothing was charged.",
        "Quote CR-",
        "The price holds until",
        "Expired CR-",
        "The price held until",
        "by you",
    ):
        assert words in text, words


def test_a_card_page_that_was_completed_counts_as_paying_though_no_payment_was_heard_of(
    teacher: FlaskClient, school: School
) -> None:
    with school.books() as books:
        made = order(books, school)
        checkout.begin_payment(books, made.id, now=clock.now())
        checkout.record_session(books, made.id, 1, session_id="cs_1", url="https://pay.test/1")
    assert "The credits come when the card payment arrives." in get(teacher, PURCHASES).text
    with school.books() as books:
        checkout.mark_complete(books, "cs_1")
    for page in (PURCHASES, "/manager/"):
        assert "A payment is under way; the credits come when it has arrived." in get(teacher, page).text, page


def test_money_stands_in_the_visits_language_and_papers_can_be_had_again(
    client: FlaskClient, school: School, enter: Enter
) -> None:
    with school.books() as books:
        made = bought(books, school)
        stem, total = made.stem, made.total
    enter(client, replace(school.as_teacher, locale="es-ES"))
    page = get(client, PURCHASES)
    assert f"{total // 100},{total % 100:02}\xa0US$".replace("\xa0", " ") in page.text
    receipt = [found for found in page.find("a", target="_blank") if found["href"].startswith("/papers/")][-1]
    client.delete_cookie("__Host-creditroll", domain="tool.test")
    answer = client.get(receipt["href"])
    assert answer.status_code == 200
    assert f"Receipt-R-{stem}.pdf" in answer.headers["Content-Disposition"]
    assert answer.data.startswith(b"%PDF")


def test_older_orders_follow_without_gap_or_repeat(teacher: FlaskClient, school: School) -> None:
    with school.books() as books:
        numbers = [order(books, school).number for _ in range(45)]
    seen: list[str] = []
    address = PURCHASES
    while address:
        page = get(teacher, address)
        seen += [word for word in page.text.split() if word.startswith("CR-")]
        address = next((found["href"] for found in page.find("a") if "before=" in found.get("href", "")), "")
    assert seen == numbers[::-1]
    for nonsense in ("no-such-order", "9" * 400, ""):
        assert teacher.get(f"{PURCHASES}?before={nonsense}").status_code == 200


def test_orders_of_another_license_are_never_shown(teacher: FlaskClient, school: School) -> None:
    with school.books() as books:
        stranger = make_order(books, make_license(books)).number
    for address in (PURCHASES, "/manager/", "/manager/history"):
        assert stranger not in get(teacher, address).text
        assert "ordered" not in get(teacher, address).text


def test_who_does_not_manage_sees_no_orders(client: FlaskClient, school: School, enter: Enter) -> None:
    with school.books() as books:
        order(books, school)
    enter(client, replace(school.as_teacher, manages=False))
    assert client.get(PURCHASES).status_code == 403
    page = get(client, "/manager/")
    assert "ordered" not in page.text
    assert not page.find("a", href=PURCHASES)


def test_the_overview_says_what_is_ordered_until_it_comes(teacher: FlaskClient, school: School) -> None:
    with school.books() as books:
        made = order(books, school, method="purchase_order", po_number="PO-4711")
        made.due_at = NOW
    page = get(teacher, "/manager/")
    words = "100 credits are ordered The credits come when the operator approves purchase order PO-4711."
    assert words in page.text
    assert page.find("a", href=f"/manager/purchase/{made.id}")
    assert page.find("a", href=PURCHASES)
    with school.books() as books:
        po.approve(books, made.id, now=clock.now())
    text = get(teacher, "/manager/").text
    assert "ordered" not in text
    assert "License total 200" in text
    assert "The license received 100" in text
    assert "· purchase" in text


def test_the_history_names_the_order_and_who_bought(teacher: FlaskClient, school: School) -> None:
    with school.books() as books:
        mine = bought(books, school)
        office = order(books, school, method="purchase_order", po_number="PO-1")
        office.placed_by = "office"
        office.due_at = NOW
        po.approve(books, office.id, actor=OPERATOR, now=NOW)
    page = get(teacher, "/manager/history")
    assert f"Purchase The license bought by you · order {mine.number} + 100 200 left" in page.text
    assert f"Purchase The license bought by the office · order {office.number} + 100 300 left" in page.text
    assert page.find("a", href=f"/manager/purchase/{mine.id}")
    assert page.find("a", href=PURCHASES)
    assert len(page.find("span", _class="pill ok")) == 2


def test_a_refund_is_a_true_minus_with_its_order(teacher: FlaskClient, school: School) -> None:
    with school.books() as books:
        made = bought(books, school)
        allot(books, school.license, EXPORT_CREDITS, member_ids=[school.ada], each=1, actor=school.actor, now=NOW)
        (payment,) = payments.of_order(books, made.id)
        payment.refunded = payment.amount
        settle(books, made.id, now=NOW)
    text = get(teacher, "/manager/history").text
    assert f"Refund The license money given back for order {made.number} − 100 99 left" in text
    overview = get(teacher, "/manager/").text
    assert "The license gave back 100" in overview
    listed = get(teacher, PURCHASES).text
    assert f"Refunded {made.number}" in listed
    assert "was given back. 100 went back out of the license." in listed


def test_the_numbers_in_the_history_are_looked_up_in_this_license_alone(teacher: FlaskClient, school: School) -> None:
    with school.books() as books:
        foreign = make_order(books, make_license(books))
        assert orders.by_numbers(books, school.license, {foreign.number}) == {}
        assert list(orders.by_numbers(books, foreign.license_id, {foreign.number})) == [foreign.number]
