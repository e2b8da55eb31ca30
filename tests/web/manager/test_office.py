"""A manager sends a quote to the office: one link, the same while it counts, until it is closed."""

from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from lti_tool import clock
from lti_tool.lti.roles import Role
from lti_tool.purchasing import by_purchase_order
from tests.factories import make_license, make_order
from tests.web.conftest import Enter, School
from tests.web.manager.buying import PURCHASE, begin, fill, order_of, place
from tests.web.pages import Page, get, post


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """What differs between the databases is tested in tests/purchasing."""
    return sqlite_url


def press(client: FlaskClient, order_id: str, **values: str) -> Page:
    """Presses the panel's button; the order's page after it."""
    form = get(client, f"{PURCHASE}/{order_id}").form(f"{PURCHASE}/{order_id}/office")
    answer = post(client, form, **values)
    assert (answer.status_code, answer.location) == (303, f"{PURCHASE}/{order_id}#office")
    return get(client, f"{PURCHASE}/{order_id}")


def address(page: Page) -> str:
    """What the copy button copies."""
    [button] = [found for tag, found in page.elements if tag == "button" and "data-copy" in found]
    return button["data-copy"]


def test_the_link_is_the_same_until_it_is_closed(teacher: FlaskClient, app: Flask) -> None:
    order_id, office = begin(teacher, quantity="200"), app.test_client()
    link = address(press(teacher, order_id))
    assert link.startswith("https://tool.test/office/")
    assert office.get(link).status_code == 200
    assert address(press(teacher, order_id)) == link, "as from an older tab, which still has the first button"
    page = press(teacher, order_id, close="1")
    assert link not in page.text
    assert office.get(link).status_code == 404
    assert address(press(teacher, order_id)) != link


def test_the_letter_has_all_that_the_office_needs_and_nothing_of_the_class(
    teacher: FlaskClient, school: School
) -> None:
    order_id = begin(teacher, quantity="200")
    page = press(teacher, order_id)
    [letter] = [found["href"] for tag, found in page.elements if found.get("href", "").startswith("mailto:")]
    parts = {name: value for name, [value] in parse_qs(urlsplit(letter).query).items()}
    number = f"Q-{order_of(school, order_id).stem}"
    assert parts.keys() == {"subject", "body"}
    assert parts["subject"] == f"Purchase order for 200 credits (quote {number}, $100.00)"
    assert address(page) in parts["body"].split("\r\n")
    assert number in parts["body"]
    assert not any(word in letter for word in ("Biology", "Ada", "Emmy"))


def test_a_placed_order_is_sent_with_other_words(teacher: FlaskClient, school: School) -> None:
    order_id = begin(teacher, quantity="200")
    fill(teacher, order_id)
    place(teacher, order_id)
    assert "They see the order and its papers." in get(teacher, f"{PURCHASE}/{order_id}").text
    page = press(teacher, order_id)
    [letter] = [found["href"] for tag, found in page.elements if found.get("href", "").startswith("mailto:")]
    [subject] = parse_qs(urlsplit(letter).query)["subject"]
    assert subject == f"Papers for 200 credits (order {order_of(school, order_id).number}, $100.00)"


def test_only_managers_send_and_only_orders_of_their_license(
    teacher: FlaskClient, client: FlaskClient, school: School, enter: Enter
) -> None:
    order_id = begin(teacher)
    form = get(teacher, f"{PURCHASE}/{order_id}").form(f"{PURCHASE}/{order_id}/office")
    with school.books() as books:
        foreign = make_order(books, make_license(books), method=None, status="draft")
    assert teacher.post(f"{PURCHASE}/{foreign.id}/office", data=dict(form.fields)).status_code == 404
    assert teacher.post(f"{PURCHASE}/{order_id}/office").status_code == 400
    for member, role in ((school.ta, Role.TA), (school.ada, Role.LEARNER), (school.teacher, Role.TEACHER)):
        enter(client, school.visit(member, role))
        assert client.post(f"{PURCHASE}/{order_id}/office", data=dict(form.fields)).status_code in (400, 403)
    enter(client, school.as_teacher)
    assert "Make the link" in get(client, f"{PURCHASE}/{order_id}").text


def test_an_order_that_ended_gets_no_link(teacher: FlaskClient, school: School) -> None:
    order_id = begin(teacher)
    form = get(teacher, f"{PURCHASE}/{order_id}").form(f"{PURCHASE}/{order_id}/office")
    with school.books() as books:
        by_purchase_order.cancel(books, order_id, by="operator", now=clock.now())
    answer = post(teacher, form)
    assert (answer.status_code, answer.location) == (303, f"{PURCHASE}/{order_id}#office")
    assert "Send to the school office" not in get(teacher, f"{PURCHASE}/{order_id}").text


def test_of_an_order_that_ended_the_link_is_only_to_be_closed(teacher: FlaskClient, school: School) -> None:
    order_id = begin(teacher, quantity="200")
    fill(teacher, order_id)
    place(teacher, order_id)
    press(teacher, order_id)
    with school.books() as books:
        by_purchase_order.cancel(books, order_id, by="operator", now=clock.now())
    page = get(teacher, f"{PURCHASE}/{order_id}")
    assert "nothing is to be paid, until" in page.text
    assert "Write an e-mail" not in page.text
    assert "PDF, cancelled" in page.text
    post(teacher, page.form(f"{PURCHASE}/{order_id}/office"), close="1")
    assert "Close the link" not in get(teacher, f"{PURCHASE}/{order_id}").text
