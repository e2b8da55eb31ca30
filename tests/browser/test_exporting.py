"""From the LMS to a film: launch, press, export, and what is left shows in Creditroll; the exporter knows no name."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy.orm import Session

from lti_tool.cli.demo import connect
from lti_tool.demo.exporter.app import create_exporter
from lti_tool.ledger import policies
from lti_tool.ledger.movements import OPERATOR
from lti_tool.licenses import licenses
from tests.browser.conftest import School, Sit
from tests.browser.seat import Seat, expect_figures, find_axe_faults
from tests.demo_lms import serving
from tests.factories import EXPORT_CREDITS, NOW

BUTTON = "Export your film"


@dataclass(frozen=True)
class Exporting:
    """The demo with its exporter."""

    school: School
    url: str

    def give(self, maximum: int) -> None:
        """So many come to each student by themselves."""

        def save(session: Session) -> None:
            for one in licenses.every(session):
                seen = policies.current(session, one.id, EXPORT_CREDITS.name).version
                policies.save(session, one.id, EXPORT_CREDITS, maximum=maximum, based_on=seen, actor=OPERATOR, now=NOW)

        self.school.write(save)


@pytest.fixture
def exporting(school: School) -> Iterator[Exporting]:
    """It is connected as `creditroll demo` does it, and renders in half a second."""
    settings = school.tool.extensions["creditroll"]
    with serving("localhost") as server:
        server.show(create_exporter(connect(settings, school.lms, server.url, step_s=0.025)))
        yield Exporting(school, server.url)


def pressed(seat: Seat, name: str = BUTTON) -> Page:
    """The tab that the button opens, once it has gone on."""
    with seat.page.context.expect_page() as opened:
        seat.frame.get_by_role("button", name=name).click()
    page = opened.value
    page.wait_for_url(re.compile("/films/"))
    return page


def follow(seat: Seat, exporting: Exporting, person: str) -> Page:
    """The tab that the placed link opens for that person."""
    seat.page.goto(f"{exporting.school.lms.url}/courses/period-2/as/{person}/link-1")
    with seat.page.context.expect_page() as opened:
        seat.page.get_by_role("link", name="Open in a new tab").click()
    return opened.value


def picture(page: Page, name: str) -> None:
    """If asked for."""
    if folder := os.environ.get("CREDITROLL_SHOTS"):
        for width in (1100, 400):
            page.set_viewport_size({"width": width, "height": 800})
            page.screenshot(path=f"{folder}/{name}-{width}.png", full_page=True)


def test_a_student_exports_a_film_and_sees_what_is_left(seat: Seat, exporting: Exporting) -> None:
    exporting.give(10)
    frame = seat.step_in("mateo-ruiz")
    seat.check("student-export")
    film = pressed(seat)
    assert "token" not in film.url
    expect(film.get_by_text("You came with 5 credits, and up to 5 more come by themselves.")).to_be_visible()
    assert find_axe_faults(film) == []
    picture(film, "exporter-film")
    film.get_by_role("button", name="Export (1 credit)").click()
    expect(film.get_by_text("Your film is ready. 1 credit was used; you have 4 credits left.")).to_be_visible()
    expect(film.locator(".told")).to_be_focused()
    assert find_axe_faults(film) == []
    picture(film, "exporter-ready")
    film.close()
    frame.get_by_role("link", name="look again").click()
    expect_figures(seat.frame, Available=4, Used=1)
    expect(seat.frame.get_by_text("You finished “The life of a cell”")).to_be_visible()


def test_a_film_that_fails_gives_the_credit_back(seat: Seat, exporting: Exporting) -> None:
    exporting.give(5)
    frame = seat.step_in("mateo-ruiz")
    film = pressed(seat)
    film.get_by_label("fails half way").check()
    film.get_by_role("button", name="Export (1 credit)").click()
    expect(
        film.get_by_text("The film could not be made. Your credit is free again: you have 5 credits.")
    ).to_be_visible()
    assert find_axe_faults(film) == []
    picture(film, "exporter-failed")
    film.close()
    frame.get_by_role("link", name="look again").click()
    expect_figures(seat.frame, Available=5, Used=0)


def test_a_placed_link_takes_students_straight_there_and_tells_the_teacher(sit: Sit, exporting: Exporting) -> None:
    exporting.give(5)
    seat = sit()
    frame = seat.step_in("grace-okonkwo-reyes", way="choose-for-assignment")
    frame.get_by_role("radio", name=f"Exporting service ({BUTTON})").check()
    seat.check("picker-export")
    frame.get_by_role("button", name=re.compile("Add")).click()
    expect(seat.page.get_by_role("link", name=BUTTON)).to_be_visible()
    said = follow(seat, exporting, "grace-okonkwo-reyes")
    expect(said.get_by_role("heading", name=f"This link takes students to “{BUTTON}”")).to_be_visible()
    assert find_axe_faults(said) == []
    picture(said, "straight-teacher")
    film = follow(seat, exporting, "mateo-ruiz")
    film.wait_for_url(re.compile(re.escape(exporting.url) + "/films/"))
    film.get_by_role("button", name="Export (1 credit)").click()
    expect(film.get_by_text("Your film is ready.")).to_be_visible()


def test_without_scripts_each_step_has_its_button(scriptless: BrowserContext, exporting: Exporting, sit: Sit) -> None:
    exporting.give(5)
    seat = sit(scriptless)
    seat.page.goto(f"{exporting.school.lms.url}/courses/period-2/as/mateo-ruiz")
    frame = seat.frame
    frame.get_by_role("button", name="Continue").click()
    frame.get_by_role("link", name="Go on here").click()
    frame.wait_for_url(re.compile("/authorize_redirect"))
    frame.get_by_role("button", name="Continue").click()
    frame.wait_for_url(re.compile("/student/"))
    with scriptless.expect_page() as opened:
        frame.get_by_role("button", name=BUTTON).click()
    hand_off = opened.value
    expect(hand_off.get_by_role("heading", name="On to localhost…")).to_be_visible()
    picture(hand_off, "hand-off")
    hand_off.get_by_role("button", name=BUTTON).click()
    hand_off.get_by_role("button", name="Export (1 credit)").click()
    link = hand_off.get_by_role("link", name="Look again")
    while link.is_visible():
        link.click()
    expect(hand_off.get_by_text("Your film is ready.")).to_be_visible()


def test_the_section_of_settings_can_be_used_by_everybody(seat: Seat, exporting: Exporting) -> None:
    seat.step_in("grace-okonkwo-reyes")
    frame = seat.tab("Settings")
    seat.check("settings-export")
    section = frame.get_by_role("form", name="Exporting service")
    section.get_by_label("Address of the service").fill("http://films.example.org")
    section.get_by_role("button", name="Save service").click()
    address = frame.get_by_label("Address of the service")
    expect(address).to_have_attribute("aria-invalid", "true")
    expect(frame.get_by_text("It must begin with https://.")).to_be_visible()
    seat.check("settings-export-refused")
    address.fill("https://films.example.org/in")
    frame.get_by_role("button", name="Save service").click()
    expect(frame.get_by_text(f"Saved. Students who have credits see the button “{BUTTON}”.")).to_be_visible()
    seat.check("settings-export-saved")
