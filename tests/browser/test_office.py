"""A school's office at its own machine: no LMS, perhaps no scripts; it gets a link, and orders."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from playwright.sync_api import BrowserContext, FilePayload, Page, Playwright, expect
from sqlalchemy.orm import Session

from lti_tool import clock
from lti_tool.app import create_app
from lti_tool.cli import main
from lti_tool.db import db
from lti_tool.licenses import licenses
from lti_tool.purchasing import by_purchase_order, office_links, orders
from lti_tool.purchasing.orders import Order
from lti_tool.settings import Settings
from lti_tool.web import office_address
from tests.browser import chromium
from tests.browser.conftest import School
from tests.browser.seat import Seat, expect_figures
from tests.browser.test_register import check
from tests.demo_lms import Serving

CERTIFICATE: FilePayload = {"name": "exempt.pdf", "mimeType": "text/html", "buffer": b"%PDF-1.4\n%%EOF\n"}
TYPED = {
    "Purchase order number": "4500-2291",
    "School or district that pays": "Springfield School District",
    "Name for the invoice": "Accounts Payable",
    "E-mail for the invoice": "accounts@springfield.example",
}


@pytest.fixture
def taxed(school: School, servers: tuple[Serving, Serving]) -> Iterator[Flask]:
    """The tool where 8.25 % of tax are due, at the same address."""
    settings: Settings = school.tool.extensions["creditroll"]
    app = create_app(replace(settings, catalog=replace(settings.catalog, tax_rate=825)))
    servers[1].show(app)
    yield app
    with app.app_context():
        db.engine.dispose()


@contextmanager
def office(playwright: Playwright, executable: str, folder: Path, *, scripts: bool = True) -> Iterator[BrowserContext]:
    """A browser that never saw the LMS."""
    with chromium.profile(playwright, executable, folder / "office", scripts=scripts) as context:
        yield context


def link_to_a_quote(app: Flask, school: School) -> tuple[str, str]:
    """The id of an order for 200, and the address that a manager sent."""
    with app.app_context():
        settings: Settings = app.extensions["creditroll"]
        kept: list[tuple[str, str]] = []

        def make(session: Session) -> None:
            [license_] = licenses.every(session)
            order = orders.draft(
                session, license_.id, settings.catalog, "export-credits", 200, buyer_id=None, now=clock.now()
            )
            link = office_links.make(session, order, person_id=None, now=clock.now())
            kept.append((order.id, office_address.address(link)))

        school.write(make)
        return kept[0]


def approve(session: Session, order_id: str) -> None:
    """What the operator does."""
    by_purchase_order.approve(session, order_id, now=clock.now())


def fill(page: Page, **changed: str) -> None:
    """Types what an office types."""
    for label, text in {**TYPED, **changed}.items():
        page.get_by_label(label, exact=True).fill(text)


def test_the_office_orders_by_keyboard_and_each_state_reads_well(
    school: School, taxed: Flask, playwright: Playwright, executable: str, tmp_path: Path
) -> None:
    order_id, address = link_to_a_quote(taxed, school)
    with office(playwright, executable, tmp_path) as context:
        page = context.new_page()
        page.goto(address)
        expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("^Quote Q-"))
        check(page, "office-quote")
        page.get_by_role("button", name="Place the order").click()
        expect(page.get_by_label("Purchase order number")).to_be_focused()
        check(page, "office-refused")
        fill(page)
        page.get_by_label("The school pays, and is exempt").focus()
        page.keyboard.press("Space")
        page.get_by_label("Certificate of exemption").set_input_files(CERTIFICATE)
        page.get_by_role("button", name="Place the order").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("status")).to_contain_text("Thank you: the order is placed.")
        expect(page.get_by_text("$100.00").last).to_be_visible()
        check(page, "office-placed")
        with page.expect_download() as download:
            page.get_by_role("link", name=re.compile("^Invoice")).click()
        assert download.value.suggested_filename.startswith("Invoice-I-")
        school.write(lambda session: approve(session, order_id))
        page.goto(address)
        expect(page.get_by_role("status")).to_contain_text("200 credits arrived on")
        check(page, "office-arrived")
        assert context.cookies() == []
        page.goto(f"{address}x")
        expect(page.get_by_role("heading", level=1)).to_have_text("This link does not work, or no longer")
        check(page, "office-gone")


def test_without_scripts_the_office_orders_just_the_same(
    school: School, playwright: Playwright, executable: str, tmp_path: Path
) -> None:
    order_id, address = link_to_a_quote(school.tool, school)
    with office(playwright, executable, tmp_path, scripts=False) as context:
        page = context.new_page()
        page.goto(address)
        fill(page)
        page.get_by_role("button", name="Place the order").click()
        expect(page.get_by_role("status")).to_contain_text("Thank you: the order is placed.")
    found: list[Order] = []
    school.write(lambda session: found.append(session.get_one(Order, order_id)))
    assert (found[0].status, found[0].po_number, found[0].placed_by) == ("placed", "4500-2291", "office")


def test_a_teacher_sends_a_quote_the_office_orders_and_the_credits_come_by_themselves(
    seat: Seat, school: School, playwright: Playwright, executable: str, tmp_path: Path
) -> None:
    frame = seat.step_in("grace-okonkwo-reyes")
    expect_figures(frame, License_total=300)
    frame.get_by_role("link", name="Add Credits").click()
    frame.get_by_role("textbox", name="Another number of credits").fill("200")
    frame.get_by_role("button", name="Continue").click()
    expect(frame.get_by_role("heading", name="Whom to bill")).to_be_visible()
    frame.get_by_role("button", name="Continue").click()
    frame.get_by_role("button", name="Get the link for the office").click()
    expect(frame.get_by_role("heading", name="Send to the school office")).to_be_visible()
    expect(frame.get_by_role("link", name="Write an e-mail")).to_have_attribute("href", re.compile("^mailto:"))
    seat.check("office-sent")
    with office(playwright, executable, tmp_path) as context:
        page = context.new_page()
        page.goto(frame.locator(".address code").inner_text())
        expect(page.get_by_text("Grace Okonkwo-Reyes asks for 200 credits of Creditroll")).to_be_visible()
        fill(page)
        page.get_by_role("button", name="Place the order").click()
        expect(page.get_by_role("status")).to_contain_text("Thank you: the order is placed.")
        number = page.get_by_role("heading", level=1).inner_text().removeprefix("Order ")
        expect(frame.get_by_role("heading", name=f"Order {number} is placed")).to_be_visible()
        settings: Settings = school.tool.extensions["creditroll"]
        done = CliRunner().invoke(
            main, ["order", "approve", number], env={"CREDITROLL_DATABASE_URL": settings.database_url}
        )
        assert done.exit_code == 0, done.output
        page.reload()
        expect(page.get_by_role("status")).to_contain_text("200 credits arrived on")
    expect(frame.get_by_role("heading", name="200 credits came: the license total is now 500")).to_be_visible()
    seat.check("office-credited")
    frame = seat.tab("Overview")
    expect_figures(frame, License_total=500)
