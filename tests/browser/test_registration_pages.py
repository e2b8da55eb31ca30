"""The pages of a registration: readable by everybody, wide and narrow, and without scripts."""

from pathlib import Path
from urllib.parse import urlencode

from playwright.sync_api import BrowserContext, Playwright, expect

from tests.browser import chromium
from tests.browser.conftest import School
from tests.browser.seat import Seat
from tests.browser.test_register import check
from tests.registering_lms import RegisteringLms, serving_lms


def address(school: School, lms: RegisteringLms) -> str:
    """What the LMS opens."""
    query = {"openid_configuration": lms.configuration_url, "registration_token": str(lms.token)}
    return f"{school.lms.tool_url}/lti/register?{urlencode(query)}"


def test_each_page_reads_well_wide_and_narrow(seat: Seat, school: School) -> None:
    page = seat.page
    with serving_lms("canvas") as lms:
        page.goto(address(school, lms))
        expect(page.get_by_role("heading", level=1)).to_have_text("Add Creditroll to Lincoln Unified")
        check(page, "registration-asks")
        page.get_by_role("button", name="Register Creditroll").click()
        expect(page.get_by_role("status").first).to_contain_text("It waits to be approved")
        check(page, "registration-waits")
        page.goto(address(school, lms))
    expect(page.get_by_role("heading", level=1)).to_have_text("This registration was sent already")
    check(page, "registration-refused")
    assert all("status of 409" in line for line in seat.complaints)
    seat.complaints.clear()


def test_a_tab_that_nobody_can_close_says_that_it_may_be(seat: Seat, school: School) -> None:
    with serving_lms("brightspace") as lms:
        seat.page.goto(address(school, lms))
        seat.page.get_by_role("button", name="Register Creditroll").click()
        expect(seat.page.get_by_role("heading", name="What is left to do in Brightspace")).to_be_visible()
        seat.page.get_by_role("button", name="Done").click()
        expect(seat.page.get_by_text("You can close this page now.").last).to_be_visible()


def test_it_registers_without_scripts_too(
    playwright: Playwright, executable: str, tmp_path: Path, school: School
) -> None:
    plain: BrowserContext
    with (
        serving_lms("moodle") as lms,
        chromium.profile(playwright, executable, tmp_path / "plain", scripts=False) as plain,
    ):
        page = plain.new_page()
        page.goto(address(school, lms))
        page.get_by_role("button", name="Register Creditroll").click()
        expect(page.get_by_text("You can close this page now.").first).to_be_visible()
        expect(page.get_by_role("button", name="Done")).to_be_hidden()
