"""Pages in a language that puts every sentence between marks: what is seen outside of them nobody could translate."""

import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from flask.testing import FlaskClient

from lti_tool import language, settings, shipped
from lti_tool.lti.families import FAMILIES
from lti_tool.lti.roles import Role
from lti_tool.web import languages
from tests.house.test_words import written
from tests.web.conftest import Enter, School

_MARKED = re.compile(r"⟦[^⟦⟧]*⟧")
_WORDS = re.compile(r"[^\W\d_]{2,}")
_NAMES = "Creditroll LMS UTC US English Español Esperanto Grace Okonkwo Ada Łovelace Emmy Noether Sam Ito Biology"
_SETTINGS = settings.load({}).resource
_DATA = frozenset(
    _WORDS.findall(
        " ".join([_NAMES, _SETTINGS.title, _SETTINGS.units, _SETTINGS.unit, _SETTINGS.about, "School license"])
    )
    + [word for family in FAMILIES.values() for word in family.title.split() if family.product_codes]
)
"""Names of people and things, and what settings call credits."""
_SPOKEN = ("aria-label", "title", "placeholder", "alt")
_UNSPOKEN = ("script", "style", "code", "time", "bdi")

TEACHERS = ["/manager/", "/manager/members", "/manager/settings", "/manager/history", "/manager/purchases"]
TEACHERS += ["/manager/members/add?only={ada}", "/manager/purchase", "/manager/first-steps", "/manager/members/file"]
ANYBODYS = ["/register", "/register?lms=other", "/lti/launch", "/student/", "/nothing"]


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """The same on both databases."""
    return sqlite_url


@pytest.fixture
def marked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    """Such a language, added as any other is: by its name, and a catalog in its folder."""
    catalog = Catalog(locale="eo")
    for one in written():
        catalog.add(one, f"⟦{one}⟧" if isinstance(one, str) else tuple(f"⟦{form}⟧" for form in one))
    folder = tmp_path / "eo" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    with (folder / "messages.mo").open("wb") as file:
        write_mo(file, catalog)
    monkeypatch.setattr(shipped, "TRANSLATIONS", tmp_path)
    monkeypatch.setitem(language.LANGUAGES, "eo", "Esperanto")
    languages._tag.cache_clear()
    yield "eo"
    language.language.cache_clear()
    languages._tag.cache_clear()


class Seen(HTMLParser):
    """What a page shows or says aloud."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.aloud: list[str] = []
        self._unspoken = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._unspoken += tag in _UNSPOKEN
        self.aloud += [value or "" for name, value in attrs if name in _SPOKEN or name.startswith("data-no-")]

    def handle_endtag(self, tag: str) -> None:
        self._unspoken -= tag in _UNSPOKEN

    def handle_data(self, data: str) -> None:
        if not self._unspoken:
            self.texts.append(data)

    def unmarked(self) -> list[str]:
        """The words outside the marks that are no data."""
        found = []
        for text in (" ".join(self.texts), *self.aloud):
            found += [word for word in _WORDS.findall(_without_marked(text)) if word not in _DATA]
        return found


def _without_marked(text: str) -> str:
    """The rest of it; a sentence may stand inside another."""
    rest = _MARKED.sub(" ", text)
    return rest if rest == text else _without_marked(rest)


def test_a_teachers_pages_say_nothing_outside_the_catalog(
    client: FlaskClient, school: School, enter: Enter, marked: str
) -> None:
    enter(client, replace(school.as_teacher, locale=marked))
    pages = {address: client.get(address.format(ada=school.ada)) for address in TEACHERS}
    assert {address: page.status_code for address, page in pages.items()} == dict.fromkeys(TEACHERS, 200)
    assert {address: words for address, page in pages.items() if (words := Seen(page.text).unmarked())} == {}


def test_a_students_page_says_nothing_outside_the_catalog(
    client: FlaskClient, school: School, enter: Enter, marked: str
) -> None:
    enter(client, replace(school.visit(school.ada, Role.LEARNER), locale=marked))
    page = client.get("/student/")
    assert "⟦" in page.text
    assert Seen(page.text).unmarked() == []


def test_pages_of_nobody_say_nothing_outside_the_catalog(client: FlaskClient, marked: str) -> None:
    found = {}
    for address in ANYBODYS:
        page = client.get(address, headers={"Accept-Language": marked}).text
        assert "⟦" in page
        found[address] = Seen(re.sub(r"<(details|dd).*?</\1>", "", page, flags=re.DOTALL)).unmarked()
    del found["/register?lms=other"]  # holds the names of fields in LMSs
    assert {address: words for address, words in found.items() if words} == {}
