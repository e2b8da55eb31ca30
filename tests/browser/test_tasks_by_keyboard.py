"""Five of the tasks without a mouse: each stop is seen, pages begin at their heading, and what was done is heard."""

import re

from playwright.sync_api import Frame, Locator, expect

from tests.browser.conftest import School
from tests.browser.seat import Seat
from tests.browser.test_asking import MATEO
from tests.browser.test_tasks_of_teachers import open_as, tab
from tests.browser.test_teacher import TEACHER, read_list

_AT = (  # where the focus is, and what is wrong with that: no ring, or something over it
    "(wanted) => { const at = document.activeElement;"
    " if (!document.hasFocus() || at === document.body) return [false, ''];"
    " const {left, right, top, bottom} = at.getBoundingClientRect(), ring = getComputedStyle(at);"
    " const over = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);"
    " const wrong = !at.matches(':focus-visible') || ring.outlineStyle === 'none' || parseFloat(ring.outlineWidth) < 2"
    " ? 'no ring' : !over || !(at.contains(over) || over.contains(at)) ? 'not seen' : '';"
    " return [at === wanted, wrong && `${wrong}: ${at.outerHTML.slice(0, 200)}`]; }"
)


def go(seat: Seat, place: Locator) -> None:
    """Tabs on until that has the focus; on the way nothing is without its ring, or under something else."""
    for _ in range(80):
        seat.page.keyboard.press("Tab")
        is_there, wrong = place.evaluate(_AT)
        assert wrong == ""
        if is_there:
            return
    raise AssertionError(f"not reached by Tab: {place}")


def turn_to(seat: Seat, name: str) -> None:
    """To one of the teacher's pages, where whoever listens hears its heading first."""
    go(seat, tab(seat.frame, name))
    seat.page.keyboard.press("Enter")
    heading = seat.frame.get_by_role("heading", name=name, level=1)
    expect(heading).to_be_focused()


def heard(frame: Frame, words: str) -> None:
    """What was done has the focus, and is told to those who listen."""
    said = frame.locator(":focus")
    expect(said).to_have_attribute("role", "status")
    expect(said).to_contain_text(words)


def test_five_to_one_who_waits(seat: Seat, school: School) -> None:
    open_as(school, TEACHER, MATEO)
    frame = seat.step_in(TEACHER)
    go(seat, frame.get_by_role("button", name="Give 5 to Mateo Ruiz"))
    seat.page.keyboard.press("Enter")
    heard(frame, "You gave 5 credits to Mateo Ruiz.")


def test_five_to_one_student_of_my_choice(seat: Seat) -> None:
    frame = seat.step_in(TEACHER)
    read_list(frame)
    turn_to(seat, "Manage Members")
    go(seat, frame.get_by_role("button", name="Add credits for D'Andre Washington III"))
    seat.page.keyboard.press("Enter")
    dialog = frame.get_by_role("dialog")
    expect(dialog.get_by_label("Credits to add")).to_be_focused()
    go(seat, dialog.get_by_role("button", name="Save", exact=True))
    seat.page.keyboard.press("Enter")
    heard(frame, "You gave 5 credits to D'Andre Washington III.")


def test_five_to_the_whole_class(seat: Seat) -> None:
    frame = seat.step_in(TEACHER)
    read_list(frame)
    turn_to(seat, "Manage Members")
    go(seat, frame.get_by_role("checkbox", name=re.compile("^Select all")))
    seat.page.keyboard.press("Space")
    seat.page.keyboard.press("Enter")  # the list's Add, not that of its first line, and no need to go past all others
    dialog = frame.get_by_role("dialog", name="Add credits for 18 people")
    expect(dialog.get_by_label("Credits to add")).to_be_focused()
    go(seat, dialog.get_by_role("button", name="Save", exact=True))
    seat.page.keyboard.press("Enter")
    heard(frame, "You gave 90 credits to 18 people.")


def test_credits_that_come_by_themselves(seat: Seat) -> None:
    frame = seat.step_in(TEACHER)
    turn_to(seat, "Settings")
    go(seat, frame.get_by_label("Maximum export credits per student"))
    seat.page.keyboard.type("12")
    seat.page.keyboard.press("Enter")
    expect(frame.get_by_label("Maximum export credits per student")).to_be_focused()
    expect(frame.locator(":focus")).to_have_accessible_description(re.compile(r"\b10\b.*\b15\b"))
    seat.page.keyboard.press("Backspace")
    seat.page.keyboard.press("Backspace")
    seat.page.keyboard.type("10")
    seat.page.keyboard.press("Enter")
    heard(frame, "Each student can receive up to 10 credits")


def test_a_students_request(seat: Seat, school: School) -> None:
    open_as(school, TEACHER)
    frame = seat.step_in(MATEO)
    go(seat, frame.get_by_label("What do you need them for?"))
    seat.page.keyboard.type("two videos left to hand in")
    go(seat, frame.get_by_role("button", name="Ask for credits"))
    seat.page.keyboard.press("Enter")
    heard(frame, "two videos left to hand in")
