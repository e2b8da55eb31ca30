"""The tasks of those who run an LMS, and of those who run Creditroll."""

import re

from playwright.sync_api import BrowserContext, expect
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from lti_tool.lti import log_codes
from lti_tool.lti.platforms import Deployment, Platform
from tests.browser.conftest import School
from tests.browser.test_launches import refuse_a_login
from tests.browser.test_operator import come_in
from tests.browser.test_tasks_of_teachers import open_as
from tests.browser.test_teacher import TEACHER
from tests.browser.walking import Walk


def platform_of(school: School) -> str:
    """The id of the school's LMS."""
    found: list[str] = []
    school.write(lambda session: found.extend(session.scalars(select(Platform.id))))
    return found[0]


def test_find_and_copy_what_canvas_wants(walk: Walk, school: School, browser: BrowserContext) -> None:
    page = walk.seat.page
    browser.grant_permissions(["clipboard-read", "clipboard-write"], origin=school.lms.tool_url)
    page.goto(f"{school.lms.tool_url}/register")
    with walk.begin(page):
        walk.press(page.get_by_role("link", name="Canvas", exact=True))
        walk.press(page.get_by_role("button", name=re.compile("^Copy ")).first)
        expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert school.lms.tool_url in page.evaluate("navigator.clipboard.readText()")
    browser.clear_permissions()


def test_register_by_the_form(walk: Walk, school: School) -> None:
    page = walk.seat.page
    page.goto(f"{school.lms.tool_url}/register")
    with walk.begin(page):
        walk.press(page.get_by_role("link", name="Schoology", exact=True))
        walk.press(page.get_by_label("Client ID"))
        for text in ("7485393815", "7485393815-1380426679", "Springfield Unified"):
            page.keyboard.type(text)
            page.keyboard.press("Tab")
        walk.press(page.get_by_role("button", name="Register Schoology"))
        expect(page.get_by_role("heading", name="Creditroll in Springfield Unified")).to_be_visible()
        expect(page.get_by_role("status")).to_contain_text("It waits to be approved")


def test_test_the_registration_and_read_what_is_wrong(walk: Walk, school: School) -> None:
    open_as(school, TEACHER)
    school.control("faults", at="token", kind="status", status=401)
    page = walk.seat.page
    page.goto(f"{school.lms.tool_url}/register/{platform_of(school)}")
    with walk.begin(page):
        walk.press(page.get_by_role("button", name="Test it"))
        expect(page.get_by_role("status")).to_contain_text("to be mended")
        expect(page.get_by_role("listitem").filter(has_text="to be mended").locator(".mend").first).to_be_visible()


def test_find_why_a_launch_was_refused(walk: Walk, school: School) -> None:
    codes: list[str] = []
    platform = platform_of(school)
    school.write(lambda session: codes.append(log_codes.renew(session, platform)))
    support_id = refuse_a_login(school)
    page = walk.seat.page
    page.goto(f"{school.lms.tool_url}/register/{platform}/launches")
    with walk.begin(page):
        expect(page.get_by_label("Access code")).to_be_focused()
        page.keyboard.type(codes[0])
        walk.press(page.get_by_role("button", name="Show the launches"))
        walk.press(page.get_by_role("link", name=support_id))
        expect(page.get_by_text("The link leads to another address than Creditroll's.")).to_be_visible()


def test_approve_a_deployment_that_waits(walk: Walk, school: School) -> None:
    def unapprove(session: Session) -> None:
        session.execute(update(Deployment).values(status="pending"))

    school.write(unapprove)
    page = walk.seat.page
    come_in(page, school)
    with walk.begin(page):
        walk.press(page.get_by_role("link", name="See the LMS"))
        walk.press(page.get_by_role("button", name="Approve: ").first)
        expect(page.get_by_role("status")).to_contain_text("its next launch gets in")


def test_grant_a_license_100_credits(walk: Walk, school: School) -> None:
    page = walk.seat.page
    come_in(page, school)
    with walk.begin(page):
        walk.press(page.get_by_role("navigation").get_by_role("link", name="Licenses"))
        walk.press(page.get_by_role("link", name="Lincoln High").first)
        walk.press(page.get_by_role("link", name="Grant …"))
        expect(page.get_by_label("How many")).to_be_focused()
        page.keyboard.type("100")
        walk.press(page.get_by_role("button", name="Go on"))
        walk.press(page.get_by_role("button", name="Grant 100 credits"))
        expect(page.get_by_role("status")).to_contain_text("After it 400 were not allotted yet.")


def test_see_whether_the_books_balance(walk: Walk, school: School) -> None:
    page = walk.seat.page
    come_in(page, school)
    with walk.begin(page):
        walk.press(page.get_by_role("navigation").get_by_role("link", name="Audit"))
        walk.press(page.get_by_role("button", name="Audit now"))
        expect(page.get_by_role("heading", name="The books balance")).to_be_visible()
