"""A form that was opened before somebody else's change overwrites nothing, says who changed what, and keeps what was
typed; and whoever has read that saves over it.
"""

from flask.testing import FlaskClient

from lti_tool.ledger import policies
from lti_tool.ledger.movements import OPERATOR, Actor
from lti_tool.licenses import export_services, licenses
from lti_tool.licenses.export_services import ExportService, Hosts
from lti_tool.licenses.licenses import License
from lti_tool.members.people import Member
from tests.factories import EXPORT_CREDITS, NOW
from tests.web.conftest import School
from tests.web.pages import Page, get, post

SETTINGS, SERVICE, ASSISTANTS = "/manager/settings", "/manager/settings/export-service", "/manager/settings/assistants"
ANYWHERE = Hosts(frozenset(), frozenset())
WHEN = "Nov 23, 9:00 AM UTC"
BY_SAM = f"Nothing was saved: Sam Ito changed this after you opened the form ({WHEN})."


def sam(school: School) -> Actor:
    with school.books() as books:
        return Actor("person", books.get_one(Member, school.ta).person_id)


def save_maximum(school: School, maximum: int, actor: Actor) -> None:
    with school.books() as books:
        based_on = policies.current(books, school.license, EXPORT_CREDITS.name).version
        policies.save(books, school.license, EXPORT_CREDITS, maximum=maximum, based_on=based_on, actor=actor, now=NOW)


def maximum(school: School) -> int:
    with school.books() as books:
        return policies.current(books, school.license, EXPORT_CREDITS.name).maximum


def service(school: School) -> ExportService | None:
    with school.books() as books:
        return export_services.find(books, school.license, ANYWHERE)


def assistants_teach(school: School) -> bool:
    with school.books() as books:
        return books.get_one(License, school.license).assistants_teach


def test_the_maximum(teacher: FlaskClient, school: School) -> None:
    form = get(teacher, SETTINGS).form(SETTINGS)
    save_maximum(school, 20, sam(school))
    answer = post(teacher, form, maximum="10")
    page = Page(answer)
    assert answer.status_code == 422
    assert BY_SAM in page.text
    assert "In force now 20 Yours, not saved 10" in page.text
    assert page.find("input", name="maximum", value="10"), "what was typed stays"
    assert maximum(school) == 20
    assert post(teacher, page.form(SETTINGS)).status_code == 303, "having read it, they may save over it"
    assert maximum(school) == 10


def test_a_field_that_is_mended_does_not_make_a_stale_form_new(teacher: FlaskClient, school: School) -> None:
    form = get(teacher, SETTINGS).form(SETTINGS)
    save_maximum(school, 20, sam(school))
    refused = post(teacher, form, maximum="12")
    assert BY_SAM not in Page(refused).text
    again = post(teacher, Page(refused).form(SETTINGS), maximum="15")
    assert again.status_code == 422
    assert BY_SAM in Page(again).text
    assert maximum(school) == 20


def test_who_it_was_may_be_the_operator_or_oneself(teacher: FlaskClient, school: School) -> None:
    for actor, said in (
        (OPERATOR, f"whoever runs Creditroll changed this after you opened the form ({WHEN})"),
        (school.actor, f"you changed this on another page after this form was opened ({WHEN})"),
    ):
        form = get(teacher, SETTINGS).form(SETTINGS)
        save_maximum(school, maximum(school) + 20, actor)
        assert said in Page(post(teacher, form, maximum="")).text
        assert "Yours, not saved off" in Page(post(teacher, form, maximum="")).text


def test_the_exporting_service(teacher: FlaskClient, school: School) -> None:
    form, actor = get(teacher, SETTINGS).form(SERVICE), sam(school)
    with school.books() as books:
        export_services.set_service(
            books,
            school.license,
            label="Films",
            url="https://films.example.org/",
            actor=actor,
            hosts=ANYWHERE,
            now=NOW,
        )
    answer = post(teacher, form, service_label="Mine", service_url="https://mine.example.org/")
    page = Page(answer)
    assert answer.status_code == 422
    assert BY_SAM in page.text
    assert "In force now “Films” opens https://films.example.org/" in page.text
    assert page.find("input", name="service_label", value="Mine")
    assert service(school) == ExportService("Films", "https://films.example.org/")
    assert post(teacher, page.form(SERVICE)).status_code == 303
    assert service(school) == ExportService("Mine", "https://mine.example.org/")


def test_a_service_that_was_removed_meanwhile(teacher: FlaskClient, school: School) -> None:
    put = {"service_label": "Mine", "service_url": "https://mine.example.org/"}
    post(teacher, get(teacher, SETTINGS).form(SERVICE), **put)
    form, actor = get(teacher, SETTINGS).form(SERVICE), sam(school)
    with school.books() as books:
        export_services.remove(books, school.license, actor=actor, now=NOW)
    page = Page(post(teacher, form, service_label="Other"))
    assert BY_SAM in page.text
    assert "In force now No button" in page.text
    assert service(school) is None
    assert post(teacher, form, remove="1").status_code == 303, "both wanted the same, so nobody's wish is lost"


def test_assistants(teacher: FlaskClient, school: School) -> None:
    form, actor = get(teacher, SETTINGS).form(ASSISTANTS), sam(school)
    with school.books() as books:
        licenses.let_assistants_teach(books, school.license, True, actor=actor, now=NOW)
    answer = post(teacher, form)
    page = Page(answer)
    assert answer.status_code == 422
    assert BY_SAM in page.text
    assert "In force now Assistants are treated as teachers" in page.text
    assert not page.find("input", name="assistants_teach", checked=""), "what was chosen stays"
    assert assistants_teach(school)
    assert post(teacher, page.form(ASSISTANTS)).status_code == 303
    assert not assistants_teach(school)
