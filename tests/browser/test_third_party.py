"""The browser of these tests blocks third-party cookies: the journeys beside this file would prove little otherwise."""

from flask import Flask, Response, request
from playwright.sync_api import BrowserContext, expect

from tests.demo_lms import serving


def test_only_a_partitioned_cookie_comes_back_in_a_frame(browser: BrowserContext) -> None:
    tool, lms = Flask("framed"), Flask("framing")

    @tool.get("/set")
    def set_cookies() -> Response:
        response = Response("<a href=/show>show</a>")
        for name, partitioned in (("plain", False), ("parted", True)):
            response.set_cookie(name, "1", secure=True, samesite="None", partitioned=partitioned)
        return response

    @tool.get("/show")
    def show() -> str:
        return f"<p>came: {' '.join(sorted(request.cookies))}</p>"

    with serving("localhost") as outer, serving("127.0.0.1") as inner:
        lms.add_url_rule("/", "page", lambda: f"<iframe src={inner.url}/set></iframe>")
        outer.show(lms)
        inner.show(tool)
        browser.clear_cookies()  # those of a test before, to the same host, would come too
        page = browser.new_page()
        page.goto(outer.url)
        frame = page.frame_locator("iframe")
        frame.get_by_role("link", name="show").click()
        expect(frame.get_by_text("came: parted")).to_be_visible()
        expect(frame.get_by_text("came: parted")).to_have_text("came: parted")
        page.close()
