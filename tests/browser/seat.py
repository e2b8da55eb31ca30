"""Somebody in front of a screen: one page of the browser, with a course of the demo LMS and the tool in its frame."""

import os
import re
from pathlib import Path
from typing import Any

from playwright.sync_api import ConsoleMessage, Error, Frame, Locator, Page, expect

AXE = (Path(__file__).parent / "vendor/axe/axe.min.js").read_text("utf-8")
WIDTHS = (1280, 320)
SHOT_WIDTHS = (1280, 400)
HEIGHT = 900
_FRAME = "iframe[data-tool-origin]"  # an LMS may have others beside it
_EXPECTED = (
    "status of 422",  # a refused form answers so
    "Blocked autofocusing",  # for pages without scripts; js/focus.js does it in a frame
)
FAULTS = (
    "async () => (await axe.run({exclude: [['iframe']]}, {rules: {'target-size': {enabled: true}}})).violations"
    ".flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${node.html} ${node.failureSummary}`))"
)
STANDS_OUT = (  # by so many px, whichever way the page is read
    "() => { const [root, main] = [document.documentElement, document.querySelector('main')], was = root.dir;"
    " const read = (way) => { root.dir = way; if (main) main.dir = way; };"
    " return ['ltr', 'rtl'].map((way) => { read(way);"
    " const wide = root.scrollWidth - innerWidth; read(was); return Math.max(0, wide); }); }"
)


class Seat:
    """One page. Whatever the browser complains of is kept in `complaints`; the fixture wants none at the end."""

    def __init__(self, page: Page, lms_url: str, tool_url: str) -> None:
        self.page = page
        self.complaints: list[str] = []
        self._lms_url = lms_url
        self._tool_url = tool_url
        page.set_viewport_size({"width": 1280, "height": HEIGHT})
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(f"script: {error.message}"))

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not any(words in message.text for words in _EXPECTED):
            self.complaints.append(f"{message.text} {message.location['url']}")

    def step_in(self, person: str, course: str = "period-2", way: str = "navigation") -> Frame:
        """Opens the course as that person, from one of its places; the frame in which the tool has arrived."""
        self.page.goto(f"{self._lms_url}/courses/{course}/as/{person}/{way}")
        frame = self.frame
        frame.wait_for_url(re.compile(re.escape(self._tool_url) + "/(manager|student|lti/launch)"))
        frame.wait_for_load_state()
        return frame

    def step_in_without_scripts(self, person: str) -> Frame:
        """The same in a browser that runs none: each page on the way has its button."""
        self.page.goto(f"{self._lms_url}/courses/period-2/as/{person}")
        frame = self.frame
        frame.get_by_role("button", name="Continue").click()
        frame.get_by_role("link", name="Go on here").click()
        frame.wait_for_url(re.compile("/authorize_redirect"))  # that page has a Continue too
        frame.get_by_role("button", name="Continue").click()
        frame.wait_for_url(re.compile("/manager/"))
        expect(frame.get_by_text("License total")).to_be_visible()
        return frame

    @property
    def frame(self) -> Frame:
        """What the LMS shows the tool in."""
        found = self.page.locator(_FRAME).element_handle().content_frame()
        assert found
        return found

    def tab(self, name: str) -> Frame:
        """Goes to one of the teacher's pages."""
        frame = self.frame
        tab = frame.get_by_role("navigation", name="Manager").get_by_role("link", name=name, exact=True)
        tab.wait_for()  # a launch without cookies goes through one more page before it has arrived
        frame.locator("main").evaluate("(main) => { main.id = 'before'; }")
        tab.click()
        expect(frame.locator("#before")).to_have_count(0)
        expect(tab).to_have_attribute("aria-current", "page")
        frame.wait_for_load_state()
        return frame

    def check(self, name: str) -> None:
        """The page that is open has no axe finding and, read either way, no sideways scrolling, wide or narrow."""
        frame = self.frame
        frame.evaluate(AXE)
        for width in WIDTHS:
            self.widen(width)
            assert frame.evaluate(FAULTS) == [], f"{name} at {width}"
            assert frame.evaluate(STANDS_OUT) == [0, 0], f"{name} at {width}"
        if folder := os.environ.get("CREDITROLL_SHOTS"):
            for width in SHOT_WIDTHS:
                self.widen(width)
                self.page.locator(_FRAME).screenshot(path=f"{folder}/{name}-{width}.png")
        self.page.set_viewport_size({"width": 1280, "height": HEIGHT})
        self._settle()

    def widen(self, width: int) -> None:
        """Makes the frame, not the screen, that wide."""
        for _ in range(3):  # the LMS's side bar comes and goes with the width, so one correction may not do
            now: int = self.frame.evaluate("innerWidth")
            if now == width:
                return
            size = self.page.viewport_size
            assert size
            self.page.set_viewport_size({"width": size["width"] + width - now, "height": HEIGHT})
            self._settle()
        assert self.frame.evaluate("innerWidth") == width

    def _settle(self) -> None:
        """Waits until the frame is drawn in its new size and place: a click on what still moves meets nothing."""
        self.page.locator(_FRAME).scroll_into_view_if_needed()  # a frame out of sight is given no time to draw
        self.frame.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def figure(frame: Frame, name: str) -> Locator:
    """The number that a page shows under that name."""
    term = frame.locator("dt").filter(has_text=re.compile(rf"^\s*{re.escape(name)}\s*$"))
    return term.locator("xpath=following-sibling::dd[1]")


def expect_figures(frame: Frame, **figures: int) -> None:
    """Each figure of the page, by its name with underscores for spaces."""
    for name, amount in figures.items():
        shown = figure(frame, name.replace("_", " "))
        expect(shown).to_have_text(re.compile(rf"(^|\s){amount:,}$"))


def find_axe_faults(page: Page) -> Any:
    """What axe finds on a page that is in no frame, wide or narrow; frames in it are left out."""
    found = []
    try:
        page.evaluate(AXE)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": HEIGHT})
            found += page.evaluate(FAULTS)
    except Error as error:
        raise AssertionError(f"axe did not run at {page.url}") from error
    page.set_viewport_size({"width": WIDTHS[0], "height": HEIGHT})
    return found
