"""One class's day in each LMS that the demo can be, with third-party cookies blocked; the hostile one attacks too."""

import re
from dataclasses import dataclass

import pytest
import requests
from playwright.sync_api import expect
from sqlalchemy.orm import Session

from lti_tool.demo.courses import Part
from lti_tool.demo.families import FAMILIES, cert
from lti_tool.demo.people import OBSERVER
from lti_tool.ledger.audit import faults
from tests.browser.conftest import School
from tests.browser.seat import Seat, expect_figures
from tests.browser.test_teacher import STUDENTS, TEACHER, pick, read_list, save_maximum
from tests.demo_lms import TIMEOUT_S, Browser


@dataclass(frozen=True)
class Cast:
    """Who plays the day."""

    course: str
    teacher: str
    student: str
    name: str


LINCOLN = Cast("period-2", TEACHER, "mateo-ruiz", "Mateo Ruiz")
CASTS = dict.fromkeys(FAMILIES, LINCOLN) | {
    "cert": Cast(cert.COURSE, cert.TEACHER, cert.STUDENT, "Carrie A Lowell"),
}


@pytest.mark.parametrize("family", FAMILIES)
def test_a_class_gets_its_credits(family: str, school: School, seat: Seat) -> None:
    who = CASTS[family]
    seat.step_in(who.teacher, who.course)
    save_maximum(seat, "10")
    expect(seat.frame.get_by_role("status").filter(has_text="Saved.")).to_be_visible()

    expect_figures(seat.step_in(who.student, who.course), Available=5, Used=0)

    frame = seat.step_in(who.teacher, who.course)
    read_list(frame)
    frame = seat.tab("Manage Members")
    pick(frame, who.name)
    frame.get_by_role("button", name="Add", exact=True).click()
    dialog = frame.get_by_role("dialog")
    dialog.get_by_label("Credits to add").fill("7")
    dialog.get_by_role("button", name="Save", exact=True).click()
    expect(frame.get_by_role("status").filter(has_text=f"You gave 7 credits to {who.name}.")).to_be_visible()
    frame = seat.tab("Overview")
    expect_figures(frame, License_total=300, Not_allotted_yet=288, Allotted=12, Reserved=0, Used=0)
    school.write(_balance)


def _balance(session: Session) -> None:
    assert list(faults(session, None)) == []


@pytest.mark.parametrize("family", FAMILIES)
def test_every_way_into_the_tool_ends_on_a_page_and_is_refused_or_let_in_as_it_says(
    family: str, school: School
) -> None:
    who, browser = CASTS[family], Browser()
    for way in FAMILIES[family].ways:
        person = who.student if way.parts == (Part.STUDENT,) else who.teacher
        answer = browser.launch(school.lms.url, who.course, person, slug=way.slug)
        assert answer.status_code < 500, f"{way.slug}: {answer.text}"
        assert "<h1" in answer.text, f"{way.slug} has no heading"
        if way.group.endswith(("to refuse", "to accept")):
            assert (answer.status_code == 200) is way.group.endswith("to accept"), f"{way.slug}: {answer.text}"


@pytest.mark.parametrize("family", FAMILIES)
def test_a_teacher_places_a_link_from_each_picker_and_it_opens(family: str, school: School, seat: Seat) -> None:
    who = CASTS[family]
    for number, picker in enumerate(FAMILIES[family].pickers, start=1):
        seat.page.goto(f"{school.lms.url}/courses/{who.course}/as/{who.teacher}/{picker.slug}")
        seat.frame.get_by_role("button", name=re.compile("^Add (to course|link)$")).click()
        seat.page.wait_for_url(f"{school.lms.url}/courses/{who.course}/as/{who.teacher}")
        if "ltiResourceLink" not in picker.accept_types:
            menu = seat.page.get_by_role("navigation", name="Course")
            expect(menu.locator('a[target="_blank"]')).to_have_attribute("href", re.compile(school.lms.tool_url))
            continue
        expect(seat.step_in(who.teacher, who.course, f"link-{number}").get_by_text("License total")).to_be_visible()


@pytest.mark.parametrize("family", ["hostile"])
def test_what_a_hostile_lms_sends_is_refused_on_a_page_and_an_honest_launch_still_works(
    family: str, school: School, seat: Seat
) -> None:
    seat.step_in(TEACHER)
    save_maximum(seat, "10")
    forged = [way for way in FAMILIES[family].ways if way.group == "Launches to refuse"]
    assert len(forged) > 20
    for way in forged:
        frame = seat.step_in("mateo-ruiz", way=way.slug)
        expect(frame.get_by_role("heading", level=1)).to_be_visible()
        expect(frame.get_by_text(re.compile(r"\bLTI-[A-Z-]+\b"))).to_be_visible()
    assert all(re.search("status of 4[0-9]{2}", line) for line in seat.complaints), seat.complaints
    assert len(seat.complaints) == len(forged)
    seat.complaints.clear()

    frame = seat.step_in(TEACHER)
    expect_figures(frame, License_total=300, Allotted=0)
    expect_figures(seat.step_in("mateo-ruiz"), Available=5)


TROUBLES = {
    "loop": "never end",
    "foreign-host": "goes on at another site",
    "forbidden": "keeps the roster back",
    "sign-in": "cannot be read to its end",
}


@pytest.mark.parametrize("family", ["hostile"])
def test_a_roster_that_goes_wrong_is_explained_and_drops_nobody(family: str, school: School, seat: Seat) -> None:
    read_list(seat.step_in(TEACHER))
    for trouble, says in TROUBLES.items():
        let_go_wrong(school, trouble)
        frame = seat.tab("Manage Members")
        frame.get_by_role("button", name="Read again").click()
        expect(frame.get_by_text(re.compile(says))).to_be_visible()
        expect(frame.get_by_role("checkbox", name=re.compile("^Select (?!all)"))).to_have_count(18)
        let_go_wrong(school, "none")
    for trouble, people in (("duplicates", 18), ("odd-rows", 22)):
        let_go_wrong(school, trouble)
        frame = seat.tab("Manage Members")
        frame.get_by_role("button", name="Read again").click()
        frame.get_by_role("link", name="Show the list as it is now").click()
        expect(frame.get_by_role("checkbox", name=re.compile("^Select (?!all)"))).to_have_count(people)
        let_go_wrong(school, "none")


@pytest.mark.parametrize("family", ["hostile"])
def test_five_thousand_more_students_are_read_and_shown(family: str, school: School, seat: Seat) -> None:
    let_go_wrong(school, "crowd")
    school.control("page-size", size=500)
    frame = seat.step_in(TEACHER)
    read_list(frame)
    frame = seat.tab("Manage Members")
    expect(frame.get_by_text("5,018 active: 5,016 students")).to_be_visible()
    expect(frame.get_by_role("checkbox", name="Select all 5,018")).to_be_visible()


def let_go_wrong(school: School, trouble: str) -> None:
    """A button of the LMS's administration."""
    fields = {"trouble": trouble}
    requests.post(f"{school.lms.url}/admin/trouble", data=fields, timeout=TIMEOUT_S).raise_for_status()


@pytest.mark.parametrize("family", ["brightspace"])
def test_a_class_list_of_those_who_came_is_read_as_it_is_and_grows(family: str, school: School, seat: Seat) -> None:
    seat.page.goto(f"{school.lms.url}/admin/")
    seat.page.get_by_role("checkbox", name="Classlist including users not known to this deployment").uncheck()
    seat.page.get_by_role("button", name="Save").click()
    seat.step_in(TEACHER)
    save_maximum(seat, "10")
    expect_figures(seat.step_in("mateo-ruiz"), Available=5)
    frame = seat.step_in(TEACHER)
    read_list(frame)
    frame = seat.tab("Manage Members")
    expect(frame.get_by_role("checkbox", name=re.compile("^Select (?!all)"))).to_have_count(2)


@pytest.mark.parametrize("family", ["blackboard"])
def test_two_schools_of_one_client_never_see_each_others_class(family: str, school: School, seat: Seat) -> None:
    seat.step_in(TEACHER)
    save_maximum(seat, "10")
    for student in STUDENTS:
        expect_figures(seat.step_in(student), Available=5)
    frame = seat.step_in("mary-jackson", "riverside-1")
    expect(frame.get_by_text("Riverside High · Biology 9")).to_be_visible()
    expect_figures(frame, License_total=300, Allotted=0)
    read_list(frame)
    frame = seat.tab("Manage Members")
    expect(frame.get_by_role("checkbox", name=re.compile("^Select (?!all)"))).to_have_count(4)
    expect(frame.get_by_text("Mateo Ruiz")).to_have_count(0)


@pytest.mark.parametrize("family", ["blackboard"])
def test_a_place_of_blackboard_that_leaves_its_link_out_opens_the_course(family: str, seat: Seat) -> None:
    frame = seat.step_in(TEACHER, way="no-link")
    expect_figures(frame, License_total=300)
    expect(seat.step_in(TEACHER, way="system").get_by_text("inside a course")).to_be_visible()


@pytest.mark.parametrize("family", ["schoology"])
def test_the_app_menu_outside_any_course_says_where_to_open_it(family: str, seat: Seat) -> None:
    frame = seat.step_in(TEACHER, way="app-menu")
    expect(frame.get_by_text("inside a course")).to_be_visible()


@pytest.mark.parametrize("family", ["moodle"])
def test_a_moodle_teacher_who_looks_as_a_student_gets_no_credits(family: str, seat: Seat) -> None:
    seat.step_in(TEACHER)
    save_maximum(seat, "10")
    frame = seat.step_in(TEACHER, way="switched")
    expect(frame.get_by_role("heading", level=1)).to_be_visible()
    frame = seat.step_in(TEACHER)
    expect_figures(frame, License_total=300, Allotted=0)


@pytest.mark.parametrize("family", ["canvas", "schoology", "blackboard", "brightspace"])
def test_an_observer_opens_no_account(family: str, seat: Seat) -> None:
    seat.step_in(TEACHER)
    save_maximum(seat, "10")
    frame = seat.step_in(OBSERVER)
    expect(frame.get_by_role("heading", level=1)).to_be_visible()
    expect_figures(seat.step_in(TEACHER), License_total=300, Allotted=0)
