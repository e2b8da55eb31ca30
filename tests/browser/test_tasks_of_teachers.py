"""The ten tasks of a teacher, each from the Overview, in no more clicks than `tasks.md` allows."""

import re

import pytest
from playwright.sync_api import Frame, Locator, expect

from tests.browser.conftest import School
from tests.browser.seat import expect_figures
from tests.browser.test_asking import LUCIA, MATEO, ask
from tests.browser.test_teacher import TEACHER, read_list
from tests.browser.walking import Walk
from tests.demo_lms import Browser


def open_as(school: School, *people: str) -> None:
    """They open the tool from their course."""
    for person in people:
        assert "<h1" in Browser().launch(school.lms.url, "period-2", person).text


def tab(frame: Frame, name: str) -> Locator:
    """The way to one of the teacher's pages."""
    return frame.get_by_role("navigation", name="Manager").get_by_role("link", name=name, exact=True)


def overview(walk: Walk) -> Frame:
    """Where each begins, once the class list is there."""
    frame = walk.seat.step_in(TEACHER)
    read_list(frame)
    return frame


def says(frame: Frame, words: str) -> None:
    """What was done is said, to those who listen too."""
    expect(frame.get_by_role("status").filter(has_text=words)).to_be_visible()


def test_see_what_is_left_and_who_waits(walk: Walk, school: School) -> None:
    open_as(school, TEACHER, MATEO)
    frame = overview(walk)
    with walk.begin(frame):
        expect_figures(frame, License_total=300, Not_allotted_yet=300)
        expect(frame.get_by_role("region", name="1 student is waiting")).to_contain_text("Mateo Ruiz")


@pytest.mark.parametrize("hand", ["mouse", "touch"])
def test_give_five_to_one_who_waits(walk: Walk, school: School, hand: str) -> None:
    open_as(school, TEACHER, MATEO, LUCIA)
    frame = overview(walk)
    if hand == "touch":
        walk.seat.widen(400)
    with walk.begin(frame):
        walk.press(frame.get_by_role("button", name="Give 5 to Mateo Ruiz"))
        says(frame, "You gave 5 credits to Mateo Ruiz.")
        expect_figures(frame, Not_allotted_yet=295)


@pytest.mark.parametrize("hand", ["mouse", "touch"])
def test_give_five_to_one_student_of_my_choice(walk: Walk, hand: str) -> None:
    frame = overview(walk)
    if hand == "touch":
        walk.seat.widen(400)
    with walk.begin(frame):
        walk.press(tab(frame, "Manage Members"))
        walk.press(frame.get_by_role("button", name="Add credits for Tyrone Null"))
        walk.press(frame.get_by_role("dialog").get_by_role("button", name="Save", exact=True))
        says(frame, "You gave 5 credits to Tyrone Null.")


def test_give_five_to_the_whole_class(walk: Walk) -> None:
    frame = overview(walk)
    with walk.begin(frame):
        walk.press(tab(frame, "Manage Members"))
        walk.press(frame.get_by_role("checkbox", name=re.compile("^Select all")))
        walk.press(frame.get_by_role("button", name="Add", exact=True))
        walk.press(frame.get_by_role("dialog").get_by_role("button", name="Save", exact=True))
        says(frame, "You gave 90 credits to 18 people.")


def test_give_seven_to_three_with_a_note(walk: Walk) -> None:
    frame = overview(walk)
    with walk.begin(frame):
        walk.press(tab(frame, "Manage Members"))
        for name in ("Mateo Ruiz", "Lucía Ruiz", "Tyrone Null"):
            walk.press(frame.get_by_role("checkbox", name=f"Select {name}", exact=True))
        walk.press(frame.get_by_role("button", name="Add", exact=True))
        dialog = frame.get_by_role("dialog")
        expect(dialog.get_by_label("Credits to add")).to_be_focused()
        walk.seat.page.keyboard.type("7")
        walk.press(dialog.get_by_label("Note"))
        walk.seat.page.keyboard.type("For the film")
        walk.press(dialog.get_by_role("button", name="Save", exact=True))
        says(frame, "You gave 21 credits to 3 people.")


def test_let_credits_come_by_themselves(walk: Walk) -> None:
    frame = overview(walk)
    with walk.begin(frame):
        walk.press(tab(frame, "Settings"))
        walk.press(frame.get_by_label("Maximum export credits per student"))
        walk.seat.page.keyboard.type("10")
        walk.press(frame.get_by_role("button", name="Save", exact=True))
        says(frame, "Each student can receive up to 10 credits")


def test_give_to_all_who_ask(walk: Walk) -> None:
    walk.seat.step_in(TEACHER)
    ask(walk.seat, MATEO, "two videos left to hand in")
    ask(walk.seat, LUCIA, "")
    frame = overview(walk)
    with walk.begin(frame):
        walk.press(frame.get_by_role("link", name="Answer them"))
        walk.press(frame.get_by_role("button", name="Save", exact=True))
        says(frame, "You gave 10 credits to 2 people.")


def test_decline_one_kindly(walk: Walk) -> None:
    walk.seat.step_in(TEACHER)
    ask(walk.seat, MATEO, "")
    frame = overview(walk)
    with walk.begin(frame):
        walk.press(frame.get_by_role("link", name="Answer it"))
        walk.press(frame.get_by_role("link", name="Decline what Mateo Ruiz asks for"))
        expect(frame.get_by_label("What they read")).to_be_focused()
        walk.seat.page.keyboard.type("After the holidays there are new ones.")
        walk.press(frame.get_by_role("button", name="Decline"))
        says(frame, "Answered.")


def test_buy_100_by_purchase_order(walk: Walk) -> None:
    frame, keys = overview(walk), walk.seat.page.keyboard
    with walk.begin(frame):
        walk.press(frame.get_by_role("link", name="Add Credits"))
        walk.press(frame.get_by_role("radio", name=re.compile("^100 credits")))
        walk.press(frame.get_by_role("button", name="Continue"))
        walk.press(frame.get_by_label("Purchase order number"))
        for text in ("4500-2291", "Springfield Schools", "Accounts Payable", "accounts@springfield.example"):
            keys.type(text)
            keys.press("Tab")
        walk.press(frame.get_by_role("button", name="Continue"))
        walk.press(frame.get_by_role("button", name="Place order"))
        expect(frame.get_by_role("heading", name=re.compile("^Order .* is placed$"))).to_be_visible()


def test_find_who_gave_mateo_credits(walk: Walk, school: School) -> None:
    open_as(school, TEACHER, MATEO, LUCIA)
    frame = overview(walk)
    frame.get_by_role("button", name="Give 5 to all 2").click()
    says(frame, "You gave 10 credits to 2 people.")
    frame = overview(walk)
    with walk.begin(frame):
        walk.press(tab(frame, "History"))
        newest = frame.get_by_role("row").nth(1)
        walk.press(newest.get_by_text("2 people × 5"))
        expect(newest.get_by_text("Mateo Ruiz")).to_be_visible()
        expect(newest.get_by_text(re.compile("by you"))).to_be_visible()
