"""The list of pages and states: who looks, where, and what they do first."""

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page

from lti_tool.lti.roles import Role
from lti_tool.web.session import Visit
from tests.browser.gallery.scene import Class, Scene

Look = Callable[[Scene], Visit]


@dataclass(frozen=True)
class State:
    """A page in one state. `path` may name ids of the scene; `act` is done on the page before it is looked at."""

    name: str
    path: str
    visit: Look | None = None
    act: Callable[[Page], None] | None = None
    status: int = 200


def _teacher(of: Callable[[Scene], Class] = lambda scene: scene.term) -> Look:
    return lambda scene: of(scene).as_teacher


def _student(number: int, role: Role = Role.LEARNER) -> Look:
    return lambda scene: scene.term.visit(scene.term.students[number], role)


def _observer(scene: Scene) -> Visit:
    mentored = (scene.term.students[4], scene.term.students[0])
    return scene.term.visit(None, Role.OBSERVER, mentored=mentored, alias="Visitor 7")


def _assistant(scene: Scene) -> Visit:
    return scene.term.visit(scene.term.assistant, Role.TA)


def _first(scene: Scene) -> Class:
    return scene.first


def _listed(scene: Scene) -> Class:
    return scene.listed


def _short(scene: Scene) -> Class:
    return scene.short


def _fill(label: str, value: str, button: str) -> Callable[[Page], None]:
    def act(page: Page) -> None:
        page.get_by_label(label).fill(value)
        page.get_by_role("button", name=button, exact=True).click()
        page.locator("[aria-invalid=true]").wait_for()

    return act


def _select_three(page: Page) -> None:
    for box in page.get_by_role("checkbox").all()[1:4]:
        box.check()


def _open_dialog(page: Page) -> None:
    _select_three(page)
    page.locator(".action-bar").get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("dialog").get_by_label("Credits to add").wait_for()


def _give_much(page: Page) -> None:
    _open_dialog(page)
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Credits to add").fill("25")
    dialog.get_by_role("button", name="Save", exact=True).click()
    dialog.get_by_role("alert").wait_for()


def _check_file(page: Page) -> None:
    table = b"name,credits,note\nAna Ng,3,Two films\nJamal Carter,5,\nNoah Kaplan,2,\n"
    page.get_by_label("CSV file").set_input_files({"name": "class.csv", "mimeType": "text/csv", "buffer": table})
    page.get_by_role("button", name="Check the file").click()
    page.get_by_role("status").wait_for()


def _choose_100(page: Page) -> None:
    page.get_by_role("radio", name="100 credits").check()
    page.get_by_text("Total", exact=True).wait_for()


STATES = [
    State("overview", "/manager/", _teacher()),
    State("overview-first-day", "/manager/", _teacher(_first)),
    State("first-steps", "/manager/first-steps", _teacher(_listed)),
    State("overview-short", "/manager/", _teacher(_short)),
    State("overview-assistant", "/manager/", _assistant),
    State("members", "/manager/members", _teacher()),
    State("members-selected", "/manager/members", _teacher(), _select_three),
    State("members-empty", "/manager/members", _teacher(_first)),
    State("members-nobody-matches", "/manager/members?search=zzz", _teacher()),
    State("members-waiting", "/manager/members?show=waiting", _teacher()),
    State("members-assistant", "/manager/members", _assistant),
    State("add-dialog", "/manager/members", _teacher(), _open_dialog),
    State("add-second-look", "/manager/members", _teacher(), _give_much),
    State("file", "/manager/members/file", _teacher()),
    State("file-checked", "/manager/members/file", _teacher(), _check_file),
    State("requests", "/manager/requests", _teacher()),
    State("add", "/manager/members/add?only={student}", _teacher()),
    State("add-refused", "/manager/members/add?only={student}", _teacher(), _fill("Credits to add", "x", "Save"), 422),
    State("staff", "/manager/members/staff?member={student}", _teacher()),
    State("settings", "/manager/settings", _teacher()),
    State("settings-first-day", "/manager/settings", _teacher(_first)),
    State(
        "settings-refused",
        "/manager/settings",
        _teacher(),
        _fill("Maximum export credits per student", "12", "Save"),
        422,
    ),
    State("history", "/manager/history", _teacher()),
    State("history-first-day", "/manager/history", _teacher(_first)),
    State("history-batch", "/manager/history?batch={batch}", _teacher()),
    State("history-past-day", "/manager/history?date={day}", _teacher()),
    State("purchase", "/manager/purchase", _teacher()),
    State("purchase-chosen", "/manager/purchase", _teacher(), _choose_100),
    State("purchase-missing", "/manager/purchase?missing=12", _teacher(_short)),
    State("purchases", "/manager/purchases", _teacher()),
    State("export-service", "/manager/export", _teacher()),
    State("student", "/student/", _student(5)),
    State("student-asked", "/student/", _student(0)),
    State("student-none", "/student/", _student(2)),
    State("student-first", "/student/", _student(3)),
    State("student-left", "/student/", _student(27)),
    State("observer", "/student/", _observer),
    State("no-session", "/manager/", status=401),
    State("not-found", "/nowhere", status=404),
    State("not-yours", "/manager/settings", _student(5), status=403),
    State("launch-by-hand", "/lti/launch"),
    State("register", "/register"),
    State("register-canvas", "/register?lms=canvas"),
    State("register-moodle", "/register?lms=moodle"),
    State("api-docs", "/api/docs"),
    State("operator-none", "/operator/orders", status=401),
]
"""All of them. A new page, or a state that looks otherwise, is added here."""
