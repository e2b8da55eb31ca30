"""The pages for LMS administrators in a browser: readable by everybody, copied by one press, testable in a frame."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, FrameLocator, Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool import clock
from lti_tool.demo.families import FAMILIES as DEMO
from lti_tool.lti import platforms
from lti_tool.lti.families import FAMILIES
from lti_tool.lti.platforms import Platform
from tests.browser.conftest import School
from tests.browser.seat import HEIGHT, SHOT_WIDTHS, WIDTHS, Seat, find_axe_faults
from tests.browser.test_teacher import TEACHER
from tests.demo_lms import Browser


def check(page: Page, name: str) -> None:
    """No axe finding and no sideways scrolling, wide or narrow; a picture if asked."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": HEIGHT})
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, f"{name} at {width}"
    assert find_axe_faults(page) == [], name
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
    expect(page.get_by_label("Client ID")).to_be_focused()
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
    expect(frame.get_by_role("main").get_by_role("listitem")).to_have_count(6)
    expect(frame.get_by_role("listitem").filter(has_text="works")).to_have_count(6)
    seat.page.goto(f"{school.lms.tool_url}/register/{numbers[0]}")
    seat.page.get_by_role("button", name="Test it").click()
    expect(seat.page.get_by_role("status")).to_have_text("Nothing is wrong.")
    check(seat.page, "register-test")


@pytest.mark.parametrize("family", [name for name, one in DEMO.items() if one.registering and one.name in FAMILIES])
def test_the_short_way_leads_from_the_page_to_a_class_list(family: str, seat: Seat, school: School) -> None:
    page, rules = seat.page, DEMO[family].registering
    assert rules
    page.goto(f"{school.lms.tool_url}/register?lms={family}")
    address = page.get_by_role("region", name="does it by itself").locator("code").last.inner_text()

    page.goto(f"{school.lms.url}/admin/")
    page.get_by_label("Registration URL of the tool").fill(address)
    page.get_by_role("button", name=rules.button, exact=True).click()
    with _tools_page(page, is_framed=rules.window == "frame") as tool:
        tool.get_by_role("button", name="Register Creditroll").click()
        with page.context.expect_page() as opened:
            tool.get_by_role("link", name="Test this registration").click()
        expect(opened.value.get_by_text("waits to be approved").first).to_be_visible()
        platform_id = urlsplit(opened.value.url).path.removeprefix("/register/")
        opened.value.close()
    school.write(lambda session: _approve(session, platform_id))

    if rules.enable:
        page.goto(f"{school.lms.url}/admin/")
        page.get_by_role("button", name=rules.enable, exact=True).click()
    for _ in range(2):  # where the LMS names its deployment at the first launch only, that waits once more
        Browser().launch(school.lms.url, "period-2", TEACHER)
        school.write(lambda session: _approve(session, platform_id))
    page.goto(f"{school.lms.tool_url}/register/{platform_id}")
    page.get_by_role("button", name="Test it").click()
    expect(page.get_by_role("status")).to_have_text("Nothing is wrong.")
    expect(page.get_by_role("listitem").filter(has_text="Course roster")).to_contain_text("works")


@contextmanager
def _tools_page(page: Page, *, is_framed: bool) -> Iterator[Page | FrameLocator]:
    """Where the LMS shows the tool while it registers."""
    if is_framed:
        yield page.frame_locator("iframe")
        return
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Open the tool’s page").click()
    yield opened.value
    opened.value.close()


def _approve(session: Session, platform_id: str) -> None:
    """All that waits of it, as an operator does it."""
    platform = platforms.find(session, platform_id)
    platforms.approve(session, platform, now=clock.now())
    for one in platforms.deployments(session, platform):
        platforms.approve(session, platform, deployment_id=one.deployment_id, now=clock.now())
