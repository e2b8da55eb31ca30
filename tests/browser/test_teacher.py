"""A teacher's day: what comes by itself, what is given by hand, and figures that add up on every page."""

import re
from datetime import UTC, datetime

import pytest
import requests
from playwright.sync_api import BrowserContext, Frame, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool.ledger.audit import faults
from lti_tool.licenses import api_keys
from lti_tool.licenses.licenses import License
from tests.browser.conftest import School, Sit
from tests.browser.seat import Seat, expect_figures
from tests.demo_lms import TIMEOUT_S

TEACHER = "grace-okonkwo-reyes"
STUDENTS = ("mateo-ruiz", "lucia-ruiz", "tyrone-null")
_IS_WHOLE = (
    "(element) => { const words = document.createRange(); words.selectNodeContents(element);"
    " const {left, right, top, bottom} = words.getBoundingClientRect();"
    " return [left + 1, right - 1].every((x) => element.contains(document.elementFromPoint(x, (top + bottom) / 2))); }"
)


def read_list(frame: Frame) -> None:
    """Waits until the class list is there."""
    expect(frame.get_by_text(re.compile("list read from (Lincoln High|localhost)"))).to_be_visible()


def save_maximum(seat: Seat, maximum: str) -> Frame:
    """Types a maximum in Settings and saves."""
    frame = seat.tab("Settings")
    frame.get_by_label("Maximum export credits per student").fill(maximum)
    frame.get_by_role("button", name="Save", exact=True).click()
    return frame


def pick(frame: Frame, *names: str) -> None:
    """Ticks those people in Manage Members."""
    for name in names:
        frame.get_by_role("checkbox", name=f"Select {name}", exact=True).check()


def test_the_class_list_comes_by_itself_and_its_reading_is_seen_to_move(school: School, seat: Seat) -> None:
    school.control("faults", at="roster", kind="slow", delay_s=1.2)
    frame = seat.step_in(TEACHER)
    expect(frame.get_by_text("reading the class list from Lincoln High")).to_be_visible()
    expect(frame.get_by_text(re.compile(r"\d+ people so far"))).to_be_visible()
    expect(frame.get_by_text("The class list was read.")).to_be_visible()
    expect_figures(frame, License_total=300, Allotted=0, Reserved=0, Used=0)
    seat.check("01-overview-first")
    frame.get_by_role("link", name="Show the list as it is now").click()
    expect(frame.get_by_role("heading", name="Manage Members")).to_be_visible()
    expect(frame.get_by_role("checkbox", name=re.compile("^Select (?!all)"))).to_have_count(18)
    seat.check("02-members")


@pytest.mark.parametrize("width", [400, 375, 320])
def test_on_a_phone_select_all_says_its_number_and_the_current_tab_is_in_view(seat: Seat, width: int) -> None:
    frame = seat.step_in(TEACHER)
    read_list(frame)
    seat.widen(width)
    frame = seat.tab("Manage Members")
    words = frame.get_by_text("Select all 18", exact=True)
    expect(words).to_be_visible()
    assert words.evaluate(_IS_WHOLE), "something lies over the number, or it is cut off"
    frame = seat.tab("History")
    assert frame.get_by_role("link", name="History", exact=True).evaluate(_IS_WHOLE)


def test_a_maximum_that_is_no_whole_number_of_bundles_is_refused_beside_the_field(seat: Seat) -> None:
    seat.step_in(TEACHER)
    frame = save_maximum(seat, "12")
    field = frame.get_by_label("Maximum export credits per student")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description(re.compile(r"\b10\b.*\b15\b"))
    expect(field).to_have_value("12")
    expect(field).to_be_focused()
    seat.check("04-settings-refused")
    save_maximum(seat, "10")
    expect(frame.get_by_role("status").filter(has_text="Saved.")).to_be_visible()
    expect(field).to_have_value("10")
    seat.check("04-settings")


def test_what_comes_by_itself_and_what_is_given_by_hand_add_up_everywhere(school: School, seat: Seat) -> None:
    seat.step_in(TEACHER)
    save_maximum(seat, "10")
    for student in STUDENTS:
        expect_figures(seat.step_in(student), Available=5, Used=0)

    frame = seat.step_in(TEACHER)
    seat.tab("Manage Members")
    pick(frame, "Mateo Ruiz", "Lucía Ruiz")
    expect(frame.get_by_text("2 people × 5 = 10 of 285; 275 remain")).to_be_visible()
    seat.check("02-members-picked")
    frame.get_by_role("button", name="Add", exact=True).click()
    dialog = frame.get_by_role("dialog")
    expect(dialog.get_by_label("Credits to add")).to_be_focused()
    dialog.get_by_label("Credits to add").fill("7")
    dialog.get_by_label("Note").fill("For the film")
    expect_figures(frame, License_has=285, **{"2_people_×_7": 14}, Remain=271)
    seat.check("03-add")
    dialog.get_by_role("button", name="Save", exact=True).click()

    expect(frame.get_by_role("status").filter(has_text="You gave 14 credits to 2 people.")).to_be_visible()
    row = frame.get_by_role("row").filter(has=frame.get_by_role("rowheader", name=re.compile("^Lucía Ruiz")))
    expect(row.get_by_role("cell").nth(-3)).to_have_text(re.compile(r"^\s*12"))
    seat.check("02-members-after")
    frame = seat.tab("Overview")
    expect_figures(frame, License_total=300, Not_allotted_yet=271, Allotted=29, Reserved=0, Used=0)
    expect_figures(frame, **{"With_students,_unused": 29})
    seat.check("01-overview")
    frame = seat.tab("History")
    newest = frame.get_by_role("row").nth(1)
    expect(newest).to_contain_text("2 people × 7")
    expect(newest).to_contain_text("For the film")
    expect(newest.get_by_role("cell").nth(-2)).to_have_text("− 14")
    expect(newest.get_by_role("cell").nth(-1)).to_have_text(re.compile("^271"))
    newest.get_by_text("2 people × 7").click()
    expect(newest.get_by_text("Mateo Ruiz")).to_be_visible()
    seat.check("05-history")
    expect_figures(seat.step_in("lucia-ruiz"), Available=12, Used=0)
    _expect_books(school, pool=271, allotted=29)


def _expect_books(school: School, *, pool: int, allotted: int) -> None:
    """The API says the same, and the audit finds nothing."""
    made: list[str] = []

    def ask(session: Session) -> None:
        assert list(faults(session, None)) == []
        license_id = session.scalars(select(License.id)).one()
        _, secret = api_keys.create(
            session, name="test", license_id=license_id, scopes=frozenset({"read"}), now=datetime.now(UTC)
        )
        made.append(secret)

    school.write(ask)
    answer = requests.get(
        f"{school.lms.tool_url}/api/v1/licenses", headers={"Authorization": f"Bearer {made[0]}"}, timeout=TIMEOUT_S
    )
    [license_] = answer.json()["items"]
    [figures] = [one for one in license_["resources"] if one["resource"] == "export-credits"]
    assert figures["issued"] == 300
    assert (figures["pool"], figures["allotted"], figures["available"]) == (pool, allotted, allotted)


def test_history_shows_a_past_moment_in_a_browser_with_an_extension_that_styles_fields(seat: Seat) -> None:
    frame = seat.step_in(TEACHER)
    read_list(frame)
    for asked in (datetime.now(UTC).date().isoformat(), ""):
        frame = seat.tab("History")
        # As password managers and spelling helpers do. htmx would carry that over to the next page's fields of the same
        # id, against the page's policy, of which the browser complains.
        frame.evaluate("for (const field of document.querySelectorAll('input')) field.style.caretColor = 'red'")
        frame.get_by_label("Date").fill(asked)
        frame.get_by_role("button", name="Show", exact=True).click()
        expect(frame.get_by_role("link", name="All of History")).to_be_visible()
        if asked:
            expect(frame.get_by_role("heading", name=re.compile("^As of "))).to_be_visible()
            expect_figures(frame, License_total=300, Not_allotted_yet=300, Used=0)
        else:
            expect(frame.get_by_label("Date")).to_have_attribute("aria-invalid", "true")
        seat.check(f"05-history-{'then' if asked else 'refused'}")


def test_more_than_the_license_has_is_refused_in_the_dialog(seat: Seat) -> None:
    frame = seat.step_in(TEACHER)
    read_list(frame)
    frame = seat.tab("Manage Members")
    pick(frame, "Mateo Ruiz", "Tyrone Null")
    frame.get_by_role("button", name="Add", exact=True).click()
    dialog = frame.get_by_role("dialog")
    dialog.get_by_label("Credits to add").fill("200")
    dialog.get_by_role("button", name="Save", exact=True).click()
    field = dialog.get_by_label("Credits to add")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description(re.compile("100 are missing"))
    expect(field).to_have_value("200")
    expect(dialog.get_by_role("link", name="Buy the missing 100")).to_be_visible()
    seat.check("03-add-refused")
    dialog.get_by_role("link", name="Buy the missing 100").click()
    expect(frame.get_by_role("heading", name="Purchase")).to_be_visible()
    seat.check("06-purchase")


def test_adding_works_by_keyboard_alone(seat: Seat) -> None:
    frame = seat.step_in(TEACHER)
    read_list(frame)
    frame = seat.tab("Manage Members")
    frame.get_by_role("checkbox", name="Select Mateo Ruiz").focus()
    seat.page.keyboard.press("Space")
    opener = frame.get_by_role("button", name="Add", exact=True)
    for _ in range(200):
        if opener.evaluate("(button) => button === document.activeElement"):
            break
        seat.page.keyboard.press("Tab")
    expect(opener).to_be_focused()
    seat.page.keyboard.press("Enter")
    amount = frame.get_by_role("dialog").get_by_label("Credits to add")
    expect(amount).to_be_focused()
    seat.page.keyboard.press("Escape")
    expect(frame.get_by_role("dialog")).to_be_hidden()
    expect(opener).to_be_focused()
    seat.page.keyboard.press("Enter")
    expect(amount).to_be_focused()
    seat.page.keyboard.type("7")
    seat.page.keyboard.press("Enter")
    expect(frame.get_by_role("status").filter(has_text="You gave 7 credits to Mateo Ruiz.")).to_be_visible()


def test_a_double_click_on_save_and_going_back_give_once(seat: Seat) -> None:
    frame = seat.step_in(TEACHER)
    read_list(frame)
    frame = seat.tab("Manage Members")
    frame.get_by_role("button", name="Add credits for Mateo Ruiz").click()
    frame.get_by_role("dialog").get_by_role("button", name="Save", exact=True).dblclick()
    expect(frame.get_by_role("status").filter(has_text="You gave 5 credits to Mateo Ruiz.")).to_be_visible()
    frame.evaluate("history.back()")
    expect(frame.get_by_role("status").filter(has_text="You gave")).to_have_count(0)
    expect(frame.get_by_role("heading", name="Manage Members")).to_be_visible()
    frame = seat.tab("Overview")
    expect_figures(frame, License_total=300, Allotted=5)


def test_everybody_at_once(seat: Seat) -> None:
    frame = seat.step_in(TEACHER)
    read_list(frame)
    frame = seat.tab("Manage Members")
    frame.get_by_role("checkbox", name=re.compile("^Select all")).check()
    frame.get_by_role("button", name="Add", exact=True).click()
    dialog = frame.get_by_role("dialog")
    expect_figures(frame, License_has=300, **{"18_people_×_5": 90}, Remain=210)
    dialog.get_by_role("button", name="Save", exact=True).click()
    expect(frame.get_by_role("status").filter(has_text="You gave 90 credits to 18 people.")).to_be_visible()


def test_searching_narrows_the_list_and_keeps_the_ticks(seat: Seat) -> None:
    frame = seat.step_in(TEACHER)
    read_list(frame)
    frame = seat.tab("Manage Members")
    pick(frame, "Mateo Ruiz")
    frame.get_by_label("Search by name or e-mail").fill("tyrone")
    expect(frame.get_by_role("checkbox", name="Select Mateo Ruiz")).to_have_count(0)
    pick(frame, "Tyrone Null")
    expect(frame.get_by_text("2 people × 5 = 10 of 300; 290 remain")).to_be_visible()
    seat.check("02-members-search")
    frame.get_by_label("Search by name or e-mail").fill("nobody has this name")
    expect(frame.get_by_text("Nobody matches.")).to_be_visible()
    seat.check("02-members-nobody")


def test_adding_works_without_scripts(scriptless: BrowserContext, sit: Sit) -> None:
    seat = sit(scriptless)
    frame = seat.step_in_without_scripts(TEACHER)
    frame = seat.tab("Manage Members")
    is_read, refresh = frame.get_by_text("list read from"), frame.get_by_role("link", name="Refresh")
    for _ in range(50):
        expect(is_read.or_(refresh)).to_be_visible()  # a page that is still coming has neither
        if is_read.is_visible():
            break
        seat.page.wait_for_timeout(200)
        with seat.page.expect_event("framenavigated"):
            refresh.click()
    pick(frame, "Mateo Ruiz", "Tyrone Null")
    frame.get_by_role("button", name="Add", exact=True).click()
    frame.get_by_label("Credits to add").fill("7")
    frame.get_by_role("button", name="Save", exact=True).click()
    expect(frame.get_by_role("status").filter(has_text="You gave 14 credits to 2 people.")).to_be_visible()
    frame = seat.tab("Overview")
    expect_figures(frame, License_total=300, Allotted=14)
