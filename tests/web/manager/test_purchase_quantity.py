"""Add Credits, step 1: every number has its price before anything is asked, and one form makes one order (R28)."""

from dataclasses import replace

from flask.testing import FlaskClient

from lti_tool import clock
from lti_tool.licenses import licenses
from lti_tool.lti.roles import Role
from lti_tool.members.people import Member
from lti_tool.purchasing import office_links, orders
from tests.conftest import MakeApp
from tests.factories import EXPORT_CREDITS, SHOP, make_license
from tests.web.conftest import Enter, School
from tests.web.manager.buying import PURCHASE, begin, count, fill, order_of, place
from tests.web.pages import Page, get, post


def test_packs_show_their_price_and_what_the_license_becomes_before_anything_is_kept(
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
    assert count(school) == 0, "looking keeps nothing"


def test_what_is_missing_is_filled_in_with_the_least_that_covers_it(teacher: FlaskClient) -> None:
    page = get(teacher, f"{PURCHASE}?missing=32")
    assert "32 are missing. 32 credits cost $19.20." in page.text
    assert page.find("input", name="quantity", value="32")
    assert page.find("input", name="pack", value="other", checked="")
    looked = Page(post(teacher, page.form(PURCHASE), pack="25", look="1"))
    assert "This does not cover the 32 that are missing." in looked.text
    assert get(teacher, f"{PURCHASE}?missing=25").find("input", name="pack", value="25", checked="")
    for nonsense in ("0", "-3", "many", "9" * 400, "200000"):
        page = get(teacher, f"{PURCHASE}?missing={nonsense}")
        assert page.status == 200
        assert "missing;" not in page.text


def test_more_for_less_is_said(teacher: FlaskClient) -> None:
    form = get(teacher, PURCHASE).form(PURCHASE)
    for typed, said in (
        ("48", "50 credits cost $27.50"),
        ("240", "250 credits cost $112.50"),
        ("99", "100 credits cost"),
    ):
        assert said in Page(post(teacher, form, pack="other", quantity=typed, look="1")).text, typed
    assert "more credits for less" not in Page(post(teacher, form, pack="other", quantity="32", look="1")).text


def test_a_number_that_is_not_for_sale_stays_and_gets_its_reason(teacher: FlaskClient, school: School) -> None:
    form = get(teacher, PURCHASE).form(PURCHASE)
    for typed, said in (
        ("0", "The smallest order is 1."),
        ("-5", "The smallest order is 1."),
        ("200000", "at most 100,000"),
        ("1" * 300, "at most 100,000"),
        ("1.5", "“1.5” is not a whole number. The nearest are 1 and 2."),
        ("0,5", "The nearest is 1."),
        ("ten", "“ten” is not a whole number."),
        ("", "Enter a whole number."),
    ):
        answer = post(teacher, form, pack="other", quantity=typed)
        page = Page(answer)
        assert answer.status_code == 422, typed
        assert page.text.count(said) == 1, typed
        assert page.find("input", name="quantity", value=typed, aria_invalid="true")
    answer = post(teacher, form, pack="", quantity="")
    assert answer.status_code == 422
    assert "Choose how many credits you need." in Page(answer).text
    assert count(school) == 0


def test_one_form_makes_one_order_however_often_it_is_sent_and_whatever_is_changed_in_it(
    teacher: FlaskClient, school: School
) -> None:
    form = get(teacher, PURCHASE).form(PURCHASE)
    first = post(teacher, form, pack="100").location
    assert post(teacher, form, pack="100").location == first
    assert post(teacher, form, pack="other", quantity="30").location == first, "back, and another number"
    order_id = first.split("/")[-2]
    assert (order_of(school, order_id).quantity, order_of(school, order_id).total) == (30, 1_800)
    fill(teacher, order_id)
    done = place(teacher, order_id)
    assert post(teacher, form, pack="250").location == done, "what was placed is no longer changed"
    assert order_of(school, order_id).quantity == 30
    assert count(school) == 1
    begin(teacher)
    assert count(school) == 2, "another form is another order"


def test_going_back_shows_what_was_chosen_and_changes_that_order(teacher: FlaskClient, school: School) -> None:
    order_id = begin(teacher, quantity="32")
    page = get(teacher, f"{PURCHASE}?order={order_id}")
    assert page.find("input", name="quantity", value="32")
    assert post(teacher, page.form(PURCHASE), pack="250").location.split("/")[-2] == order_id
    assert order_of(school, order_id).total == 11_250
    assert get(teacher, f"{PURCHASE}?order={order_id}").find("input", name="pack", value="250", checked="")


def test_a_quote_that_the_office_has_keeps_its_quantity(teacher: FlaskClient, school: School) -> None:
    order_id = begin(teacher, quantity="100")
    form = get(teacher, f"{PURCHASE}?order={order_id}").form(PURCHASE)
    with school.books() as books:
        office_links.make(books, orders.locked(books, order_id), person_id=None, now=clock.now())
    answer = post(teacher, form, pack="250")
    assert answer.status_code == 422
    assert "The school office has the link to this quote" in Page(answer).text
    assert order_of(school, order_id).quantity == 100


def test_only_managers_buy_and_only_for_their_own_license(client: FlaskClient, school: School, enter: Enter) -> None:
    with school.books() as books:
        other = make_license(books)
        theirs = orders.draft(books, other.id, SHOP, EXPORT_CREDITS.name, 100, buyer_id=None, now=clock.now()).id
    enter(client, school.as_teacher)
    pages = [f"{PURCHASE}?order={theirs}", *(f"{PURCHASE}/{theirs}{step}" for step in ("", *_STEPS, "/state"))]
    for page in (*pages, f"{PURCHASE}/{'x' * 300}", f"{PURCHASE}/1'--/payment"):
        assert client.get(page).status_code == 404, page
    form = get(client, PURCHASE).form(PURCHASE)
    assert post(client, form, pack="100", order=theirs).status_code == 404
    for step in (*_STEPS, "/pay"):
        form.action = f"{PURCHASE}/{theirs}{step}"
        assert post(client, form, method="card", seen="x").status_code == 404, step
        assert client.post(form.action).status_code == 400, "and without its token nothing is looked at"
    enter(client, replace(school.as_teacher, manages=False))
    assert {client.get(page).status_code for page in pages} == {403}
    enter(client, school.visit(school.ta, Role.TA))
    assert {client.get(page).status_code for page in pages} == {403}


def test_who_manages_no_more_buys_no_more_in_the_visit_that_they_have(teacher: FlaskClient, school: School) -> None:
    order_id = begin(teacher)
    fill(teacher, order_id)
    review = f"{PURCHASE}/{order_id}/review"
    form = get(teacher, review).form(review)
    with school.books() as books:
        licenses.name_manager(books, school.license, books.get_one(Member, school.ta).person_id, now=clock.now())
    assert post(teacher, form).status_code == 401
    assert teacher.get(PURCHASE).status_code == 401
    assert order_of(school, order_id).status == "draft"
    assert teacher.get("/manager/members").status_code == 200, "they still teach"


def test_where_nothing_is_for_sale_it_is_said_whom_to_ask(make_app: MakeApp, school: School, enter: Enter) -> None:
    client = make_app(catalog=replace(SHOP, prices={})).test_client()
    enter(client, school.as_teacher)
    page = get(client, PURCHASE)
    assert "Ask your Creditroll operator to add credits to this license" in page.text
    assert "License code CODE-" in page.text


_STEPS = ("/payment", "/review", "/cancel")
