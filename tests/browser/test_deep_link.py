"""A teacher adds links in each LMS's own picker, and everybody gets where a link leads: third-party cookies blocked."""

import re

import pytest
from playwright.sync_api import Frame, expect

from lti_tool.demo.families import FAMILIES
from tests.browser.conftest import School
from tests.browser.seat import Seat
from tests.browser.test_families import CASTS, Cast
from tests.browser.test_teacher import TEACHER


def pick_first(seat: Seat, who: Cast, family: str) -> Frame:
    """Opens the family's first picker as its teacher."""
    frame = seat.step_in(who.teacher, who.course, FAMILIES[family].pickers[0].slug)
    expect(frame.get_by_role("heading", name="Add Creditroll to your course")).to_be_visible()
    return frame


def placed(seat: Seat, name: str) -> str:
    """Back on the course's page: where the link of that name is."""
    link = seat.page.get_by_role("navigation", name="Course").get_by_role("link", name=name, exact=True)
    href = link.get_attribute("href")
    assert href
    return href.rpartition("/")[2]


@pytest.mark.parametrize("family", FAMILIES)
def test_a_link_to_one_page_is_placed_and_opens_it(family: str, school: School, seat: Seat) -> None:
    who = CASTS[family]
    picker = FAMILIES[family].pickers[0]
    frame = pick_first(seat, who, family)
    seat.check("15-pick-several" if picker.accept_multiple else "15-pick-one")
    if picker.accept_multiple:
        expect(frame.get_by_role("checkbox", name="Credits", exact=True)).to_be_checked()
        frame.get_by_role("checkbox", name="Manage Members", exact=True).check()
        frame.get_by_role("button", name="Add to course").click()
    else:
        frame.get_by_role("radio", name="Manage Members", exact=True).check()
        frame.get_by_role("button", name="Add link").click()
    seat.page.wait_for_url(re.compile(f"/courses/{who.course}/as/{who.teacher}$"))
    seat.frame.wait_for_load_state()

    members = placed(seat, "Manage Members")
    frame = seat.step_in(who.teacher, who.course, members)
    tabs = frame.get_by_role("navigation", name="Manager")
    expect(tabs.get_by_role("link", name="Manage Members")).to_have_attribute("aria-current", "page")
    frame = seat.step_in(who.student, who.course, members)
    expect(frame.get_by_text("Available", exact=True)).to_be_visible()


@pytest.mark.parametrize("family", ["canvas"])
def test_cancel_leads_back_and_places_nothing(family: str, school: School, seat: Seat) -> None:
    before = seat.page.get_by_role("navigation", name="Course").get_by_role("link")
    seat.step_in(TEACHER)
    links = before.count()
    frame = pick_first(seat, CASTS[family], family)
    frame.get_by_role("button", name="Cancel").click()
    seat.page.wait_for_url(re.compile(f"/as/{TEACHER}$"))
    seat.frame.wait_for_load_state()
    expect(before).to_have_count(links)


@pytest.mark.parametrize("family", ["canvas"])
def test_nothing_chosen_is_said_beside_the_choice(family: str, seat: Seat) -> None:
    frame = pick_first(seat, CASTS[family], family)
    frame.get_by_role("checkbox", name="Credits", exact=True).uncheck()
    frame.get_by_role("button", name="Add to course").click()
    expect(frame.get_by_role("alert")).to_have_text("Choose at least one, or press Cancel.")
    seat.check("15-pick-nothing")


@pytest.mark.parametrize("family", ["schoology"])
def test_a_place_for_web_links_gets_one_to_a_page_that_says_how_to_come_in(family: str, seat: Seat) -> None:
    frame = seat.step_in(TEACHER, way="rich-text")
    expect(frame.get_by_text("plain web links only")).to_be_visible()
    seat.check("15-pick-web-link")
    frame.get_by_role("button", name="Add link").click()
    seat.page.wait_for_url(re.compile(f"/as/{TEACHER}$"))
    with seat.page.expect_popup() as opened:
        seat.page.get_by_role("link", name="Credits", exact=True).click()
    expect(opened.value.get_by_role("heading", name="Open Creditroll from your course")).to_be_visible()
    opened.value.close()


@pytest.mark.parametrize("family", ["moodle"])
def test_without_the_script_a_button_sends_the_answer(family: str, seat: Seat) -> None:
    seat.page.route("**/send*.js", lambda route: route.fulfill(content_type="text/javascript", body=""))
    frame = pick_first(seat, CASTS[family], family)
    frame.get_by_role("button", name="Add to course").click()
    back = frame.get_by_role("button", name="Go back to your course")
    expect(back).to_be_visible()
    seat.check("15-pick-answer")
    back.click()
    seat.page.wait_for_url(re.compile(f"/as/{TEACHER}$"))
    assert placed(seat, "Credits")
