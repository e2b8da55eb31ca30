"""Add Credits in Chromium, from the course's own frame: by card in a new tab, by purchase order, without scripts."""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Frame, Page, expect

from lti_tool.app import create_app
from lti_tool.db import db
from lti_tool.settings import Settings
from tests.browser.conftest import School
from tests.browser.seat import Seat, expect_figures
from tests.browser.test_teacher import TEACHER
from tests.demo_lms import Serving
from tests.gateway import Gateway, running_gateway

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


def add_credits(seat: Seat) -> Frame:
    """From the Overview to the first step."""
    frame = seat.step_in(TEACHER)
    frame.get_by_role("link", name="Add Credits").click()
    expect(frame.get_by_role("heading", name="Purchase", exact=True)).to_be_visible()
    return frame


def go_on(frame: Frame | Page) -> None:
    """To the next step."""
    frame.locator("main").evaluate("(main) => { main.id = 'before'; }")
    frame.get_by_role("button", name="Continue").click()
    expect(frame.locator("#before")).to_have_count(0)
