"""The launch log in front of an LMS's administrator, with and without scripts, wide and narrow."""

import os
import re

import requests
from playwright.sync_api import Page, expect
from sqlalchemy import select

from lti_tool.lti import log_codes
from lti_tool.lti.platforms import Platform
from tests.browser.conftest import School
from tests.browser.seat import SHOT_WIDTHS, Seat, find_axe_faults
from tests.browser.test_teacher import TEACHER
from tests.demo_lms import TIMEOUT_S


def look(page: Page, name: str) -> None:
    """No axe finding, no sideways scrolling; a picture if asked."""
    assert find_axe_faults(page) == []
    for width in (320, *SHOT_WIDTHS):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, f"{name} at {width}"
        if (folder := os.environ.get("CREDITROLL_SHOTS")) and width in SHOT_WIDTHS:
            page.screenshot(path=f"{folder}/{name}-{width}.png", full_page=True)


def test_an_administrator_sees_why_a_launch_was_refused(seat: Seat, school: School) -> None:
    codes: list[str] = []
    ids: list[str] = []
    school.write(lambda session: ids.append(session.scalars(select(Platform.id)).one()))
    school.write(lambda session: codes.append(log_codes.renew(session, ids[0])))
    seat.step_in(TEACHER)
    seat.step_in("mateo-ruiz")
    page = seat.page
    address = f"{school.lms.tool_url}/register/{ids[0]}/launches"
    support_id = refuse_a_login(school)
    page.goto(address)
    look(page, "20-launches-enter")
    page.get_by_label("Access code").fill(codes[0])
    page.get_by_role("button", name="Show the launches").click()
    expect(page.get_by_role("link", name=support_id)).to_be_visible()
    expect(page.get_by_text("Let in", exact=True)).to_have_count(3)  # two launches, and the filter's word
    look(page, "20-launches")
    page.get_by_label("Support ID").fill(support_id.lower())
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_text("The link leads to another address than Creditroll's.")).to_be_visible()
    look(page, "20-launch-refused")
    page.get_by_role("link", name="All launches").click()
    page.get_by_role("link", name=re.compile("^(?!" + support_id + r")\w{4}-\w{4}$")).first.click()
    expect(page.get_by_text("known by a cookie")).to_be_visible()
    expect(page.get_by_text("Mateo")).to_have_count(0)
    look(page, "20-launch")


def refuse_a_login(school: School) -> str:
    """A login that leads elsewhere; the support id that its page shows."""
    clients: list[str] = []
    school.write(lambda session: clients.append(session.scalars(select(Platform.client_id)).one()))
    said = {
        "iss": school.lms.issuer,
        "client_id": clients[0],
        "login_hint": "1",
        "target_link_uri": "https://else.test/",
    }
    refused = requests.get(f"{school.lms.tool_url}/lti/login", params=said, timeout=TIMEOUT_S)
    found = re.search(r"<dd>(\w{4}-\w{4})\b", refused.text)
    assert found
    return found[1]
