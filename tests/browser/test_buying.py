"""Add Credits in Chromium, from the course's own frame: by card in a new tab, by purchase order, without scripts."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import BrowserContext, FilePayload, Frame, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.app import create_app
from lti_tool.clock import now
from lti_tool.db import db
from lti_tool.purchasing import checkout, fulfilment, office_links, orders, payments
from lti_tool.purchasing.orders import Order
from lti_tool.settings import Settings
from tests.browser.conftest import School, Sit
from tests.browser.seat import Seat, expect_figures
from tests.browser.test_teacher import TEACHER, pick, read_list
from tests.demo_lms import Serving
from tests.factories import make_payment
from tests.gateway import Gateway, running_gateway

CERTIFICATE: FilePayload = {"name": "exempt.pdf", "mimeType": "text/html", "buffer": b"%PDF-1.4\n%%EOF\n"}
Act = Callable[[Session, Order], object]
BILLING = {
    "School or district that pays": "Springfield School District",
    "Name for the invoice": "Accounts Payable",
    "E-mail for the invoice": "accounts@springfield.example",
}


@pytest.fixture
def gateway(servers: tuple[Serving, Serving]) -> Iterator[Gateway]:
    """The stand-in for Stripe, which tells the tool's address what was paid."""
    with running_gateway(f"{servers[1].url}/webhooks/stripe") as running:
        yield running


@pytest.fixture
def shop(school: School, servers: tuple[Serving, Serving], gateway: Gateway) -> Iterator[School]:
    """The school, where cards are taken too and 8.25 % of tax are due."""
    settings: Settings = school.tool.extensions["creditroll"]
    app = create_app(
        replace(
            settings,
            stripe_secret_key=gateway.secret_key,
            stripe_webhook_secrets=(gateway.webhook_secret,),
            stripe_api_base=gateway.url,
            catalog=replace(settings.catalog, tax_rate=825),
        )
    )
    servers[1].show(app)
    yield school
    with app.app_context():
        db.engine.dispose()


def test_100_are_bought_by_card_in_a_new_tab_and_the_course_notices_by_itself(shop: School, seat: Seat) -> None:
    frame = add_credits(seat)
    seat.check("06-purchase-quantity-first")
    frame.get_by_role("radio", name=re.compile("^100 credits")).check()
    box = frame.get_by_role("region", name="Your order")
    expect(box).to_contain_text(re.compile(r"Total\s*\$54\.13"))
    expect(box).to_contain_text(re.compile(r"License total\s*300\s*→\s*becomes\s*400"))
    seat.check("06-purchase-quantity")
    go_on(frame)
    seat.check("06-purchase-payment-first")
    frame.get_by_role("radio", name=re.compile("^By card")).check()
    expect(frame.get_by_label("School or district that pays")).to_be_hidden()
    seat.check("06-purchase-payment-card")
    go_on(frame)
    seat.check("06-purchase-review-card")
    frame.get_by_role("button", name="Go to payment").click()
    expect(frame.get_by_role("heading", name=re.compile("is placed, and not paid yet"))).to_be_visible()
    seat.check("06-purchase-card-waits")
    with seat.page.expect_popup() as opened:
        frame.get_by_role("link", name=re.compile(r"^Pay \$54\.13")).click()
    opened.value.get_by_role("button", name="Pay $54.13 by card").click()
    expect(frame.get_by_role("heading", name="100 credits came: the license total is now 400")).to_be_visible()
    expect(frame.locator("#order-news")).to_have_text("100 credits came: the license total is now 400.")
    seat.check("06-purchase-card-came")
    opened.value.close()
    frame.get_by_role("link", name="Back to Overview").first.click()
    expect_figures(frame, License_total=400)


def test_an_allotment_that_lacked_credits_is_bought_and_finished(shop: School, seat: Seat) -> None:
    seat.step_in(TEACHER)
    read_list(seat.frame)
    frame = seat.tab("Manage Members")
    pick(frame, "Mateo Ruiz", "Lucía Ruiz")
    frame.get_by_role("button", name="Add", exact=True).click()
    dialog = frame.get_by_role("dialog")
    dialog.get_by_label("Credits to add").fill("166")
    dialog.get_by_label("Note").fill("Science fair")
    dialog.get_by_role("button", name="Save", exact=True).click()
    dialog.get_by_role("link", name="Buy the missing 32").click()
    expect(frame.get_by_text("32 credits cost $19.20.")).to_be_visible()
    expect(frame.get_by_label("Another number of credits")).to_have_value("32")
    seat.check("06-purchase-quantity-missing")
    go_on(frame)
    pay_by_card(seat, "$20.78")
    expect(frame.get_by_role("heading", name="32 credits came: the license total is now 332")).to_be_visible()
    seat.check("06-purchase-came-for-an-allotment")
    frame.get_by_role("link", name="Finish giving 166 to 2 people").click()
    expect(frame.get_by_label("Note")).to_have_value("Science fair")
    frame.get_by_role("button", name="Save", exact=True).click()
    frame.get_by_role("button", name="Give 332 credits").click()
    expect(frame.get_by_role("status").filter(has_text="You gave 332 credits to 2 people.")).to_be_visible()
    expect_figures(seat.tab("Overview"), License_total=332, Allotted=332)


def pay_by_card(seat: Seat, total: str) -> None:
    """From the second step to the payment, in a tab of its own that is closed again."""
    frame = seat.frame
    frame.get_by_role("radio", name=re.compile("^By card")).check()
    go_on(frame)
    frame.get_by_role("button", name="Go to payment").click()
    with seat.page.expect_popup() as opened:
        frame.get_by_role("link", name=f"Pay {total}").click()
    opened.value.get_by_role("button", name=f"Pay {total} by card").click()
    expect(opened.value.get_by_role("heading", level=1)).not_to_contain_text("Pay")
    opened.value.close()


def test_a_purchase_order_is_placed_by_keyboard_and_going_back_loses_nothing(shop: School, seat: Seat) -> None:
    frame = add_credits(seat)
    frame.get_by_role("radio", name=re.compile("^25 credits")).focus()
    keys = seat.page.keyboard
    for key in ("Space", "ArrowDown", "ArrowDown", "Tab", "Tab"):
        keys.press(key)
    expect(frame.get_by_role("button", name="Continue")).to_be_focused()
    expect(frame.get_by_role("radio", name=re.compile("^100 credits"))).to_be_checked()
    keys.press("Enter")
    expect(frame.get_by_role("group", name="How is it paid?")).to_be_visible()
    frame.get_by_role("radio", name=re.compile("^By purchase order")).focus()
    keys.press("Space")
    go_on(frame)
    expect(frame.get_by_text("none yet: the school office enters it")).to_be_visible()
    seat.check("06-purchase-review-office")
    frame.get_by_role("link", name="Change how it is paid").click()
    fill(frame, BILLING | {"Purchase order number": "4500-2291", "E-mail for the invoice": "accounts"})
    frame.get_by_label("The school pays, and is exempt").check()
    frame.get_by_label("Certificate of exemption").set_input_files(CERTIFICATE)
    go_on(frame)
    expect(frame.get_by_label("E-mail for the invoice")).to_be_focused()
    expect(frame.get_by_text("On file: exempt.pdf")).to_be_visible()
    seat.check("06-purchase-payment-refused")
    frame.get_by_label("E-mail for the invoice").fill(BILLING["E-mail for the invoice"])
    go_on(frame)
    expect(frame.get_by_text("exempt, certificate on file")).to_be_visible()
    seat.check("06-purchase-review")

    back(frame)
    expect(frame.get_by_label("Purchase order number")).to_have_value("4500-2291")
    frame.get_by_role("link", name="1 Quantity").click()
    expect(frame.get_by_role("radio", name=re.compile("^100 credits"))).to_be_checked()
    frame.get_by_label("Another number of credits").fill("240")
    expect(frame.get_by_role("radio", name=re.compile("^Another number"))).to_be_checked()
    expect(frame.get_by_text("250 credits cost $112.50: more credits for less.")).to_be_visible()
    seat.check("06-purchase-quantity-other")
    go_on(frame)
    go_on(frame)
    frame.get_by_role("button", name="Place order").dblclick()
    expect(frame.get_by_role("heading", name=re.compile("is placed$"))).to_be_visible()
    expect(frame.get_by_text("License total becomes 540 it is still 300")).to_be_visible()
    seat.check("06-purchase-done")
    back(frame)
    expect(frame.get_by_role("heading", name=re.compile("is placed$"))).to_be_visible()
    assert orders_of(shop) == [(240, 12_000, "placed")]


def test_buying_works_without_scripts(scriptless: BrowserContext, sit: Sit, shop: School) -> None:
    seat = sit(scriptless)
    frame = seat.step_in_without_scripts(TEACHER)
    frame.get_by_role("link", name="Add Credits").click()
    frame.get_by_role("radio", name=re.compile("^Another number")).check()
    frame.get_by_label("Another number of credits").fill("32")
    frame.get_by_role("button", name="Show the total").click()
    expect(frame.get_by_role("region", name="Your order")).to_contain_text("$20.78")
    frame.get_by_role("button", name="Continue").click()
    expect(frame.get_by_label("School or district that pays")).to_be_hidden()
    frame.get_by_role("radio", name=re.compile("^By purchase order")).check()
    fill(frame, BILLING | {"Purchase order number": "4500-2291"})
    frame.get_by_role("button", name="Continue").click()
    frame.get_by_role("button", name="Place order").click()
    expect(frame.get_by_role("heading", name=re.compile("is placed$"))).to_be_visible()
    assert orders_of(shop) == [(32, 2_078, "placed")]


def test_every_state_of_an_order_reads_well(shop: School, seat: Seat) -> None:
    frame = add_credits(seat)
    frame.get_by_text("100 credits", exact=True).click()
    go_on(frame)
    frame.get_by_role("link", name="Overview").click()
    [order_id] = ids_of(shop)
    states: list[tuple[str, str, Act]] = [
        ("quote", "nothing is ordered yet", lambda books, order: None),
        ("link", "Copy the address", lambda books, order: office_links.make(books, order, person_id=None, now=now())),
        (
            "unpaid",
            "Open the payment page",
            lambda books, order: checkout.place(books, order.id, by="office", now=now()),
        ),
        (
            "under-way",
            "Some banks take several days.",
            lambda books, order: make_payment(books, order, status="pending"),
        ),
        ("refused", "The payment was refused", refuse),
        ("came", "100 credits came", pay),
        ("disputed", "is disputed at the bank", dispute),
        ("given-back", "Refunded in part", give_back),
    ]
    for name, words, act in states:
        change(shop, order_id, act)
        frame.goto(f"{shop.lms.tool_url}/manager/purchase/{order_id}")
        expect(frame.locator("main")).to_contain_text(words)
        seat.check(f"06-purchase-state-{name}")


def test_a_page_whose_visit_has_ended_looks_no_more(shop: School, seat: Seat) -> None:
    frame = add_credits(seat)
    frame.get_by_text("100 credits", exact=True).click()
    go_on(frame)
    [order_id] = ids_of(shop)
    change(shop, order_id, lambda books, order: checkout.place(books, order.id, by="manager", now=now()))
    seat.page.route("**/state?*", lambda route: route.fulfill(status=401, body=""))
    frame.goto(f"{shop.lms.tool_url}/manager/purchase/{order_id}")
    expect(frame.locator("#order")).to_have_attribute("hx-trigger", "every 3s")
    expect(frame.locator("#order")).not_to_have_attribute("hx-trigger", "every 3s")
    expect(frame.get_by_role("button", name="Open the payment page")).to_be_visible()
    assert all("401" in line for line in seat.complaints)
    seat.complaints.clear()


def change(school: School, order_id: str, act: Act) -> None:
    """Something happens to the locked order."""

    def happen(books: Session) -> None:
        act(books, orders.locked(books, order_id))

    school.write(happen)


def refuse(books: Session, order: Order) -> None:
    """The bank says no."""
    payments.of_order(books, order.id)[0].status = "failed"
    checkout.refuse(books, order, now=now())


def pay(books: Session, order: Order) -> None:
    """Another card is taken."""
    make_payment(books, order)
    fulfilment.settle(books, order.id, now=now())


def dispute(books: Session, order: Order) -> None:
    """Its owner wants the money back."""
    payments.of_order(books, order.id)[-1].is_disputed = True


def give_back(books: Session, order: Order) -> None:
    """Half of the money goes back."""
    payments.of_order(books, order.id)[-1].refunded = order.total // 2
    fulfilment.settle(books, order.id, now=now())


def orders_of(school: School) -> list[tuple[int, int, str]]:
    """Quantity, total and status of every order."""
    found: list[tuple[int, int, str]] = []

    def read(session: Session) -> None:
        for order in session.scalars(select(Order)):
            found.append((order.quantity, order.total, order.status))

    school.write(read)
    return found


def ids_of(school: School) -> list[str]:
    """The id of every order."""
    found: list[str] = []
    school.write(lambda books: found.extend(books.scalars(select(Order.id))))
    return found


def fill(frame: Frame, texts: dict[str, str]) -> None:
    """Types into the fields with these labels."""
    for label, text in texts.items():
        frame.get_by_label(label).fill(text)


def back(frame: Frame) -> None:
    """What the browser's button does."""
    frame.locator("main").evaluate("(main) => { main.id = 'before'; }")
    frame.evaluate("history.back()")
    expect(frame.locator("#before")).to_have_count(0)


def add_credits(seat: Seat) -> Frame:
    """From the Overview to the first step."""
    frame = seat.step_in(TEACHER)
    frame.get_by_role("link", name="Add Credits").click()
    expect(frame.get_by_role("heading", name="Purchase", exact=True)).to_be_visible()
    return frame


def go_on(frame: Frame) -> None:
    """To the next step."""
    frame.locator("main").evaluate("(main) => { main.id = 'before'; }")
    frame.get_by_role("button", name="Continue").click()
    expect(frame.locator("#before")).to_have_count(0)
