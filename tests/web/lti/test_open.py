"""A browser that keeps nothing for us: one button, which only a person can press, and which lets in once."""

from typing import Any
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from lti_tool.web.session import HEADER
from tests.conftest import Books, MakeApp
from tests.lti_platform import ABSENT, FakePlatform, Login, claims, id_token, login, post
from tests.web.lti.conftest import give_license, rows
from tests.web.lti.test_storage import OURS, TOOL
from tests.web.pages import Page


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """The same on both databases; that one of many posts at once is let in, `test_launch.py` shows on each."""
    return sqlite_url


def begin(client: FlaskClient, platform: FakePlatform, **changes: Any) -> tuple[Login, str]:
    """A login whose cookie the browser does not keep, and the launch that answers it."""
    begun = login(client, platform)
    client.delete_cookie(begun.response.headers["Set-Cookie"].partition("=")[0], domain="tool.test")
    return begun, id_token(platform, claims(platform, tool=TOOL, nonce=begun.nonce, **changes))


def press(client: FlaskClient, offered: TestResponse, **headers: str) -> TestResponse:
    """The button of the page is pressed."""
    form = Page(offered).form("/lti/open")
    return client.post(form.action, data=dict(form.fields), headers=OURS | headers)


def test_a_browser_that_keeps_nothing_is_offered_a_tab_and_nothing_is_done(
    client: FlaskClient, platform: FakePlatform, books: Books, engine: Engine
) -> None:
    give_license(books, platform)
    begun, token = begin(client, platform)
    offered = post(client, id_token=token, state=begun.state)
    page = Page(offered)
    assert page.status == 401
    assert "You will be Ada Byron Course Course context-1" in page.text
    assert "Code LTI-STATE-BROWSER" in page.text
    [form] = page.find("form", action="/lti/open")
    assert (form["method"], form["target"], form["rel"]) == ("post", "_blank", "noopener")
    assert client.get("/student/").status_code == 401
    for table in ("spent_nonces", "contexts", "people", "members"):
        assert rows(engine, f"select * from {table}") == []


def test_the_button_lets_its_person_in_with_and_without_cookies(
    client: FlaskClient, platform: FakePlatform, books: Books
) -> None:
    give_license(books, platform)
    begun, token = begin(client, platform)
    arrived = press(client, post(client, id_token=token, state=begun.state))
    page = Page(arrived)
    assert page.status == 200
    [link] = page.find("a", hx_trigger="load, click")
    assert link["href"] == link["hx-get"] == "/student/"
    assert client.get("/student/").status_code == 200
    client.delete_cookie("__Host-creditroll", domain="tool.test")
    [visit] = page.find("meta", name="creditroll-visit")
    assert client.get("/student/", headers={HEADER: visit["content"]}).status_code == 200


def test_the_button_works_once(client: FlaskClient, platform: FakePlatform, books: Books, engine: Engine) -> None:
    give_license(books, platform)
    begun, token = begin(client, platform)
    offered = post(client, id_token=token, state=begun.state)
    assert press(client, offered).status_code == 200
    client.delete_cookie("__Host-creditroll", domain="tool.test")
    again = press(client, offered)
    assert again.status_code == 401
    assert "LTI-NONCE-USED" in again.text
    assert rows(engine, "select count(*) from people") == [(1,)]


def test_pressing_again_shows_the_visit_that_it_began(
    client: FlaskClient, platform: FakePlatform, books: Books
) -> None:
    give_license(books, platform)
    begun, token = begin(client, platform)
    offered = post(client, id_token=token, state=begun.state)
    press(client, offered)
    again = press(client, offered)
    assert (again.status_code, again.headers["Location"]) == (303, "/student/")


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "http://tool.test"},
        {"Origin": "https://tool.test.evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
    ],
)
def test_another_site_cannot_press_the_button(
    headers: dict[str, str], client: FlaskClient, platform: FakePlatform, engine: Engine
) -> None:
    # Login CSRF: with their own launch, an attacker would have us take somebody else for them.
    begun, token = begin(client, platform, name="Mallory")
    fields = {"id_token": token, "state": begun.state}
    answer = client.post("/lti/open", data=fields, headers=OURS | headers)
    assert answer.status_code == 401
    assert "LTI-STATE-BROWSER" in answer.text
    assert client.get("/student/").status_code == 401
    assert rows(engine, "select * from spent_nonces") == []


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("state", "made up", "LTI-STATE-UNKNOWN"),
        ("state", "", "LTI-STATE-MISSING"),
        ("id_token", "a.b.c", "LTI-TOKEN"),
        ("id_token", "", "LTI-TOKEN-MISSING"),
    ],
)
def test_what_the_button_posts_is_checked_like_any_launch(
    field: str, value: str, code: str, client: FlaskClient, platform: FakePlatform
) -> None:
    begun, token = begin(client, platform)
    fields = {"id_token": token, "state": begun.state} | {field: value}
    answer = client.post("/lti/open", data=fields, headers=OURS)
    assert answer.status_code in (400, 401)
    assert f"<dd>{code}</dd>" in answer.text


def test_a_launch_that_is_refused_anyway_gets_no_button(client: FlaskClient, platform: FakePlatform) -> None:
    begun, _ = begin(client, platform)
    for changes in ({"nonce": "other"}, {"sub": ABSENT}, {"aud": "other"}):
        token = id_token(platform, claims(platform, tool=TOOL, nonce=begun.nonce, changes=changes))
        assert "/lti/open" not in post(client, id_token=token, state=begun.state).text


def test_after_storage_that_did_not_answer_the_button_comes(client: FlaskClient, platform: FakePlatform) -> None:
    begun = login(client, platform, lti_storage_target="_parent")
    client.delete_cookie(begun.response.headers["Set-Cookie"].partition("=")[0], domain="tool.test")
    token = id_token(platform, claims(platform, tool=TOOL, nonce=begun.nonce))
    asking = Page(post(client, id_token=token, state=begun.state)).form("/lti/launch")
    offered = client.post("/lti/launch", data=dict(asking.fields), headers=OURS)
    assert "Code LTI-STATE-BROWSER" in Page(offered).text
    assert press(client, offered).status_code == 200


def test_names_are_written_as_text_on_the_button_page(client: FlaskClient, platform: FakePlatform) -> None:
    begun, token = begin(client, platform, name="<script>alert(1)</script>")
    assert "<script>alert(1)" not in post(client, id_token=token, state=begun.state).text
    begun, token = begin(client, platform, name=None)
    assert "somebody whom your LMS does not name" in post(client, id_token=token, state=begun.state).text


def test_no_stranger_can_lay_the_button_under_something_else(client: FlaskClient, platform: FakePlatform) -> None:
    # Login CSRF with the person's own press: in an unseen frame of the attacker's page.
    begun, token = begin(client, platform, name="Mallory")
    offered = post(client, id_token=token, state=begun.state)
    assert "/lti/open" in offered.text
    told = offered.headers["Content-Security-Policy"]
    assert f"frame-ancestors http://{urlsplit(platform.url).netloc} {platform.issuer}" in told


def test_a_launch_that_the_browser_does_not_own_ends_nobodys_visit(
    client: FlaskClient, platform: FakePlatform, books: Books
) -> None:
    give_license(books, platform)
    mine, token = begin(client, platform)
    press(client, post(client, id_token=token, state=mine.state))
    theirs, token = begin(client, platform, subject="mallory", name="Mallory")
    offered = post(client, id_token=token, state=theirs.state)
    assert "creditroll-visit" not in offered.text
    refused, _ = begin(client, platform)
    token = id_token(platform, claims(platform, tool=TOOL, nonce=refused.nonce, changes={"sub": None}))
    assert "LTI-ANONYMOUS" in post(client, id_token=token, state=refused.state).text
    assert client.get("/student/").status_code == 200


def test_a_whole_school_without_cookies_is_not_held_back(make_app: MakeApp, platform: FakePlatform) -> None:
    client = make_app(launch_rate_limit="3/minute").test_client()
    for _ in range(6):
        begun, token = begin(client, platform)
        assert "LTI-STATE-BROWSER" in post(client, id_token=token, state=begun.state).text


def test_the_launch_log_says_which_way_was_used(
    client: FlaskClient, platform: FakePlatform, books: Books, engine: Engine
) -> None:
    give_license(books, platform)
    begun, token = begin(client, platform)
    press(client, post(client, id_token=token, state=begun.state))
    assert rows(engine, "select code, carried_by from launches order by id") == [
        ("LTI-STATE-BROWSER", None),
        ("ok", "new_tab"),
    ]
