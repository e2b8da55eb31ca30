"""What others change shows on an open page by itself, and moves nothing under a finger."""

import re

from playwright.sync_api import Frame, expect

from tests.browser.conftest import Sit
from tests.browser.seat import expect_figures
from tests.browser.test_teacher import read_list, save_maximum

TEACHER = "grace-okonkwo-reyes"


def look_now(frame: Frame) -> None:
    """The page looks as it does every few seconds while it is in sight."""
    frame.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def test_a_students_launch_shows_on_the_teachers_open_pages(sit: Sit) -> None:
    teacher, other, student = sit(), sit(), sit()
    teacher.step_in(TEACHER)
    overview = save_maximum(teacher, "10")
    overview = teacher.tab("Overview")
    read_list(overview)
    other.step_in(TEACHER)
    members = other.tab("Manage Members")
    members.get_by_role("checkbox", name="Select Lucía Ruiz", exact=True).check()
    expect_figures(student.step_in("mateo-ruiz"), Available=5)
    other.page.mouse.move(0, 0)
    look_now(overview)
    look_now(members)
    expect_figures(overview, License_total=300, Allotted=5)
    row = members.get_by_role("row").filter(has=members.get_by_role("rowheader", name="Mateo Ruiz"))
    received = row.locator(".received")
    expect(members.get_by_text("Something changed here meanwhile.")).to_be_visible()
    expect(received).to_have_text(re.compile(r"\b0$"))  # the tick has the focus: the list keeps still
    members.get_by_role("button", name="Show it").click()
    expect(received).to_have_text(re.compile(r"\b5$"))
    expect(members.get_by_role("checkbox", name="Select Lucía Ruiz", exact=True)).to_be_checked()
    expect(members.get_by_text("Something changed here meanwhile.")).to_be_hidden()
