"""Marking a co-teacher as staff and letting assistants teach, in the LMS's frame, with scripts and without."""

import re

from playwright.sync_api import expect

from tests.browser.seat import Seat
from tests.browser.test_teacher import TEACHER, read_list

ASSISTANT = "theo-lindqvist"


def test_a_co_teacher_is_marked_as_staff_and_taken_back(seat: Seat) -> None:
    frame = seat.step_in(TEACHER)
    read_list(frame)
    seat.tab("Manage Members")
    frame.get_by_role("checkbox", name="Select Mateo Ruiz").check()
    frame.get_by_role("button", name="Mark as staff").click()
    dialog = frame.get_by_role("dialog", name="Mark Mateo Ruiz as staff")
    expect(dialog.get_by_text("What they have received stays theirs.")).to_be_visible()
    seat.check("21-mark-staff")
    dialog.get_by_role("button", name="Mark as staff").click()
    expect(frame.get_by_role("status").filter(has_text="Marked.")).to_be_visible()
    row = frame.get_by_role("row").filter(has_text="Mateo Ruiz")
    expect(row.get_by_role("link", name="staff (marked)")).to_be_visible()
    seat.check("21-marked")
    expect(seat.step_in("mateo-ruiz").get_by_role("navigation", name="Manager")).to_be_visible()
    seat.step_in(TEACHER)
    frame = seat.tab("Manage Members")
    frame.get_by_role("link", name="staff (marked)").click()
    expect(frame.get_by_role("heading", name="Mateo Ruiz: no longer staff")).to_be_visible()
    seat.check("21-unmark")
    frame.get_by_role("button", name="No longer staff").click()
    expect(frame.get_by_role("status").filter(has_text="Taken back.")).to_be_visible()
    expect(frame.get_by_role("link", name="staff (marked)")).to_have_count(0)


def test_an_assistant_gives_once_the_license_lets_assistants_teach(seat: Seat) -> None:
    frame = seat.step_in(TEACHER)
    read_list(frame)
    frame = seat.tab("Settings")
    frame.get_by_role("checkbox", name="Treat teaching assistants as teachers").check()
    frame.get_by_role("button", name="Apply").click()
    expect(frame.get_by_role("status").filter(has_text="Assistants may now do what teachers may.")).to_be_visible()
    seat.check("21-assistants")
    frame = seat.step_in(ASSISTANT)
    frame = seat.tab("Manage Members")
    frame.get_by_role("button", name=re.compile("^Add credits for Mateo Ruiz")).click()
    frame.get_by_role("button", name="Save").click()
    expect(frame.get_by_role("status").filter(has_text="You gave 5 credits to Mateo Ruiz.")).to_be_visible()
    expect(frame.get_by_role("button", name="Mark as staff")).to_have_count(0)
