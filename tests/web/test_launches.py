"""An LMS's administrator reads the launches of their own platform, with a code that the operator hands out."""

import pytest
from flask.testing import FlaskClient

from lti_tool.lti import launch_log, launches, log_codes
from lti_tool.lti.attempts import Attempt
from lti_tool.lti.launch_log import LaunchLog
from lti_tool.lti.roles import Role
from tests.conftest import Books
from tests.factories import NOW
from tests.lti_platform import CLAIM
from tests.web import pages
from tests.web.conftest import Enter, School
from tests.web.pages import Page

LOG = LaunchLog("a secret for tests, long enough for all")


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """`test_launch_log.py` reads and writes the log on both databases."""
    return sqlite_url


@pytest.fixture
def address(school: School) -> str:
    """The page of the school's platform."""
    return f"/register/{school.platform}/launches"


def note(books: Books, platform_id: str | None, code: str = "ok", *, reached: str = "") -> str:
    """A launch of that platform; its support id."""
    said = {"name": "Ada Byron", "sub": "s-1", f"{CLAIM}deployment_id": "d1", "iat": NOW.timestamp() - 2}
    attempt = Attempt(launches.STEPS, platform_id=platform_id, said=said, reached=reached, role=Role.TEACHER)
    with books() as session:
        launch_log.note(session, LOG.row(attempt, code, now=NOW))
    return attempt.support_id


def code_of(books: Books, platform_id: str) -> str:
    with books() as session:
        return log_codes.renew(session, platform_id)


def come_in(client: FlaskClient, books: Books, school: School, address: str) -> Page:
    """Types the code in; the list."""
    form = pages.get(client, address).form(address)
    entered = pages.post(client, form, code=code_of(books, school.platform).lower().replace("-", " "))
    assert (entered.status_code, entered.headers["Location"]) == (303, address)
    return pages.get(client, address)


def test_the_code_opens_the_launches_of_its_platform(
    client: FlaskClient, books: Books, school: School, address: str
) -> None:
    good, bad = note(books, school.platform), note(books, school.platform, "LTI-AUD", reached="audience")
    page = come_in(client, books, school, address)
    assert page.text.index(bad) < page.text.index(good)
    assert "The launch is meant for another tool." in page.text


def test_without_the_code_nothing_is_shown(client: FlaskClient, books: Books, school: School, address: str) -> None:
    bad = note(books, school.platform, "LTI-AUD")
    code_of(books, school.platform)
    for path in (address, f"{address}/{bad}", f"{address}?find={bad}"):
        page = pages.get(client, path)
        assert "Access code" in page.text
        assert bad not in page.text
        assert "Test LMS" not in page.text


@pytest.mark.parametrize("typed", ["", "AAAA-AAAA-AAAA-AAAA", "x" * 10_000, "Ünïcode"])
def test_a_wrong_code_is_refused_beside_its_field(
    typed: str, client: FlaskClient, books: Books, school: School, address: str
) -> None:
    code_of(books, school.platform)
    refused = client.post(address, data={"code": typed})
    assert refused.status_code == 422
    assert "This is not the code." in refused.text
    assert "Access code" in pages.get(client, address).text


def test_an_unknown_platform_looks_like_a_known_one(client: FlaskClient, address: str) -> None:
    unknown = "/register/01a2120f-0000-7000-8000-000000000000/launches"
    assert client.get(unknown).text.replace(unknown, address) == client.get(address).text
    assert client.post(unknown, data={"code": ""}).status_code == 422


def test_the_code_of_one_platform_opens_no_other(
    client: FlaskClient, books: Books, school: School, address: str
) -> None:
    other = note(books, None, "LTI-STATE-MISSING")
    come_in(client, books, school, address)
    assert client.get(f"{address}/{other}").status_code == 404
    assert other not in client.get(address).text
    elsewhere = "/register/01a2120f-0000-7000-8000-000000000000/launches"
    assert "Access code" in pages.get(client, elsewhere).text


def test_a_new_code_ends_the_one_before_and_who_came_in_with_it(
    client: FlaskClient, books: Books, school: School, address: str
) -> None:
    old = code_of(books, school.platform)
    client.post(address, data={"code": old})
    assert "No launches yet" in pages.get(client, address).text
    code_of(books, school.platform)
    assert "Access code" in pages.get(client, address).text
    assert client.post(address, data={"code": old}).status_code == 422


def test_a_teachers_visit_does_not_open_it(
    client: FlaskClient, books: Books, school: School, address: str, enter: Enter
) -> None:
    note(books, school.platform)
    for visit in (school.as_teacher, school.visit(school.ta, Role.ADMIN)):
        enter(client, visit)
        assert "Access code" in pages.get(client, address).text


def test_a_support_id_finds_its_launch(client: FlaskClient, books: Books, school: School, address: str) -> None:
    bad = note(books, school.platform, "LTI-AUD", reached="audience")
    come_in(client, books, school, address)
    found = client.get(address, query_string={"find": bad.lower().replace("-", "")})
    assert found.headers["Location"] == f"{address}/{bad}"
    page = pages.get(client, f"{address}/{bad}")
    assert "Compare issuer and client id" in page.text
    assert "failed It is meant for this client" in page.text
    assert "9 characters" in page.text
    assert "Ada" not in page.text
    missing = Page(client.get(address, query_string={"find": "<b>0000"}))
    assert missing.status == 404
    assert "“<b>0000”" in missing.text


def test_refusals_can_be_looked_at_alone_and_page_by_page(
    client: FlaskClient, books: Books, school: School, address: str
) -> None:
    good = note(books, school.platform)
    bad = [note(books, school.platform, "LTI-AUD") for _ in range(60)]
    come_in(client, books, school, address)
    first = pages.get(client, f"{address}?show=refused")
    assert good not in first.text
    [older] = [link["href"] for link in first.find("a", class_="button")]
    second = pages.get(client, older)
    assert [one for one in bad if one in second.text] == bad[:10]
    assert [one for one in bad if one in first.text] == bad[10:]
    assert good in pages.get(client, f"{address}?show=ok").text


def test_no_log_line_has_the_code(
    client: FlaskClient, books: Books, school: School, address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code = code_of(books, school.platform)
    client.post(address, data={"code": code})
    client.get(address)
    assert code not in capsys.readouterr().out
