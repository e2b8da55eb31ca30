"""Giving in few clicks where it is usual, in one more where it is not, and to many at once by a file."""

import re

from playwright.sync_api import Frame, expect

from tests.browser.seat import Seat, expect_figures
from tests.browser.test_teacher import TEACHER, read_list


def add(frame: Frame, amount: str) -> None:
    """Types the amount into the open dialog, and saves."""
    dialog = frame.get_by_role("dialog")
    dialog.get_by_label("Credits to add").fill(amount)
    dialog.get_by_role("button", name="Save", exact=True).click()


def test_a_large_amount_asks_once_more_and_enter_alone_does_not_answer(seat: Seat) -> None:
    frame = seat.step_in(TEACHER)
    read_list(frame)
    frame = seat.tab("Manage Members")
    frame.get_by_role("checkbox", name=re.compile("^Select all")).check()
    frame.get_by_role("button", name="Add", exact=True).click()
    add(frame, "11")
    dialog = frame.get_by_role("dialog")
    expect(dialog.get_by_text("18 people × 11 = 198 of 300; 102 remain.")).to_be_visible()
    expect(dialog.get_by_role("alert")).to_be_focused()
    seat.check("03-add-second-look")
    seat.page.keyboard.press("Enter")
    dialog.get_by_role("button", name="Change").click()
    expect(dialog.get_by_label("Credits to add")).to_have_value("11")
    add(frame, "12")
    dialog.get_by_role("button", name="Give 216 credits").dblclick()
    expect(frame.get_by_role("status").filter(has_text="You gave 216 credits to 18 people.")).to_be_visible()
    expect_figures(seat.tab("Overview"), License_total=300, Allotted=216)


def test_a_file_gives_each_their_own_once_every_row_was_seen(seat: Seat) -> None:
    frame = seat.step_in(TEACHER)
    read_list(frame)
    frame = seat.tab("Manage Members")
    frame.get_by_role("link", name="Add from a file").click()
    seat.check("16-file")
    with seat.page.expect_download() as got:
        frame.get_by_role("button", name="Download the template").click()
    assert got.value.suggested_filename.startswith("credits-")
    for table, shown in (
        ("name,credits\nMateo Ruiz,five\n", "Row 2: “five” is not a whole number."),
        ("name;credits\nMateo Ruiz;3\nTyrone Null;4\n", "2 people: 7 of 300; 293 remain."),
    ):
        file = frame.get_by_label("CSV file")
        file.set_input_files({"name": "class.csv", "mimeType": "text/csv", "buffer": table.encode()})
        frame.get_by_role("button", name="Check the file").click()
        expect(frame.get_by_text(shown)).to_be_visible()
        seat.check(f"16-file-{'fits' if ';' in table else 'refused'}")
        if ";" not in table:
            frame.get_by_role("link", name="Choose another file").click()
    frame.get_by_role("button", name="Save", exact=True).click()
    expect(frame.get_by_role("status").filter(has_text="You gave 7 credits to 2 people.")).to_be_visible()
    newest = seat.tab("History").get_by_role("row").nth(1)
    newest.get_by_text("2 people").click()
    expect(newest).to_contain_text(re.compile(r"Mateo Ruiz\s*3"))
