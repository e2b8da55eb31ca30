"""The exporting service is set by managers in Settings; other staff see what a link that leads there gives students."""

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from lti_tool.ledger.movements import OPERATOR
from lti_tool.licenses import export_services
from lti_tool.licenses.export_services import ExportService, Hosts
from lti_tool.lti.roles import Role
from tests.conftest import MakeApp
from tests.factories import NOW
from tests.web.conftest import Enter, School
from tests.web.pages import Page, get, post

SETTINGS, SAVE, LINK = "/manager/settings", "/manager/settings/export-service", "/manager/export"
ANYWHERE = Hosts(frozenset(), frozenset())
FILMS = ExportService("Export my film", "https://films.example.org/in")


def kept(school: School) -> ExportService | None:
    with school.books() as books:
        return export_services.find(books, school.license, ANYWHERE)


def save(client: FlaskClient, label: str = FILMS.label, url: str = FILMS.url) -> TestResponse:
    """Fills in the section's form and sends it."""
    return post(client, get(client, SETTINGS).form(SAVE), service_label=label, service_url=url)


def test_a_manager_sets_it_changes_it_and_removes_it(teacher: FlaskClient, school: School) -> None:
    answer = save(teacher)
    assert answer.status_code == 303
    assert kept(school) == FILMS
    page = get(teacher, answer.headers["Location"])
    assert "Saved. Students who have credits see the button “Export my film”." in page.text
    assert page.find("input", name="service_url", value=FILMS.url)
    assert save(teacher, label="Export").status_code == 303
    assert kept(school) == ExportService("Export", FILMS.url)
    form = get(teacher, SETTINGS).form(SAVE)
    assert ("remove", "1") in form.buttons
    removed = post(teacher, form, remove="1")
    assert kept(school) is None
    assert "Removed. Students see no such button any more." in get(teacher, removed.headers["Location"]).text


def test_a_refused_field_says_why_beside_it_and_keeps_what_was_typed(teacher: FlaskClient, school: School) -> None:
    for label, url, field, said in (
        ("", FILMS.url, "service_label", "Enter what the button says."),
        ("x" * 61, FILMS.url, "service_label", "That is 61 characters; a button has room for 60."),
        ("Export", "http://films.example.org", "service_url", "It must begin with https://."),
        ("Export", "https://me:secret@films.example.org", "service_url", "Leave out the name, the password"),
        ("Export", "https://192.168.1.4/x", "service_url", "192.168.1.4 is not on the public web"),
        ("Export", "films", "service_url", "Enter a whole address"),
    ):
        answer = save(teacher, label=label, url=url)
        page = Page(answer)
        assert answer.status_code == 422, said
        assert page.text.count(said) == 1
        assert page.find("p", id=f"{field}-wrong")
        assert page.find("input", name=field, aria_invalid="true")
        assert page.find("input", name="service_label", value=label)
        assert page.find("input", name="service_url", value=url)
        assert not page.find("input", name="maximum", aria_invalid="true")
    assert kept(school) is None


def test_a_label_is_shown_as_text(teacher: FlaskClient) -> None:
    answer = save(teacher, label="<b onclick=x>")
    page = teacher.get(answer.headers["Location"]).get_data(as_text=True)
    assert "<b onclick" not in page
    assert "&lt;b onclick=x&gt;" in page


def test_only_managers_set_it(client: FlaskClient, school: School, enter: Enter) -> None:
    enter(client, school.as_teacher)
    form = get(client, SETTINGS).form(SAVE)
    for visit in (
        school.visit(school.teacher, Role.TEACHER),
        school.visit(school.ta, Role.TA),
        school.visit(school.ada, Role.LEARNER),
    ):
        enter(client, visit)
        assert post(client, form, service_label="E", service_url=FILMS.url).status_code in (400, 403)
    assert client.post(SAVE).status_code in (400, 403)
    assert kept(school) is None


def test_the_operators_list_of_hosts_is_said_and_kept(make_app: MakeApp, school: School, enter: Enter) -> None:
    client = make_app(export_hosts=["exports.school.example", "films.example.org"]).test_client()
    enter(client, school.as_teacher)
    assert "It may be at exports.school.example, films.example.org." in get(client, SETTINGS).text
    answer = save(client, url="https://elsewhere.example.org/")
    assert answer.status_code == 422
    assert "allows these hosts only: exports.school.example, films.example.org." in Page(answer).text
    assert save(client).status_code == 303
    assert kept(school) == FILMS


def test_staff_see_what_students_get_by_the_link(client: FlaskClient, school: School, enter: Enter) -> None:
    with school.books() as books:
        export_services.set_service(
            books, school.license, label=FILMS.label, url=FILMS.url, actor=OPERATOR, hosts=ANYWHERE, now=NOW
        )
    for visit in (school.as_teacher, school.visit(school.ta, Role.TA)):
        enter(client, visit)
        page = get(client, LINK)
        assert "This link takes students to “Export my film”" in page.text
        assert "goes straight on to films.example.org" in page.text
        assert not [form for form in page.forms if "films" in form.action or "hand-off" in form.action]
    enter(client, school.visit(school.ada, Role.LEARNER))
    assert client.get(LINK).status_code == 403


def test_a_link_whose_service_was_removed_says_so(teacher: FlaskClient) -> None:
    assert "This link leads nowhere at the moment" in get(teacher, LINK).text
