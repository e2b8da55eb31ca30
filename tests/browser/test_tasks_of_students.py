"""The tasks of students, and of those who look after them, each on the one page that they have."""

from playwright.sync_api import Frame, expect

from lti_tool.demo.people import OBSERVER
from tests.browser.conftest import School
from tests.browser.seat import expect_figures
from tests.browser.test_asking import MATEO, ask
from tests.browser.test_exporting import BUTTON, Exporting, exporting
from tests.browser.test_tasks_of_teachers import open_as
from tests.browser.test_teacher import TEACHER
from tests.browser.walking import Walk

__all__ = ["exporting"]


def test_see_what_i_have(walk: Walk, exporting: Exporting) -> None:
    exporting.give(10)
    frame = walk.seat.step_in(MATEO)
    with walk.begin(frame):
        expect_figures(frame, Available=5, Used=0, More_you_can_receive_automatically=5)


def test_ask_with_a_reason(walk: Walk, school: School) -> None:
    open_as(school, TEACHER)
    frame = walk.seat.step_in(MATEO)
    with walk.begin(frame):
        walk.press(frame.get_by_label("What do you need them for?"))
        walk.seat.page.keyboard.type("two videos left to hand in")
        walk.press(frame.get_by_role("button", name="Ask for credits"))
        expect(frame.get_by_role("status").filter(has_text="two videos left to hand in")).to_be_focused()


def test_read_the_answer(walk: Walk, school: School) -> None:
    open_as(school, TEACHER)
    ask(walk.seat, MATEO, "two videos left to hand in")
    frame = walk.seat.step_in(TEACHER)
    frame.get_by_role("link", name="Answer it").click()
    frame.get_by_label("Note").fill("Enough for both")
    frame.get_by_role("button", name="Save", exact=True).click()
    expect(frame.get_by_text("You gave 5 credits")).to_be_visible()
    frame = walk.seat.step_in(MATEO)
    with walk.begin(frame):
        expect(frame.get_by_text("Grace Okonkwo-Reyes gave you 5 credits: “Enough for both”")).to_be_visible()


def test_go_on_to_the_exporting_service(walk: Walk, exporting: Exporting) -> None:
    exporting.give(10)
    frame = walk.seat.step_in(MATEO)
    with walk.begin(frame):
        with walk.seat.page.context.expect_page() as opened:
            walk.press(frame.get_by_role("button", name=BUTTON))
        expect(opened.value.get_by_text("You came with 5 credits")).to_be_visible()
    opened.value.close()


def test_read_it_all_in_spanish(walk: Walk, school: School) -> None:
    open_as(school, TEACHER)
    frame = walk.seat.step_in(MATEO)
    with walk.begin(frame):
        walk.press(frame.get_by_role("link", name="Español"))
        expect(frame.locator("html")).to_have_attribute("lang", "es-US")
        expect(frame.get_by_role("heading", level=1)).to_have_text("Tus créditos de exportación")


def watched(walk: Walk) -> Frame:
    """What she who looks after Mateo sees; her LMS says Spanish, and she reads English today."""
    frame = walk.seat.step_in(OBSERVER)
    frame.get_by_role("link", name="English").click()
    expect(frame.get_by_role("heading", name="Export credits of those you look after")).to_be_visible()
    return frame


def test_see_what_my_child_has(walk: Walk, exporting: Exporting) -> None:
    exporting.give(10)
    open_as(exporting.school, TEACHER, MATEO)
    frame = watched(walk)
    with walk.begin(frame):
        expect(frame.get_by_role("region", name="Mateo Ruiz")).to_contain_text("They can use 5 more now.")


def test_see_what_happened_lately(walk: Walk, exporting: Exporting) -> None:
    exporting.give(10)
    open_as(exporting.school, TEACHER, MATEO)
    frame = watched(walk)
    with walk.begin(frame):
        expect(frame.get_by_role("listitem").filter(has_text="Received the first credits")).to_contain_text(
            "5 received"
        )


def test_learn_why_there_is_none_and_who_can_help(walk: Walk, school: School) -> None:
    open_as(school, TEACHER, MATEO)
    frame = watched(walk)
    with walk.begin(frame):
        expect(frame.get_by_role("heading", name="No credits yet").first).to_be_visible()
        expect(frame.get_by_text("given by hand, by the teacher, Grace Okonkwo-Reyes").first).to_be_visible()
