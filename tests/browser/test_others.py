"""Students, observers, assistants and whoever else an LMS lets in: each sees what is theirs, and no more."""

from playwright.sync_api import expect

from tests.browser.conftest import School
from tests.browser.seat import Seat, expect_figures, find_axe_faults
from tests.browser.test_teacher import TEACHER, read_list, save_maximum


def test_a_student_sees_what_they_have_and_what_can_come(seat: Seat) -> None:
    seat.step_in(TEACHER)
    save_maximum(seat, "10")
    for student in ("mateo-ruiz", "ana-ng", "no-name"):
        course = "period-2" if student == "mateo-ruiz" else "period-5"
        frame = seat.step_in(student, course)
        expect_figures(frame, Available=5, Used=0, More_you_can_receive_automatically=5)
    seat.check("07-student")
    seat.page.reload()
    expect_figures(seat.frame, Available=5, More_you_can_receive_automatically=5)


def test_a_student_without_credits_reads_why_and_who_can_help(seat: Seat) -> None:
    frame = seat.step_in("mateo-ruiz")
    expect_figures(frame, Available=0, More_you_can_receive_automatically=0)
    expect(frame.get_by_role("heading", name="No credits yet")).to_be_visible()
    seat.check("08-student-none")
    frame = seat.step_in(TEACHER)
    expect(frame.get_by_role("heading", name="1 student is waiting")).to_be_visible()
    frame.get_by_role("button", name="Give 5 to Mateo Ruiz").click()
    expect(frame.get_by_role("status").filter(has_text="You gave 5 credits to Mateo Ruiz.")).to_be_visible()
    expect(frame.get_by_role("heading", name="Nobody is waiting")).to_be_visible()


def test_a_reload_of_the_launch_is_friendly_and_gives_nothing_twice(seat: Seat) -> None:
    seat.step_in(TEACHER)
    save_maximum(seat, "10")
    frame = seat.step_in("mateo-ruiz")
    frame.evaluate("location.reload()")
    frame.wait_for_load_state()
    expect_figures(frame, Available=5, More_you_can_receive_automatically=5)


def test_an_observer_sees_the_children_they_look_after_and_no_form(seat: Seat) -> None:
    seat.step_in(TEACHER)
    save_maximum(seat, "10")
    seat.step_in("mateo-ruiz")
    frame = seat.step_in(TEACHER)
    read_list(frame)
    frame = seat.step_in("carmen-ruiz")
    mateo = frame.get_by_role("region", name="Mateo Ruiz")
    expect(mateo.locator("dd").first).to_have_text("5")
    expect(frame.get_by_role("region", name="Lucía Ruiz").locator("dd").first).to_have_text("0")
    expect(frame.locator("main form, main button")).to_have_count(0)
    expect(frame.get_by_role("navigation", name="Manager")).to_have_count(0)
    seat.check("07-observer")


def test_an_assistant_sees_the_class_and_changes_nothing(seat: Seat) -> None:
    frame = seat.step_in(TEACHER)
    read_list(frame)
    frame = seat.step_in("theo-lindqvist")
    seat.check("01-overview-assistant")
    seat.tab("Manage Members")
    expect(frame.get_by_text("Mateo Ruiz")).to_be_visible()
    expect(frame.get_by_role("checkbox")).to_have_count(0)
    expect(frame.get_by_role("button", name="Add")).to_have_count(0)
    expect(frame.get_by_role("link", name="Settings")).to_have_count(0)
    seat.check("02-members-assistant")


def test_the_student_view_gets_a_plain_page_and_no_account(seat: Seat, school: School) -> None:
    seat.step_in(TEACHER)
    save_maximum(seat, "10")
    frame = seat.step_in("student-view-2")
    expect(frame.get_by_role("heading", name="This is the student view")).to_be_visible()
    seat.check("09-student-view")
    frame = seat.step_in(TEACHER)
    expect_figures(frame, License_total=300, Allotted=0)


def test_an_administrator_without_a_role_in_the_course_gets_a_plain_page(seat: Seat) -> None:
    frame = seat.step_in("wendell-price")
    expect(frame.get_by_role("heading", level=1)).to_be_visible()
    seat.check("09-administrator")


def test_a_page_opened_without_a_launch_says_how_to_come_back(seat: Seat, school: School) -> None:
    answer = seat.page.goto(f"{school.lms.tool_url}/manager/")
    assert answer
    assert answer.status == 401
    expect(seat.page.get_by_role("heading", level=1)).to_be_visible()
    assert find_axe_faults(seat.page) == []
    assert all("status of 401" in line for line in seat.complaints)
    seat.complaints.clear()


def test_the_lms_itself_can_be_used_by_everybody(seat: Seat, school: School) -> None:
    seat.page.goto(school.lms.url)
    assert find_axe_faults(seat.page) == []
    seat.step_in(TEACHER)
    assert find_axe_faults(seat.page) == []
