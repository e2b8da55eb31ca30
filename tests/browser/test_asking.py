"""Students ask; their teacher gives to all by one Save or says a kind no, and they read the answer."""

from playwright.sync_api import Frame, expect

from tests.browser.conftest import Sit
from tests.browser.seat import Seat, expect_figures

TEACHER, MATEO, LUCIA = "grace-okonkwo-reyes", "mateo-ruiz", "lucia-ruiz"


def ask(seat: Seat, person: str, reason: str) -> Frame:
    """Steps in as that student, by keyboard alone, and asks."""
    frame = seat.step_in(person)
    frame.get_by_label("What do you need them for?").focus()
    seat.page.keyboard.type(reason)
    seat.page.keyboard.press("Enter")
    expect(frame.get_by_text("the answer will stand here")).to_be_visible()
    return frame


def test_students_ask_and_a_teacher_gives_to_all_by_one_save(sit: Sit) -> None:
    seat = sit()
    seat.step_in(TEACHER)
    frame = seat.step_in(MATEO)
    expect(frame.get_by_text("In this course they are given by hand")).to_be_visible()
    seat.check("08-student-none")
    frame = ask(seat, MATEO, "two videos left to hand in")
    expect(frame.locator(":focus")).to_contain_text("You asked today")
    seat.check("08-student-asked")
    ask(seat, LUCIA, "")

    frame = seat.step_in(TEACHER)
    expect(frame.get_by_text("2 students ask for credits.")).to_be_visible()
    seat.check("08-overview-asked")
    frame.get_by_role("link", name="Answer them").click()
    expect(frame.get_by_role("heading", name="2 students ask for credits")).to_be_visible()
    seat.check("08-requests")
    frame.get_by_label("Credits for each").fill("3")
    expect(frame.get_by_text("2 people × 3")).to_be_visible()
    frame.get_by_role("checkbox").first.uncheck()
    expect(frame.get_by_text("1 person × 3")).to_be_visible()
    frame.get_by_role("checkbox").first.check()
    frame.get_by_role("button", name="Save", exact=True).click()
    expect(frame.get_by_text("You gave 6 credits to 2 people.")).to_be_visible()

    frame = seat.step_in(MATEO)
    expect(frame.get_by_text("You asked, and Grace Okonkwo-Reyes gave you 3 credits.")).to_be_visible()
    expect_figures(frame, Available=3, Used=0)
    seat.check("08-student-given")


def test_a_kind_no_is_read_by_who_asked(seat: Seat) -> None:
    seat.step_in(TEACHER)
    ask(seat, MATEO, "a film about مريم")
    frame = seat.step_in(TEACHER)
    frame.get_by_role("link", name="Answer it").click()
    frame.get_by_role("link", name="Decline what Mateo Ruiz asks for").click()
    frame.get_by_label("What they read").fill("After the holidays there are new ones.")
    seat.check("08-decline")
    frame.get_by_role("button", name="Decline").click()
    expect(frame.get_by_text("Nobody asks for credits")).to_be_visible()
    expect(frame.locator(":focus")).to_contain_text("Answered.")
    seat.check("08-requests-none")
    frame = seat.step_in(MATEO)
    expect(frame.get_by_text("cannot give you any now: “After the holidays there are new ones.”")).to_be_visible()
    expect(frame.get_by_role("button", name="Ask again")).to_be_visible()
    seat.check("08-student-declined")
