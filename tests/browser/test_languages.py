"""Spanish on the way through Creditroll: from the launch, by the switch, at the next launch, and on a narrow screen."""

import re

import pytest
from playwright.sync_api import Frame, expect

from tests.browser.conftest import Sit
from tests.browser.seat import Seat
from tests.browser.test_teacher import TEACHER

STUDENT = "mateo-ruiz"
SPANISH = "xochitl-ramirez"  # whose LMS says so


@pytest.fixture
def seat(sit: Sit) -> Seat:
    """One page of the browser."""
    return sit()


def speak(seat: Seat, name: str) -> Frame:
    """Presses the language in the foot of the page, and waits for the page in it."""
    frame = seat.frame
    link = frame.get_by_role("contentinfo").get_by_role("link", name=name)
    code = link.get_attribute("lang")
    link.click()
    expect(frame.locator("html")).to_have_attribute("lang", re.compile(f"^{code}"))
    return frame


def test_a_student_whose_lms_speaks_spanish_reads_it_and_can_choose_english(seat: Seat) -> None:
    seat.step_in(TEACHER)
    frame = seat.step_in(SPANISH)
    expect(frame.get_by_role("heading", name="Tus créditos de exportación")).to_be_visible()
    expect(frame.locator("html")).to_have_attribute("lang", "es-US")
    seat.check("languages-student")
    frame = speak(seat, "English")
    expect(frame.get_by_role("heading", name="Your export credits")).to_be_visible()
    frame = seat.step_in(SPANISH)
    expect(frame.get_by_role("heading", name="Your export credits")).to_be_visible()
    frame = seat.step_in(STUDENT)  # who has chosen nothing
    expect(frame.locator("html")).to_have_attribute("lang", "en-US")


def test_a_teachers_choice_stays_over_pages_and_fits_a_narrow_screen(seat: Seat) -> None:
    seat.step_in(TEACHER)
    frame = speak(seat, "Español")
    assert "language" not in frame.url  # going back is not to choose again
    for page, heading in (
        ("Administrar miembros", "Administrar miembros"),
        ("Configuración", "Configuración"),
        ("Historial", "Historial"),
        ("Resumen", "Resumen"),
    ):
        frame.get_by_role("navigation").get_by_role("link", name=page, exact=True).click()
        expect(frame.get_by_role("heading", level=1, name=heading)).to_be_attached()
        seat.check(f"languages-{page}")
    frame = seat.step_in(TEACHER)
    expect(frame.locator("html")).to_have_attribute("lang", "es-US")
