"""Every way in, on two sites over TLS: in a browser that blocks third-party cookies, and in one that blocks all."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Frame, Playwright, expect

from tests.browser import chromium
from tests.browser.conftest import Sit, opened, sitting
from tests.browser.seat import Seat, expect_figures
from tests.browser.test_teacher import TEACHER, save_maximum
from tests.browser.two_sites import Sites, two_sites

At = Callable[..., Sit]


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sites]:
    """Servers for all of these tests."""
    with two_sites(tmp_path_factory.mktemp("tls")) as sites:
        yield sites


@pytest.fixture(scope="module")
def cookieless(
    playwright: Playwright, executable: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[BrowserContext]:
    """A browser that keeps no cookie of anybody."""
    with chromium.profile(playwright, executable, tmp_path_factory.mktemp("none"), cookies=False) as context:
        yield context


@pytest.fixture
def at(sites: Sites, lms_key: Path, sqlite_url: str, tmp_path: Path) -> Iterator[At]:
    """Opens a school whose LMS keeps things in that way, to be visited in that browser."""
    with ExitStack() as stack:

        def go(browser: BrowserContext, **lms: str) -> Sit:
            config = sites.config(lms_key, **lms)
            school = stack.enter_context(opened(config, sqlite_url, tmp_path))
            sites.show(config, school.tool)
            return stack.enter_context(sitting(browser, school))

        yield go


def press(seat: Seat) -> Frame:
    """The button of the page that offers a tab of its own; that tab."""
    with seat.page.context.expect_page() as opening:
        seat.frame.get_by_role("button", name="Open in a new tab").click()
    tab = opening.value
    tab.wait_for_url(re.compile("/(manager|student)/"))
    assert all("status of 401" in line for line in seat.complaints)  # what offers the button is a refusal
    seat.complaints.clear()
    return tab.main_frame


STORAGES = {
    "the_page_around": {"storage_target": "_parent"},
    "a_frame_beside": {"storage_target": "post_message_forwarding"},
    "the_older_subjects": {"storage_target": "_parent", "storage_prefix": "org.imsglobal.lti."},
}


@pytest.mark.parametrize("storage", STORAGES)
def test_the_lmss_storage_lets_a_browser_in_that_takes_no_cookies(
    storage: str, cookieless: BrowserContext, at: At
) -> None:
    seat = at(cookieless, **STORAGES[storage])()
    frame = seat.step_in(TEACHER)
    expect_figures(frame, License_total=300, Allotted=0)
    frame = save_maximum(seat, "10")
    expect(frame.get_by_role("status").filter(has_text="Saved.")).to_be_visible()
    assert cookieless.cookies() == []


def test_one_button_opens_a_tab_where_nothing_is_kept(cookieless: BrowserContext, at: At) -> None:
    seat = at(cookieless, storage_target="_parent", storage_prefix="")()  # an LMS that never answers
    frame = seat.step_in(TEACHER)
    expect(frame.get_by_role("heading", name="Open Creditroll in a new tab")).to_be_visible()
    expect(frame.get_by_text("Grace Okonkwo-Reyes")).to_be_visible()
    seat.check("20-new-tab")
    tab = press(seat)
    expect_figures(tab, License_total=300, Allotted=0)
    expect(frame.get_by_role("heading", name="Creditroll is open in another tab")).to_be_visible()
    seat.check("20-new-tab-pressed")
    assert cookieless.cookies() == []
