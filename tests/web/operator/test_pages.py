"""Every page of the operator's: it opens, is no larger than a page may be, and hostile names do nothing on it."""

import re

import pytest
from flask.testing import FlaskClient

from lti_tool import clock
from lti_tool.auditor import Auditor
from lti_tool.db import db
from lti_tool.jobs import Jobs
from lti_tool.settings import Settings
from tests.conftest import Books
from tests.factories import make_license, make_platform
from tests.web import pages
from tests.web.operator.conftest import PUPIL, World

LARGEST = 60_000


def test_every_page_opens_and_shows_no_pupil_and_no_secret(operator: FlaskClient, world: World) -> None:
    for path in world.paths().values():
        answer = operator.get(path)
        assert answer.status_code == 200, path
        assert len(answer.data) < LARGEST, path
        for hidden in (PUPIL, world.key_secret, "token-of-theirs", "whsec_"):
            assert hidden not in answer.text, path
        assert pages.Page(answer).text.count("Log out") == 1


def test_hostile_names_are_shown_as_they_are_and_do_nothing(operator: FlaskClient, world: World) -> None:
    seen = 0
    for path in world.paths().values():
        text = operator.get(path).text
        for tag in ("<b>Lincoln", "<i>waits", "<script>alert", "<b>no</b>"):
            assert tag not in text, path
        for bare in re.finditer(r"&lt;b&gt;Lincoln", text):
            before = text[: bare.start()]
            is_in_title = before.rpartition("<title>")[2].count("</title>") == 0
            is_in_label = before.rfind('aria-label="') > before.rfind(">")
            assert before.endswith("<bdi>") or is_in_title or is_in_label, f"{path}: a name outside <bdi>"
            seen += 1
    assert seen > 10


def test_every_tab_is_a_page_that_says_where_it_is(operator: FlaskClient, world: World) -> None:
    links = [link["href"] for link in pages.get(operator, "/operator/").find("a")]
    tabs = [link for link in links if link.startswith("/operator/")]
    for address in list(dict.fromkeys(tabs))[:9]:
        current = pages.get(operator, address).find("a", aria_current="page")
        assert [link["href"] for link in current] == [address]


@pytest.mark.parametrize("path", ["/operator/platforms", "/operator/licenses"])
def test_lists_go_on_after_fifty(operator: FlaskClient, books: Books, path: str) -> None:
    with books() as session:
        for number in range(53):
            make_platform(session, status="pending" if number == 0 else "active").name = f"Row {number:02}"
            make_license(session, credits=1).name = f"Row {number:02}"
    first = pages.get(operator, path)
    [further] = [link["href"] for link in first.find("a", class_="button") if "after=" in link["href"]]
    second = pages.get(operator, further)
    seen = re.findall(r"Row \d\d", first.text) + re.findall(r"Row \d\d", second.text)
    assert (len(seen), len(set(seen))) == (53, 53)
    if "platforms" in path:
        assert seen[0] == "Row 00"  # it waits


def test_lists_find_what_they_are_asked_for(operator: FlaskClient, world: World, books: Books) -> None:
    with books() as session:
        other = make_license(session)
        other.name, other.code = "Shelbyville", "AAAA-BBBB-CCCC-DDDD"
        make_platform(session, issuer="https://moodle.shelbyville.test")
    for find in ("shelby", "aaaabbbbccccdddd", other.id):
        page = pages.get(operator, f"/operator/licenses?find={find}")
        assert ("Shelbyville" in page.text, "Lincoln" in page.text) == (True, False)
    assert "No such license" in pages.get(operator, "/operator/licenses?find=%25").text
    for find, is_ours in (("2:<i>", True), ("moodle.shelby", False)):
        assert ("Lincoln" in pages.get(operator, f"/operator/platforms?find={find}").text) is is_ours
    assert "No such platform" in pages.get(operator, "/operator/platforms?find=%25").text


def test_unknown_ids_are_no_pages(operator: FlaskClient, world: World) -> None:
    for path in ("platforms/none", "licenses/none", "webhooks/none", "launches/none", "orders?license=none"):
        answer = operator.get(f"/operator/{path}")
        assert answer.status_code == 404, path
        assert "Nothing was changed." in answer.text


def test_the_start_says_what_needs_the_operator(operator: FlaskClient, world: World) -> None:
    page = pages.get(operator, "/operator/")
    for says in (
        "The books were never audited.",
        "The sweep has not run yet",
        "1 deployment waits for approval",
        "1 webhook fails at present.",
        "The roster of 1 course could not be read.",
    ):
        assert says in page.text
    assert "5 things need you" in page.text
    assert page.find("a", class_="button small", href=f"/operator/platforms/{world.platform}")


def test_where_nothing_needs_them_it_says_so(operator: FlaskClient, settings: Settings) -> None:
    with operator.application.app_context():
        Auditor(db.engine).audit()
        Jobs(settings, db.engine).sweep()
    assert "Nothing needs you" in pages.get(operator, "/operator/").text


def test_launches_are_filtered_by_platform_and_code(operator: FlaskClient, world: World) -> None:
    assert world.launch in pages.get(operator, f"/operator/launches?platform={world.platform}").text
    assert world.launch in pages.get(operator, "/operator/launches?code=LTI-DEPLOYMENT-PENDING&show=refused").text
    for other in ("?code=LTI-AUD", "?show=ok"):
        assert world.launch not in pages.get(operator, f"/operator/launches{other}").text
    found = operator.get(f"/operator/launches?find={world.launch.lower()}")
    assert found.headers["Location"] == f"/operator/launches/{world.launch}"
    assert operator.get("/operator/launches?find=AAAA-0000").status_code == 404
    shown = pages.get(operator, found.headers["Location"])
    assert "Approve it" in shown.text
    assert shown.find("a", href=f"/operator/platforms/{world.platform}")


def test_health_tells_what_the_settings_leave_off_and_no_secret(operator: FlaskClient, settings: Settings) -> None:
    page = pages.get(operator, "/operator/health")
    assert "Nobody can pay by card.stripe_secret_key" in page.text
    assert "api_rate_limit" in page.text
    assert "SQLite, it answers" in page.text
    assert settings.secret_key not in page.text
    assert str(settings.keys_dir) not in page.text
    assert clock.now().strftime("%b") in page.text
