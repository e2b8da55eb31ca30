"""The list of pages and states: who looks, where, and what they do first."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from playwright.sync_api import FilePayload, Page

from lti_tool.lti.families import FAMILIES
from lti_tool.lti.roles import Role
from lti_tool.web.session import Visit
from tests.browser.gallery.scene import Class, Scene
from tests.web.operator.conftest import World

Look = Callable[[Scene], Visit]


@dataclass(frozen=True)
class State:
    """A page in one state. `path` may name ids of the scene; `act` is done on the page before it is looked at."""

    name: str
    path: str
    visit: Look | None = None
    act: Callable[[Page], None] | None = None
    status: int = 200
    is_operators: bool = False


def _teacher(of: Callable[[Scene], Class] = lambda scene: scene.term) -> Look:
    return lambda scene: of(scene).as_teacher


def _student(number: int, role: Role = Role.LEARNER) -> Look:
    return lambda scene: scene.term.visit(scene.term.students[number], role)


def _observer(scene: Scene) -> Visit:
    mentored = (scene.term.students[4], scene.term.students[0])
    return scene.term.visit(None, Role.OBSERVER, mentored=mentored)


def _assistant(scene: Scene) -> Visit:
    return scene.term.visit(scene.term.assistant, Role.TA)


def _first(scene: Scene) -> Class:
    return scene.first


def _listed(scene: Scene) -> Class:
    return scene.listed


def _shop(scene: Scene) -> Class:
    return scene.shop


def _short(scene: Scene) -> Class:
    return scene.short


def _spanish(look: Look) -> Look:
    return lambda scene: replace(look(scene), locale="es")


def _asking(scene: Scene) -> Class:
    return scene.asking


def _low(scene: Scene) -> Class:
    return scene.low


def _empty(scene: Scene) -> Class:
    return scene.empty


def _who_asked(number: int) -> Look:
    return lambda scene: scene.asking.visit(scene.asking.students[number], Role.LEARNER)


def _fill(label: str, value: str, button: str) -> Callable[[Page], None]:
    def act(page: Page) -> None:
        page.get_by_label(label).fill(value)
        page.get_by_role("button", name=button, exact=True).click()
        page.locator("[aria-invalid=true]").wait_for()

    return act


def _press(button: str) -> Callable[[Page], None]:
    """Presses it, and waits for the page that says what came of it."""

    def act(page: Page) -> None:
        page.get_by_role("button", name=button, exact=True).click()
        page.locator("[role=alert], [role=status].notice, [aria-invalid=true]").first.wait_for()

    return act


def _give_much(page: Page) -> None:
    page.get_by_label("Credits to add").fill("90")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("heading", name="Give 90 credits?").wait_for()


def _send(rows: str) -> Callable[[Page], None]:
    def act(page: Page) -> None:
        file: FilePayload = {
            "name": "class.csv",
            "mimeType": "text/csv",
            "buffer": f"Name,Credits,Note\n{rows}".encode(),
        }
        page.get_by_label("CSV file").set_input_files(file)
        page.get_by_role("button", name="Check the file").click()
        page.get_by_role("link", name="Choose another file").wait_for()

    return act


def _save_over_another(page: Page) -> None:
    page.locator("form[aria-labelledby=allocation] [name=based_on]").evaluate("(one) => { one.value = '5'; }")
    page.get_by_label("Maximum export credits per student").evaluate("(one) => { one.value = '15'; }")
    page.get_by_role("button", name="Save", exact=True).click()
    page.locator(".stale, [role=alert]").first.wait_for()


def _post(path: str, **fields: str) -> Callable[[Page], None]:
    """What an LMS's page would send."""
    script = """([path, fields]) => { const form = document.createElement('form');
      Object.assign(form, { method: 'post', action: path });
      for (const [name, value] of Object.entries(fields)) {
        const one = document.createElement('input'); Object.assign(one, { name, value }); form.append(one); }
      document.body.append(form); form.submit(); }"""

    def act(page: Page) -> None:
        with page.expect_navigation():
            page.evaluate(script, [path, fields])

    return act


def _select_three(page: Page) -> None:
    for box in page.get_by_role("checkbox").all()[1:4]:
        box.check()


def _open_dialog(page: Page) -> None:
    _select_three(page)
    page.locator(".action-bar").get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("dialog").get_by_label("Credits to add").wait_for()


def _give_much_at_once(page: Page) -> None:
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


def _teaching_only(scene: Scene) -> Visit:
    return scene.low.visit(scene.low.teacher, Role.TEACHER)


def _ask_for_none(page: Page) -> None:
    page.evaluate("document.getElementById('another').checked = true; document.getElementById('quantity').value = '0';")
    _press("Continue")(page)


def _bill_nobody(button: str) -> Callable[[Page], None]:
    def act(page: Page) -> None:
        for choice in page.get_by_role("radio", name="By purchase order").all():
            choice.check()
        page.get_by_label("Purchase order number").fill("4711")
        page.get_by_label("School or district that pays").fill("")
        _press(button)(page)

    return act


def _ask_at_length(page: Page) -> None:
    field = page.get_by_label("What do you need them for?")
    field.evaluate("(one) => one.removeAttribute('maxlength')")
    field.fill("x" * 201)
    _press("Ask for credits")(page)


def _register(page: Page) -> None:
    page.locator("main form button").click()
    page.locator("[aria-invalid=true]").first.wait_for()


ORDERS = ("draft", "carded", "placed", "credited", "ended")
_WORLD = World(**{field: f"{{world_{field}}}" for field in World.__dataclass_fields__})
_OPERATORS = _WORLD.paths() | {
    "order": "/operator/orders/{placed}",
    "order-credited": "/operator/orders/{credited}",
    "approve": "/operator/orders/{placed}/approve",
    "cancel": "/operator/orders/{placed}/cancel",
    "payment": "/operator/orders/{credited}/payment",
}

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
    State("add-second-look", "/manager/members", _teacher(), _give_much_at_once),
    State("file", "/manager/members/file", _teacher()),
    State("file-checked", "/manager/members/file", _teacher(), _check_file),
    State("requests", "/manager/requests", _teacher()),
    State("add", "/manager/members/add?only={student}", _teacher()),
    State("add-asks-again", "/manager/members/add?only={student}", _teacher(), _give_much, 200),
    State("file-refused", "/manager/members/file", _teacher(), _press("Check the file"), 422),
    State("file-read", "/manager/members/file", _teacher(), _send("Mateo Ruiz,3,For the film\nAna Ng,2,\n"), 200),
    State("file-faults", "/manager/members/file", _teacher(), _send("Nobody Here,3,\nMateo Ruiz,x,\n"), 422),
    State("requests-many", "/manager/requests", _teacher(_asking)),
    State("requests-none", "/manager/requests", _teacher(_empty)),
    State("requests-decline", "/manager/requests/decline?all=1", _teacher(_asking)),
    State("overview-asked", "/manager/", _teacher(_asking)),
    State("overview-low", "/manager/", _teacher(_low)),
    State("overview-empty", "/manager/", _teacher(_empty)),
    State("first-steps-without-list", "/manager/first-steps", _teacher(_first)),
    State("first-steps-refused", "/manager/first-steps", _teacher(_first), _press("Save and open Overview"), 422),
    State("first-steps-done", "/manager/first-steps", _teacher(_asking)),
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
    State("settings-stale", "/manager/settings", _teacher(), _save_over_another, 422),
    State("history", "/manager/history", _teacher()),
    State("history-first-day", "/manager/history", _teacher(_first)),
    State("history-batch", "/manager/history?batch={batch}", _teacher()),
    State("history-past-day", "/manager/history?date={day}", _teacher()),
    State("purchase", "/manager/purchase", _teacher()),
    State("purchase-chosen", "/manager/purchase", _teacher(), _choose_100),
    State("purchase-missing", "/manager/purchase?missing=12", _teacher(_short)),
    State(
        "purchase-refused",
        "/manager/purchase",
        _teacher(),
        _ask_for_none,
        422,
    ),
    State("payment", "/manager/purchase/{draft}/payment", _teacher(_shop)),
    State("payment-refused", "/manager/purchase/{draft}/payment", _teacher(_shop), _bill_nobody("Continue"), 422),
    State("review", "/manager/purchase/{ready}/review", _teacher(_shop)),
    State("review-card", "/manager/purchase/{card}/review", _teacher(_shop)),
    *(State(f"order-{name}", f"/manager/purchase/{{{name}}}", _teacher(_shop)) for name in ORDERS),
    State("order-cancel", "/manager/purchase/{placed}/cancel", _teacher(_shop)),
    State("ask-to-buy", "/manager/purchase/ask?number=12", _teaching_only),
    State("ask-to-buy-refused", "/manager/purchase/ask?number=x", _teaching_only, _press("Ask"), 422),
    State("office-quote", "/office/{office_draft}"),
    State("office-refused", "/office/{office_draft}", None, _bill_nobody("Place the order"), 422),
    State("office-placed", "/office/{office_placed}"),
    State("office-credited", "/office/{office_credited}"),
    State("office-no-link", "/office/nothing", status=404),
    State("letters", "/alerts/leave/{letters}"),
    State("letters-no-link", "/alerts/leave/nothing", status=404),
    State("purchases", "/manager/purchases", _teacher()),
    State("purchases-many", "/manager/purchases", _teacher(_shop)),
    State("overview-purchases", "/manager/", _teacher(_shop)),
    State("settings-letters", "/manager/settings", _teacher(_shop)),
    State("export-service", "/manager/export", _teacher()),
    State("student", "/student/", _student(5)),
    State("student-asked", "/student/", _student(0)),
    State("student-none", "/student/", _student(2)),
    State("student-first", "/student/", _student(3)),
    State("student-left", "/student/", _student(27)),
    State("student-waits", "/student/", _who_asked(0)),
    State("student-declined", "/student/", _who_asked(2)),
    State("student-given", "/student/", _who_asked(3)),
    State("student-may-ask", "/student/", _who_asked(4)),
    State("student-refused", "/student/", _who_asked(4), _ask_at_length, 422),
    State("student-no-export", "/student/export", _student(5)),
    State("student-spanish", "/student/", _spanish(_student(5))),
    State("overview-spanish", "/manager/", _spanish(_teacher())),
    State("members-spanish", "/manager/members", _spanish(_teacher())),
    State("settings-spanish", "/manager/settings", _spanish(_teacher())),
    State("history-spanish", "/manager/history", _spanish(_teacher())),
    State("observer", "/student/", _observer),
    State("no-session", "/manager/", status=401),
    State("not-found", "/nowhere", status=404),
    State("not-yours", "/manager/settings", _student(5), status=403),
    State("launch-by-hand", "/lti/launch"),
    State("register", "/register"),
    *(State(f"register-{family}", f"/register?lms={family}") for family in FAMILIES),
    *(State(f"register-{family}-refused", f"/register?lms={family}", None, _register, 422) for family in FAMILIES),
    State("registered", "/register/{platform}"),
    State("launches-door", "/register/{platform}/launches"),
    State("launches-door-refused", "/register/{platform}/launches", None, _press("Show the launches"), 422),
    State("login-incomplete", "/lti/login", status=400),
    State(
        "login-unknown", "/lti/login?iss=https://x.example&login_hint=1&target_link_uri={url}/lti/launch", status=401
    ),
    State("launch-refused", "/lti/launch", None, _post("/lti/launch", state="x", id_token="x.y.z"), 401),
    State("registration-without-lms", "/lti/register", status=400),
    State("paid-and-back", "/checkout/return"),
    State("styleguide", "/styleguide"),
    State("api-docs", "/api/docs"),
    State("operator-none", "/operator/orders", status=401),
    State("operator-enter", "/operator/enter/{door}"),
    State("operator-enter-late", "/operator/enter/nothing", status=403),
    *(State(f"operator-{name}", path, is_operators=True) for name, path in _OPERATORS.items()),
]
"""All of them. A new page, or a state that looks otherwise, is added here."""
