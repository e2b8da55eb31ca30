"""Which language a page speaks: the reader's choice, their LMS's word, their browser's wish, English, in this order."""

from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from lti_tool.lti.roles import Role
from lti_tool.web.session import HEADER
from tests.web.conftest import Enter, School
from tests.web.pages import Page, get

KEPT = "__Host-creditroll-language"


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """The same on both databases."""
    return sqlite_url


def spoken(page: Page) -> str:
    """The page's own word of its language."""
    return page.find("html")[0]["lang"]


def choice(page: Page, code: str) -> str:
    """Where the foot of the page leads for that language."""
    [link] = page.find("a", hreflang=code)
    return link["href"]


@pytest.mark.parametrize(
    ("locale", "header", "expected"),
    [
        ("es-MX", "en-US,en", "es-MX"),
        ("es", "es-ES,es;q=0.9", "es-ES"),
        ("es", "en-US,en;q=0.9", "es-US"),  # a school's place stays: its dollars are written as it writes them
        ("en", "en-GB,es", "en-GB"),
        ("de", "es-MX;q=0.5, fr", "es-MX"),
        ("", "es-AR", "es-AR"),
        ("de-DE", "fr", "en-US"),
        ("", "*;q=x, \u00e9", "en-US"),
    ],
)
def test_without_a_choice_the_lms_decides_before_the_browser(  # noqa: PLR0917 - a row and its fixtures
    client: FlaskClient, school: School, enter: Enter, locale: str, header: str, expected: str
) -> None:
    enter(client, replace(school.as_teacher, locale=locale))
    page = Page(client.get("/manager/settings", headers={"Accept-Language": header}))
    assert spoken(page) == expected


def test_pages_without_a_visit_ask_the_browser(client: FlaskClient) -> None:
    page = Page(client.get("/register", headers={"Accept-Language": "es-MX"}))
    assert spoken(page) == "es-MX"
    assert "Agrega Creditroll a tu LMS" in page.text
    assert "Ábrelo de nuevo desde tu curso" in Page(client.get("/student/", headers={"Accept-Language": "es"})).text


def test_a_choice_is_kept_for_the_next_page_and_the_next_launch(
    client: FlaskClient, school: School, enter: Enter
) -> None:
    enter(client, replace(school.as_teacher, locale="es"))
    settings = get(client, "/manager/settings?maximum=10")
    assert (spoken(settings), choice(settings, "en")) == ("es", "?maximum=10&language=en")
    chosen = client.get("/manager/settings" + choice(settings, "en"))
    assert spoken(Page(chosen)) == "en-US"
    assert spoken(get(client, "/manager/members")) == "en-US"
    enter(client, replace(school.as_teacher, locale="es"))
    assert spoken(get(client, "/manager/")) == "en-US"
    [kept] = [line for line in chosen.headers.getlist("Set-Cookie") if line.startswith(KEPT)]
    for word in ("Secure", "HttpOnly", "SameSite=None", "Partitioned", "Path=/"):
        assert word in kept


def test_another_person_at_the_same_browser_reads_their_own_language(
    client: FlaskClient, school: School, enter: Enter
) -> None:
    enter(client, school.as_teacher)
    client.get("/manager/?language=es")
    enter(client, school.visit(school.ada, Role.LEARNER))
    assert spoken(get(client, "/student/")) == "en-US"
    enter(client, school.as_teacher)
    assert spoken(get(client, "/manager/")) == "es-US"


def test_without_cookies_a_page_keeps_the_choice_in_its_visit(app: Flask, teacher: FlaskClient) -> None:
    def visit(page: Page) -> dict[str, str]:
        return {HEADER: page.find("meta", name="creditroll-visit")[0]["content"], "HX-Boosted": "true"}

    before = visit(get(teacher, "/manager/"))
    bare = app.test_client(use_cookies=False)
    chosen = bare.get("/manager/history?page=1&language=es", headers=before)
    assert chosen.headers["HX-Replace-Url"] == "/manager/history?page=1"
    assert spoken(Page(bare.get("/manager/members", headers=before))) == "en-US"
    after = Page(bare.get("/manager/members", headers=visit(Page(chosen))))
    assert spoken(after) == "es-US"
    assert spoken(Page(bare.get("/manager/settings", headers=visit(after)))) == "es-US"


def test_a_choice_touches_no_visit(teacher: FlaskClient) -> None:
    # An answer that comes late must not bring an earlier person back.
    answer = teacher.get("/manager/?language=es")
    assert [line.partition("=")[0] for line in answer.headers.getlist("Set-Cookie")] == [KEPT]


@pytest.mark.parametrize("said", ["fr", "", "es.", "..", "<b>", "es" * 500])
def test_nobody_chooses_what_we_do_not_speak(client: FlaskClient, said: str) -> None:
    answer = client.get("/register", query_string={"language": said})
    assert spoken(Page(answer)) == "en-US"
    assert "Set-Cookie" not in answer.headers
    client.set_cookie(KEPT, said, domain="tool.test", secure=True)
    assert spoken(get(client, "/register")) in ("en-US", "es")


def test_a_refusal_says_it_in_the_other_language_too(client: FlaskClient) -> None:
    page = get(client, "/manager/")
    assert page.find("details", lang="es") == [{"class": "other", "lang": "es"}]
    assert "Open it again from your course" in page.text
    assert "Ábrelo de nuevo desde tu curso" in page.text
    assert not page.find("a", hreflang="es")


def test_programs_are_answered_in_english(client: FlaskClient) -> None:
    answer = client.get("/api/v1/licenses", headers={"Accept-Language": "es", "Authorization": "Bearer nobody"})
    assert answer.json
    assert answer.json["detail"] == "This key is not known, or was revoked."


def test_who_is_refused_at_the_door_is_not_spoken_to_in_the_last_readers_language(client: FlaskClient) -> None:
    client.get("/register", headers={"Accept-Language": "es"})
    refused = client.post("/manager/download/members", data={"visit": "x" * 1_100_000})
    assert (refused.status_code, spoken(Page(refused))) == (413, "en-US")


@pytest.mark.parametrize("path", ["/%0D%0ASet-Cookie", "/%E2%82%AC"])
def test_an_address_of_a_stranger_ends_no_line_of_the_answers_head(client: FlaskClient, path: str) -> None:
    answer = client.get(f"{path}?language=es", headers={"HX-Boosted": "true"})
    assert (answer.status_code, answer.headers["HX-Replace-Url"]) == (404, path)
