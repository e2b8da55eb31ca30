"""The operator's pages in front of an operator: opened by a link, and an order approved with the keyboard alone."""

from playwright.sync_api import Frame, Page, expect
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from lti_tool import clock, operator_link
from lti_tool.licenses.licenses import License
from lti_tool.lti.platforms import Deployment
from lti_tool.purchasing import by_purchase_order, orders
from lti_tool.purchasing.billing import Billing
from tests.browser.conftest import School
from tests.browser.seat import Seat
from tests.browser.test_launches import look
from tests.browser.test_teacher import TEACHER
from tests.factories import EXPORT_CREDITS, SHOP

BILLING = Billing(
    "PO-4711", "Lincoln Unified School District", "Zoë Nguyễn", "accounts@lincoln.test", "12 Main Street\nLincoln, NE"
)


def place(session: Session, *, quantity: int = 100, billing: Billing = BILLING) -> str:
    """An order of the demo's licence by purchase order; its number."""
    now = clock.now()
    license_id = session.scalars(select(License.id)).one()
    order = orders.draft(session, license_id, SHOP, EXPORT_CREDITS.name, quantity, buyer_id=None, now=now)
    by_purchase_order.set_billing(session, order, billing, now=now)
    by_purchase_order.place(session, order.id, invoice_days=30, by="office", now=now)
    return order.number


def go(page: Page, words: str) -> None:
    """Tabs on until that link or button has the focus, and presses Enter."""
    for _ in range(40):
        page.keyboard.press("Tab")
        focused = page.evaluate("document.activeElement.textContent.trim()")
        if focused == words:
            page.keyboard.press("Enter")
            return
    raise AssertionError(f"{words} is not reached by Tab at {page.url}")


def test_an_operator_approves_an_order_by_keyboard(seat: Seat, school: School) -> None:
    numbers: list[str] = []
    school.write(lambda session: numbers.append(place(session, quantity=250)))
    school.write(lambda session: numbers.append(place(session)))
    secret = school.tool.extensions["creditroll"].secret_key
    page = seat.page
    page.goto(f"{school.lms.tool_url}/operator/enter/{operator_link.make(secret, now=clock.now())}")
    look(page, "30-operator-enter")
    go(page, "Open")
    expect(page.get_by_role("heading", name="things need you")).to_be_visible()
    go(page, "Orders")
    expect(page.get_by_role("heading", name="Orders")).to_be_visible()
    look(page, "30-operator-orders")
    go(page, numbers[1])
    expect(page.get_by_role("heading", name="100 credits wait for you")).to_be_visible()
    look(page, "30-operator-order")
    go(page, "Approve …")
    expect(page.get_by_text("License total after it")).to_be_visible()
    look(page, "30-operator-approve")
    go(page, "Approve")
    expect(page.get_by_role("status")).to_contain_text("The license total is 400.")
    go(page, "Record a payment …")
    expect(page.get_by_label("Amount in USD")).to_be_focused()
    expect(page.get_by_label("Amount in USD")).to_have_value("50.00")
    page.get_by_label("Amount in USD").fill("20,00")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Write an amount of USD as 1,250.00.")).to_be_visible()
    look(page, "30-operator-payment-wrong")
    page.get_by_label("Amount in USD").fill("20.00")
    page.get_by_label("Reference").fill("TRN 20261125-7")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Still missing")).to_be_visible()
    look(page, "30-operator-payment")
    go(page, "Record $20.00")
    expect(page.get_by_role("status")).to_contain_text("$20.00 of $50.00")
    look(page, "30-operator-order-credited")
    go(page, "Problems 1 open")
    expect(page.get_by_role("heading", name="Paid in part")).to_be_visible()
    look(page, "30-operator-problems")
    page.get_by_label("What was done about it").fill("They pay the rest in May.")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Nothing about money needs you")).to_be_visible()
    go(page, "Log out")
    expect(page.get_by_role("heading", name="You are logged out")).to_be_visible()
    look(page, "30-operator-left")


def test_a_deployment_that_waits_is_approved_and_its_next_launch_gets_in(seat: Seat, school: School) -> None:
    def unapprove(session: Session) -> None:
        session.execute(update(Deployment).values(status="pending"))

    school.write(unapprove)
    page = seat.page
    refused = launched(seat, school)
    expect(refused.get_by_text("Ask your administrator to approve it.")).to_be_visible()
    seat.complaints.clear()  # the browser writes each refusal down
    come_in(page, school)
    page.get_by_role("link", name="See the LMS").click()
    page.get_by_role("button", name="Approve: ").first.click()
    expect(page.get_by_role("status")).to_contain_text("its next launch gets in")
    expect(seat.step_in(TEACHER).get_by_text("License total")).to_be_visible()


def launched(seat: Seat, school: School) -> Frame:
    """What a teacher's launch shows, whatever that is."""
    seat.page.goto(f"{school.lms.url}/courses/period-2/as/{TEACHER}/navigation")
    return seat.frame


def come_in(page: Page, school: School) -> None:
    """By a link of the command line, to the start."""
    secret = school.tool.extensions["creditroll"].secret_key
    page.goto(f"{school.lms.tool_url}/operator/enter/{operator_link.make(secret, now=clock.now())}")
    page.get_by_role("button", name="Open").click()
