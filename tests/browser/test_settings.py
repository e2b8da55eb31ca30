"""A manager's first launch ends with a decision; two teachers in Settings overwrite nothing; letters are asked for."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Sit
from tests.browser.seat import Seat
from tests.browser.test_teacher import TEACHER, save_maximum

FIELD = "Maximum export credits per student"


@pytest.mark.parametrize("is_decided", [False])
def test_a_first_launch_asks_one_thing_and_leads_on(seat: Seat) -> None:
    frame = seat.step_in(TEACHER)
    expect(frame.get_by_role("heading", level=1)).to_contain_text("One thing to decide.")
    expect(frame.get_by_text(re.compile(r"\d+ students found in"))).to_be_visible()
    expect(frame.get_by_text(re.compile(r"For example, .+ and .+ would each get 5"))).to_be_visible()
    expect(frame.get_by_role("radio", checked=True)).to_have_count(0)
    seat.check("10-first-run")
    frame.get_by_role("button", name="Save and open Overview").click()
    expect(frame.get_by_text("Choose one, or decide later.")).to_be_visible()
    seat.check("10-first-run-refused")
    frame.get_by_role("radio", name=re.compile("Yes, up to 10 for each student")).check()
    frame.get_by_role("button", name="Save and open Overview").click()
    expect(frame.get_by_role("status").filter(has_text="Each student can receive up to 10 credits")).to_be_visible()
    frame = seat.step_in(TEACHER)
    expect(frame.get_by_text("License total")).to_be_visible()


@pytest.mark.parametrize("is_decided", [False])
def test_first_steps_can_be_skipped_and_found_again(seat: Seat) -> None:
    frame = seat.step_in(TEACHER)
    frame.get_by_role("button", name=re.compile("^Decide later")).click()
    expect(frame.get_by_text("Automatic allotment is off.")).to_be_visible()
    frame = seat.step_in(TEACHER)
    expect(frame.get_by_text("License total")).to_be_visible()
    frame = seat.tab("Settings")
    frame.get_by_role("link", name="First steps again").click()
    expect(frame.get_by_role("heading", level=1)).to_contain_text("One thing to decide.")


def test_two_pages_of_settings_at_once_overwrite_nothing(sit: Sit) -> None:
    first, second = sit(), sit()
    first.step_in(TEACHER)
    second.step_in(TEACHER)
    frame = first.tab("Settings")
    expect(save_maximum(second, "20").get_by_role("status").filter(has_text="Saved.")).to_be_visible()
    frame.get_by_label(FIELD).fill("10")
    frame.get_by_role("button", name="Save", exact=True).click()
    alert = frame.get_by_role("alert").filter(has_text="Nothing was saved: you changed this on another page")
    expect(alert).to_be_focused()
    expect(alert).to_contain_text(re.compile(r"In force now\s*20\s*Yours, not saved\s*10"))
    expect(frame.get_by_label(FIELD)).to_have_value("10")
    first.check("04-settings-stale")
    frame.get_by_role("button", name="Save", exact=True).click()
    expect(frame.get_by_role("status").filter(has_text="up to 10 credits")).to_be_visible()


def test_a_manager_asks_for_letters(seat: Seat) -> None:
    seat.step_in(TEACHER)
    frame = seat.tab("Settings")
    frame.get_by_role("checkbox", name="nothing is left to give").check()
    frame.get_by_role("button", name="Save messages").click()
    expect(frame.get_by_role("status").filter(has_text=re.compile(r"Saved\. Letters go to .+@.+"))).to_be_visible()
    expect(frame.get_by_role("checkbox", name="nothing is left to give")).to_be_checked()
    seat.check("04-settings-letters")
