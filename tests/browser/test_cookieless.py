"""Every way in, on two sites over TLS: in a browser that blocks third-party cookies, and in one that blocks all."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import jwt
import pytest
from flask import Flask, request
from playwright.sync_api import BrowserContext, Frame, Page, Playwright, expect
from sqlalchemy import text
from sqlalchemy.orm import Session

from lti_tool.db import db, transaction
from lti_tool.ledger.movements import OPERATOR
from lti_tool.licenses import export_services, licenses
from lti_tool.licenses.export_services import Hosts
from tests.browser import chromium
from tests.browser.conftest import School, Sit, opened, sitting
from tests.browser.seat import Seat, expect_figures
from tests.browser.test_teacher import TEACHER, pick, save_maximum
from tests.browser.two_sites import Sites, two_sites
from tests.demo_lms import serving
from tests.factories import NOW

At = Callable[..., tuple[School, Sit]]


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sites]:
    """Servers for all of these tests."""
    with two_sites(tmp_path_factory.mktemp("tls")) as sites:
        yield sites


@pytest.fixture(scope="module")
def cookieless(
    playwright: Playwright, executable: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[BrowserContext]:
    """A browser that keeps no cookie of anybody."""
    with chromium.profile(playwright, executable, tmp_path_factory.mktemp("none"), cookies=False) as context:
        yield context


@pytest.fixture
def at(sites: Sites, lms_key: Path, sqlite_url: str, tmp_path: Path) -> Iterator[At]:
    """Opens a school whose LMS keeps things in that way, to be visited in that browser."""
    with ExitStack() as stack:

        def go(browser: BrowserContext, **lms: str) -> tuple[School, Sit]:
            config = sites.config(lms_key, **lms)
            school = stack.enter_context(opened(config, sqlite_url, tmp_path))
            sites.show(config, school.tool)
            return school, stack.enter_context(sitting(browser, school))

        yield go


def press(seat: Seat) -> Frame:
    """The button of the page that offers a tab of its own; that tab."""
    tab = press_in(seat.page, seat.frame)
    assert all("status of 401" in line for line in seat.complaints)  # what offers the button is a refusal
    seat.complaints.clear()
    return tab.main_frame


def press_in(page: Page, frame: Frame | None = None) -> Page:
    """The same wherever the button is."""
    with page.context.expect_page() as opening:
        (frame or page).get_by_role("button", name="Open in a new tab").click()
    tab = opening.value
    tab.wait_for_url(re.compile("/(manager|student)/"))
    return tab


def carriers(school: School) -> list[str]:
    """How each launch that was let in was shown to be this browser's own."""
    with school.tool.app_context():
        found = db.session.execute(text("select carried_by from launches where code = 'ok' order by id"))
        return list(found.scalars())


OLD_LINK = """() => {
  const link = Object.assign(document.createElement("a"), { href: "/manager/nothing", textContent: "Old link" });
  document.querySelector("main").append(link);
  htmx.process(link);
}"""

STORAGES = {
    "the_page_around": {"storage_target": "_parent"},
    "a_frame_beside": {"storage_target": "post_message_forwarding"},
    "the_older_subjects": {"storage_target": "_parent", "storage_prefix": "org.imsglobal.lti."},
}


@pytest.mark.parametrize("storage", STORAGES)
def test_the_lmss_storage_lets_a_browser_in_that_takes_no_cookies(
    storage: str, cookieless: BrowserContext, at: At
) -> None:
    school, sit = at(cookieless, **STORAGES[storage])
    seat = sit()
    frame = seat.step_in(TEACHER)
    expect_figures(frame, License_total=300, Allotted=0)
    frame = save_maximum(seat, "10")
    expect(frame.get_by_role("status").filter(has_text="Saved.")).to_be_visible()
    assert cookieless.cookies() == []
    assert carriers(school) == ["storage"]


def test_a_partitioned_cookie_is_enough_where_only_foreign_ones_are_blocked(browser: BrowserContext, at: At) -> None:
    school, sit = at(browser)
    seat = sit()
    frame = seat.step_in(TEACHER)
    expect_figures(frame, License_total=300, Allotted=0)
    with frame.expect_navigation():
        frame.evaluate("location.reload()")
    expect_figures(seat.tab("Overview"), License_total=300, Allotted=0)
    seat.page.goto(f"{school.lms.tool_url}/manager/")  # the cookie is of the frame in this LMS, and of no other place
    expect(seat.page.get_by_role("heading", name="Open it again from your course")).to_be_visible()
    seat.complaints.clear()
    assert carriers(school) == ["cookie"]


def test_a_teachers_day_without_cookies(cookieless: BrowserContext, at: At) -> None:
    school, sit = at(cookieless, storage_target="_parent")
    seat = sit()
    school.control("faults", at="roster", kind="slow", delay_s=1.2)
    frame = seat.step_in(TEACHER)
    expect(frame.get_by_text(re.compile(r"\d+ people so far"))).to_be_visible()
    expect(frame.get_by_text("The class list was read.")).to_be_visible()
    frame.get_by_role("link", name="Show the list as it is now").click()
    pick(frame, "Mateo Ruiz", "Lucía Ruiz")
    frame.get_by_role("button", name="Add", exact=True).click()
    dialog = frame.get_by_role("dialog")
    dialog.get_by_label("Credits to add").fill("500")
    dialog.get_by_role("button", name="Save", exact=True).click()
    expect(dialog.get_by_label("Credits to add")).to_have_attribute("aria-invalid", "true")
    dialog.get_by_label("Credits to add").fill("7")
    dialog.get_by_role("button", name="Save", exact=True).click()
    expect(frame.get_by_role("status").filter(has_text="You gave 14 credits to 2 people.")).to_be_visible()
    expect(frame.get_by_role("checkbox", name="Select Mateo Ruiz")).not_to_be_checked()
    save_maximum(seat, "12")
    expect(frame.get_by_label("Maximum export credits per student")).to_be_focused()
    save_maximum(seat, "10")
    expect(frame.get_by_role("status").filter(has_text="Saved.")).to_be_visible()
    seat.tab("History")
    frame.evaluate("history.back()")
    expect(frame.get_by_role("heading", name="Settings")).to_be_visible()
    frame = seat.tab("Overview")
    expect_figures(frame, License_total=300, Allotted=14)
    frame.evaluate(OLD_LINK)
    frame.get_by_role("link", name="Old link").click()
    expect(frame.get_by_role("heading", name="There is nothing here")).to_be_visible()
    assert all("status of 404" in line for line in seat.complaints)
    seat.complaints.clear()
    expect_figures(seat.step_in("mateo-ruiz"), Available=7, More_you_can_receive_automatically=0)
    assert cookieless.cookies() == []


def test_papers_are_kept_without_cookies(cookieless: BrowserContext, at: At) -> None:
    _, sit = at(cookieless, storage_target="_parent")
    seat = sit()
    frame = seat.step_in(TEACHER)
    frame.get_by_role("link", name="Add Credits").click()
    frame.get_by_text("100 credits", exact=True).click()
    frame.get_by_role("button", name="Continue").click()
    frame.get_by_label("School or district that pays").fill("Springfield School District")
    frame.get_by_label("Name for the invoice").fill("王小明")
    frame.get_by_label("E-mail for the invoice").fill("accounts@springfield.example")
    frame.get_by_label("Purchase order number").fill("4500-2291")
    frame.get_by_role("button", name="Continue").click()
    frame.get_by_role("button", name="Place order").click()
    for kind in ("Quote", "Invoice"):
        link = frame.get_by_role("link", name=re.compile(f"^{kind} "))
        with seat.page.expect_download() as download:
            link.click()
        assert download.value.suggested_filename == f"{link.inner_text().replace(' ', '-')}.pdf"
        assert Path(download.value.path()).read_bytes().startswith(b"%PDF-")
    expect(frame.get_by_role("heading", name="Papers")).to_be_visible()
    assert cookieless.cookies() == []


@pytest.mark.parametrize("takes_cookies", [True, False])
def test_a_list_is_kept_as_a_file(
    takes_cookies: bool, browser: BrowserContext, cookieless: BrowserContext, at: At
) -> None:
    _, sit = at(browser if takes_cookies else cookieless, storage_target="_parent")
    seat = sit()
    seat.step_in(TEACHER)
    frame = seat.tab("History")
    with seat.page.expect_download() as download:
        frame.get_by_role("button", name="Download as CSV").click()
    assert re.fullmatch(r"history-[\w-]+-\d{4}-\d\d-\d\d\.csv", download.value.suggested_filename)
    text = Path(download.value.path()).read_text("utf-8-sig")
    assert ",Granted,The license,300,300,the operator," in text
    expect(frame.get_by_role("heading", name="History")).to_be_visible()


def test_a_link_is_placed_without_cookies_and_opens_its_page(cookieless: BrowserContext, at: At) -> None:
    school, sit = at(cookieless, storage_target="_parent")
    seat = sit()
    frame = seat.step_in(TEACHER, way="choose-for-assignment")
    frame.get_by_role("radio", name="Manage Members", exact=True).check()
    frame.get_by_role("button", name="Add link").click()
    seat.page.wait_for_url(f"{school.lms.url}/courses/period-2/as/{TEACHER}")
    frame = seat.step_in(TEACHER, way="link-1")
    expect(frame.get_by_role("heading", name="Manage Members")).to_be_visible()
    assert cookieless.cookies() == []
    assert set(carriers(school)) == {"storage"}


def test_a_reload_without_cookies_says_how_to_come_back(cookieless: BrowserContext, at: At) -> None:
    _, sit = at(cookieless, storage_target="_parent")
    seat = sit()
    frame = seat.step_in(TEACHER)
    expect_figures(frame, License_total=300)
    frame.evaluate("location.reload()")
    expect(frame.get_by_role("heading", name="Open it again from your course")).to_be_visible()
    assert all("status of 401" in line for line in seat.complaints)
    seat.complaints.clear()
    seat.page.reload()
    expect_figures(seat.frame, License_total=300)


@pytest.mark.parametrize("kept", ["browser", "cookieless"])
def test_two_people_side_by_side_keep_to_their_own_pages(kept: str, request: pytest.FixtureRequest, at: At) -> None:
    _, sit = at(request.getfixturevalue(kept), storage_target="_parent")
    teachers, students = sit(), sit()
    of_teacher = teachers.step_in(TEACHER)
    expect_figures(of_teacher, License_total=300, Allotted=0)
    of_student = students.step_in("mateo-ruiz")
    expect_figures(of_student, Available=0)
    of_teacher = save_maximum(teachers, "10")
    expect(of_teacher.get_by_role("status").filter(has_text="Saved.")).to_be_visible()
    of_other = students.step_in("lucia-ruiz")
    expect_figures(of_other, Available=5)
    expect(of_other.get_by_text("You are here as Lucía Ruiz")).to_be_visible()
    expect_figures(teachers.tab("Overview"), License_total=300, Allotted=5)
    expect(of_teacher.get_by_text("You are here as Grace Okonkwo-Reyes")).to_be_visible()


FORGED = """addEventListener("message", ({ data, source }) => {
  if (!data?.message_id) return;
  const right = { subject: `${data.subject}.response`, message_id: data.message_id, key: data.key, value: "forged" };
  const wrong = [{ subject: "lti.other.response" }, { message_id: "1" }, { message_id: undefined }, { key: "1" }];
  for (const change of wrong) source.postMessage({ ...right, ...change }, "*");
  for (const other of [null, "text", 1, []]) source.postMessage(other, "*");
});"""


def test_only_the_answer_to_its_own_question_is_believed(cookieless: BrowserContext, at: At) -> None:
    _, sit = at(cookieless, storage_target="_parent", storage_prefix="")
    seat = sit()
    seat.page.add_init_script(f"if (parent === window) {FORGED}")
    frame = seat.step_in(TEACHER)
    expect(frame.get_by_role("heading", name="Open Creditroll in a new tab")).to_be_visible()  # not: another browser
    seat.complaints.clear()


def test_a_page_of_another_origin_does_not_get_the_secret(cookieless: BrowserContext, at: At) -> None:
    # Canvas signs in at one host and shows courses at another: the page around us is then not who keeps the secret.
    school, sit = at(cookieless, storage_target="_parent", storage_prefix="")
    with school.tool.app_context(), transaction() as books:
        books.execute(text("update platforms set auth_login_url = replace(auth_login_url, 'lms.test', 'sso.test')"))
    seat = sit()
    seat.page.add_init_script("addEventListener('message', ({ data }) => console.error('heard', data.subject));")
    seat.page.goto(f"{school.lms.url}/courses/period-2/as/{TEACHER}")
    seat.frame.wait_for_url("chrome-error:**")  # the demo LMS lets frames go nowhere but to the tool and itself
    assert not any("heard lti.put_data" in line for line in seat.complaints)
    seat.complaints.clear()


SILENT = {"it_never_answers": "_parent", "a_frame_called_like_a_property": "location"}


@pytest.mark.parametrize("target", SILENT)
def test_one_button_opens_a_tab_where_nothing_is_kept(target: str, cookieless: BrowserContext, at: At) -> None:
    school, sit = at(cookieless, storage_target=SILENT[target], storage_prefix="")
    seat = sit()
    frame = seat.step_in(TEACHER)
    expect(frame.get_by_role("heading", name="Open Creditroll in a new tab")).to_be_visible()
    expect(frame.get_by_text("Grace Okonkwo-Reyes")).to_be_visible()
    if target == "it_never_answers":
        seat.check("20-new-tab")
    tab = press(seat)
    expect_figures(tab, License_total=300, Allotted=0)
    expect(frame.get_by_role("heading", name="Creditroll is open in another tab")).to_be_visible()
    tab.get_by_role("link", name="Manage Members", exact=True).click()
    expect(tab.get_by_role("heading", name="Manage Members")).to_be_visible()
    assert cookieless.cookies() == []
    assert carriers(school) == ["new_tab"]


@pytest.mark.parametrize("kept", ["browser", "cookieless"])
def test_a_tab_that_comes_back_shows_its_visit_or_how_to_come_back(
    kept: str, request: pytest.FixtureRequest, at: At
) -> None:
    context: BrowserContext = request.getfixturevalue(kept)
    school, sit = at(context, storage_target="_parent", storage_prefix="")
    seat = sit()
    seat.page.goto(f"{school.lms.url}/courses/period-2/as/{TEACHER}/launch")  # in a tab of its own from the start
    page = press_in(seat.page) if kept == "cookieless" else seat.page
    expect_figures(page.main_frame, License_total=300, Allotted=0)
    page.goto(school.lms.url)
    page.go_back()
    if kept == "cookieless":
        expect(page.get_by_role("heading", name="Open it again from your course")).to_be_visible()
    else:
        expect_figures(page.main_frame, License_total=300, Allotted=0)
    seat.complaints.clear()


def test_the_pages_between_are_whole_without_their_script(browser: BrowserContext, at: At) -> None:
    school, sit = at(browser, storage_target="_parent")
    seat = sit()
    seat.page.route("**/js/storage.js", lambda route: route.abort())
    seat.page.goto(f"{school.lms.url}/courses/period-2/as/{TEACHER}")
    frame = seat.frame
    expect(frame.get_by_role("link", name="Open in a new tab")).to_be_visible()
    seat.check("20-login")
    browser.clear_cookies()
    frame.get_by_role("link", name="Go on here").click()
    expect(frame.get_by_role("button", name="Go on here")).to_be_visible()
    seat.check("20-launch")
    frame.get_by_role("button", name="Go on here").click()
    expect(frame.get_by_role("heading", name="Open Creditroll in a new tab")).to_be_visible()
    seat.complaints.clear()


def test_a_login_can_move_into_a_tab_of_its_own_and_does_not_go_on_here(browser: BrowserContext, at: At) -> None:
    school, sit = at(browser, storage_target="_parent", storage_prefix="")
    seat = sit()
    seat.page.goto(f"{school.lms.url}/courses/period-2/as/{TEACHER}")
    with browser.expect_page() as opening:
        seat.frame.get_by_role("link", name="Open in a new tab").click()
    tab = opening.value
    expect_figures(tab.main_frame, License_total=300, Allotted=0)
    expect(seat.frame.get_by_text("Creditroll opens in another tab.")).to_be_visible()
    seat.page.wait_for_timeout(1600)
    assert seat.frame.url.endswith("/lti/login")
    assert carriers(school) == ["cookie"]


@pytest.fixture
def exporting(cookieless: BrowserContext, at: At) -> Iterator[tuple[School, Seat, list[str]]]:
    """A school with an exporting service, its teacher's first day done, and the tokens that came to the service."""
    school, sit = at(cookieless, storage_target="_parent")
    service, came = Flask("service"), list[str]()

    @service.post("/in")
    def take() -> str:
        came.append(request.form["token"])
        return '<!doctype html><link rel="icon" href="data:,"><title>Films</title><h1>Your films</h1>'

    with serving("localhost") as server:
        server.show(service)
        hosts = Hosts(private=frozenset({"localhost"}), named=frozenset())

        def lead(books: Session) -> None:
            for one in licenses.every(books):
                export_services.set_service(
                    books, one.id, label="Export", url=f"{server.url}/in", actor=OPERATOR, hosts=hosts, now=NOW
                )

        school.write(lead)
        seat = sit()
        seat.step_in(TEACHER)
        save_maximum(seat, "5")
        yield school, seat, came
    assert [jwt.decode(token, options={"verify_signature": False})["available"] for token in came] == [5]
    assert cookieless.cookies() == []


def test_a_student_goes_on_to_the_exporting_service_without_cookies(
    cookieless: BrowserContext, exporting: tuple[School, Seat, list[str]]
) -> None:
    _, seat, _ = exporting
    frame = seat.step_in("mateo-ruiz")
    with cookieless.expect_page() as opened:
        frame.get_by_role("button", name="Export").click()
    expect(opened.value.get_by_role("heading", name="Your films")).to_be_visible()


def test_a_link_takes_a_student_straight_to_the_exporting_service_without_cookies(
    cookieless: BrowserContext, exporting: tuple[School, Seat, list[str]]
) -> None:
    school, seat, _ = exporting
    frame = seat.step_in(TEACHER, way="choose-for-assignment")
    frame.get_by_role("radio", name="Exporting service (Export)").check()
    frame.get_by_role("button", name="Add link").click()
    seat.page.wait_for_url(f"{school.lms.url}/courses/period-2/as/{TEACHER}")
    seat.page.goto(f"{school.lms.url}/courses/period-2/as/mateo-ruiz/link-1")
    with cookieless.expect_page() as opened:
        seat.page.get_by_role("link", name="Open in a new tab").click()
    launched = opened.value
    with cookieless.expect_page() as opened:
        launched.get_by_role("button", name="Open in a new tab").click()
    expect(opened.value.get_by_role("heading", name="Your films")).to_be_visible()
    assert carriers(school)[-1] == "new_tab"
