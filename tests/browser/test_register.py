"""The pages for LMS administrators in a browser: readable by everybody, copied by one press, testable in a frame."""

import os

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import select

from lti_tool.lti.families import FAMILIES
from lti_tool.lti.platforms import Platform
from tests.browser.conftest import School
from tests.browser.seat import HEIGHT, SHOT_WIDTHS, WIDTHS, Seat, find_axe_faults
from tests.browser.test_teacher import TEACHER


def check(page: Page, name: str) -> None:
    """No axe finding and no sideways scrolling, wide or narrow; a picture if asked."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": HEIGHT})
        assert find_axe_faults(page) == [], f"{name} at {width}"
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, f"{name} at {width}"
    if folder := os.environ.get("CREDITROLL_SHOTS"):
        for width in SHOT_WIDTHS:
            page.set_viewport_size({"width": width, "height": HEIGHT})
            page.screenshot(path=f"{folder}/{name}-{width}.png", full_page=True)
    page.set_viewport_size({"width": 1280, "height": HEIGHT})


@pytest.mark.parametrize("name", FAMILIES)
def test_each_lmss_page_is_readable_wide_and_narrow(seat: Seat, school: School, name: str) -> None:
    seat.page.goto(f"{school.lms.tool_url}/register")
    check(seat.page, "register-choice")
    seat.page.get_by_role("link", name=FAMILIES[name].title, exact=True).click()
    expect(seat.page.get_by_role("heading", level=1)).to_contain_text("Add Creditroll to")
    expect(seat.page.get_by_role("link", name=FAMILIES[name].title, exact=True)).to_have_attribute(
        "aria-current", "page"
    )
    check(seat.page, f"register-{name}")


def test_a_value_is_copied_with_one_press(seat: Seat, school: School, browser: BrowserContext) -> None:
    browser.grant_permissions(["clipboard-read", "clipboard-write"], origin=school.lms.tool_url)
    seat.page.goto(f"{school.lms.tool_url}/register?lms=schoology")
    button = seat.page.get_by_role("button", name="Copy OIDC Login Init URL")
    button.click()
    expect(seat.page.get_by_role("button", name="Copied")).to_be_visible()
    assert seat.page.evaluate("navigator.clipboard.readText()") == f"{school.lms.tool_url}/lti/login"
    browser.clear_permissions()


def test_an_administrator_registers_by_two_values_and_reads_what_is_to_be_mended(seat: Seat, school: School) -> None:
    page = seat.page
    page.goto(f"{school.lms.tool_url}/register?lms=schoology")
    page.get_by_role("button", name="Register Schoology").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing was registered")
    expect(page.get_by_label("What you call your LMS")).to_be_focused()
    check(page, "register-wrong")
    page.get_by_label("What you call your LMS").fill("Springfield Unified")
    page.get_by_label("Client ID").fill("7485393815")
    page.get_by_label("Deployment ID").fill("7485393815-1380426679")
    page.get_by_role("button", name="Register Schoology").click()
    expect(page.get_by_role("status")).to_contain_text("It waits to be approved")
    check(page, "register-done")


def test_the_demo_school_passes_every_step_also_in_a_frame_of_its_lms(seat: Seat, school: School) -> None:
    seat.step_in(TEACHER)
    school.tool.extensions["creditroll_jobs"].work_off()
    numbers: list[str] = []
    school.write(lambda session: numbers.append(session.scalars(select(Platform.id)).one()))
    seat.page.goto(f"{school.lms.issuer}")
    seat.page.evaluate(
        "(address) => { document.body.innerHTML = ''; const frame = document.createElement('iframe');"
        " frame.src = address; frame.title = 'Creditroll'; document.body.append(frame); }",
        f"{school.lms.tool_url}/register/{numbers[0]}",
    )
    frame = seat.page.frame_locator("iframe")
    frame.get_by_role("button", name="Test it").click()
    expect(frame.get_by_role("status")).to_have_text("Nothing is wrong.")
    expect(frame.get_by_role("listitem")).to_have_count(6)
    expect(frame.get_by_role("listitem").filter(has_text="works")).to_have_count(6)
    seat.page.goto(f"{school.lms.tool_url}/register/{numbers[0]}")
    seat.page.get_by_role("button", name="Test it").click()
    expect(seat.page.get_by_role("status")).to_have_text("Nothing is wrong.")
    check(seat.page, "register-test")
