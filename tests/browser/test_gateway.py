"""The pages of the stand-in for Stripe in Chromium: usable by everybody, and its forms lead back to the seller."""

from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import BrowserContext, Page, expect
from stripe import StripeClient
from stripe.checkout import Session

from tests.browser.chromium import PRESSED
from tests.browser.seat import find_axe_faults
from tests.demo.gateway.conftest import sdk, wanted
from tests.demo_lms import Serving, serving
from tests.gateway import Gateway, running_gateway


@pytest.fixture
def seller() -> Iterator[Serving]:
    """Whoever sells: it takes every webhook but the first, and thanks every payer."""
    app, answers = Flask("seller"), [500]

    @app.post("/webhooks/stripe")
    def hear() -> tuple[str, int]:
        return "", answers.pop() if answers else 200

    @app.get("/thanks")
    def thanks() -> str:
        return '<!doctype html><link rel="icon" href="data:,"><title>Thanks</title><h1>Thank you</h1>'

    with serving("127.0.0.1") as server:
        server.show(app)
        yield server


@pytest.fixture
def gateway(seller: Serving) -> Iterator[Gateway]:
    """The stand-in."""
    with running_gateway(f"{seller.url}/webhooks/stripe") as running:
        yield running


def opened(gateway: Gateway, seller: Serving) -> Session:
    """A session whose payer is sent on to the seller."""
    client: StripeClient = sdk(gateway)
    return client.v1.checkout.sessions.create(params=wanted(success_url=f"{seller.url}/thanks"))


def test_a_payer_is_declined_pays_is_thanked_and_every_page_is_accessible(
    browser: BrowserContext, gateway: Gateway, seller: Serving
) -> None:
    page, complaints = browser.new_page(), list[str]()
    page.on("console", lambda message: complaints.append(message.text) if message.text != PRESSED else None)
    session = opened(gateway, seller)
    page.goto(str(session.url))
    page.get_by_role("button", name="Try a card that is declined").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing was paid")
    assert find_axe_faults(page) == []

    page.get_by_role("button", name="Pay $21.65 by card").click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    page.goto(str(session.url))
    expect(page.get_by_role("heading", name="Paid")).to_be_visible()
    assert find_axe_faults(page) == []
    page.close()
    assert complaints == []


def test_what_happens_behind_a_payment_is_seen_and_done_on_one_page(
    browser: BrowserContext, gateway: Gateway, seller: Serving
) -> None:
    page = browser.new_page()
    page.goto(str(opened(gateway, seller).url))
    page.get_by_role("button", name="Pay $21.65 by bank transfer").click()
    page.goto(gateway.url)
    expect(page.get_by_text("will be sent again")).to_be_visible()
    press(page, "The transfer came")
    page.get_by_role("textbox", name="Amount to refund").fill("5")
    press(page, "Refund")
    expect(page.get_by_text("$5.00 given back")).to_be_visible()
    press(page, "Dispute")
    page.get_by_role("button", name="Hold them from now on").click()
    press(page, "The seller lost")
    expect(page.get_by_text("They are held: 1 waits.")).to_be_visible()
    assert find_axe_faults(page) == []
    page.get_by_role("button", name="Release all").click()
    expect(page.get_by_text("Each is sent at once")).to_be_visible()
    assert [each["state"] for each in gateway.told()] == ["again", "taken", "taken", "taken", "taken"]
    page.close()


def press(page: Page, label: str) -> None:
    """The one button with this label: its name goes on with what it is about."""
    page.get_by_role("button", name=f"{label}:").click()
