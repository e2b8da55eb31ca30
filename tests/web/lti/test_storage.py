"""A login's secret that the LMS keeps: asked for by our own page, believed from our own page, in no address."""

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from lti_tool.lti import platforms
from tests.conftest import Books
from tests.lti_platform import FakePlatform, Login, claims, id_token, login, post
from tests.web.lti.conftest import give_license, rows
from tests.web.pages import Page

TOOL = "https://tool.test"
OURS = {"Origin": TOOL, "Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """The same on both databases; that one of many posts at once is let in, `test_launch.py` shows on each."""
    return sqlite_url


def begin(client: FlaskClient, platform: FakePlatform, **changes: str) -> tuple[Login, str]:
    """A login in a browser that takes no cookies, and the secret that its page gave to the LMS."""
    begun = login(client, platform, lti_storage_target="_parent", **changes)
    client.delete_cookie(begun.response.headers["Set-Cookie"].partition("=")[0], domain="tool.test")
    [asks] = Page(begun.response).find("div", data_storage="put")
    return begun, asks["data-value"]


def token_of(platform: FakePlatform, begun: Login, subject: str = "subject-1") -> str:
    return id_token(platform, claims(platform, tool=TOOL, nonce=begun.nonce, subject=subject))


def prove(client: FlaskClient, token: str, state: str, proof: str, **headers: str) -> TestResponse:
    """Our own page posts what the LMS's storage gave it."""
    fields = {"id_token": token, "state": state, "proof": proof}
    return client.post("/lti/launch", data=fields, headers=OURS | headers)


@pytest.mark.parametrize("target", ["_parent", "post_message_forwarding"])
def test_a_login_has_the_script_a_new_tab_and_a_plain_link(
    target: str, client: FlaskClient, platform: FakePlatform
) -> None:
    begun = login(client, platform, lti_storage_target=target)
    page = Page(begun.response)
    assert begun.response.status_code == 200
    [asks] = page.find("div", data_storage="put")
    assert asks["data-target"] == target
    assert asks["data-origin"] == platform.url
    assert re.fullmatch(r"creditroll_[0-9a-f]{12}", asks["data-key"])
    assert any(found["src"].endswith("/js/storage.js") for found in page.find("script", type="module"))
    [link] = page.find("a", data_go_on="")
    assert link["href"].startswith(f"{platform.auth_login_url}?")
    [new_tab] = page.find("a", target="_blank")
    assert new_tab["href"].startswith("/lti/login?")
    again = client.get(new_tab["href"])
    assert again.status_code == 302
    assert again.headers["Location"].startswith(f"{platform.auth_login_url}?")


def test_a_login_sets_its_cookie_too(client: FlaskClient, platform: FakePlatform) -> None:
    begun = login(client, platform, lti_storage_target="_parent")
    answer = post(client, id_token=token_of(platform, begun), state=begun.state)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/student/")


def test_hints_are_written_as_text_however_they_look(client: FlaskClient, platform: FakePlatform) -> None:
    hint = "\"><script>alert(1)</script>'&"
    begun = login(client, platform, lti_storage_target="_parent", login_hint=hint, lti_message_hint=hint)
    assert "alert(1)<" not in begun.response.text
    assert begun.asked["login_hint"] == begun.asked["lti_message_hint"] == hint


@pytest.mark.parametrize("target", ["javascript:alert(1)", '"><script>', "x" * 101])
def test_a_frame_that_cannot_be_is_no_storage(target: str, client: FlaskClient, platform: FakePlatform) -> None:
    assert login(client, platform, lti_storage_target=target).response.status_code == 302


def test_a_launch_without_the_cookie_asks_the_storage_of_its_login_and_does_nothing_yet(
    client: FlaskClient, platform: FakePlatform, engine: Engine
) -> None:
    # Blackboard sends lti_storage_target to the login alone: what the state says counts.
    begun, secret = begin(client, platform)
    token = token_of(platform, begun)
    answer = post(client, id_token=token, state=begun.state)
    page = Page(answer)
    assert answer.status_code == 200
    [asks] = page.find("form", data_storage="get")
    assert (asks["data-target"], asks["data-origin"]) == ("_parent", platform.url)
    assert page.form("/lti/launch").fields == [("id_token", token), ("state", begun.state), ("proof", "")]
    assert secret not in answer.text
    assert rows(engine, "select * from spent_nonces") == rows(engine, "select * from contexts") == []


def test_a_launch_with_the_proof_is_let_in_once(
    client: FlaskClient, platform: FakePlatform, books: Books, engine: Engine
) -> None:
    give_license(books, platform)
    begun, secret = begin(client, platform)
    token = token_of(platform, begun)
    assert prove(client, token, begun.state, secret).status_code < 400
    assert client.get("/student/").status_code == 200
    client.delete_cookie("__Host-creditroll", domain="tool.test")
    again = prove(client, token, begun.state, secret)
    assert again.status_code == 401
    assert "LTI-NONCE-USED" in again.text
    assert rows(engine, "select count(*) from people") == [(1,)]


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": ""}])
def test_a_proof_that_another_site_posts_is_none(
    headers: dict[str, str], client: FlaskClient, platform: FakePlatform, engine: Engine
) -> None:
    # Whoever begins a login knows its secret, and could have another browser post it together with their launch.
    begun, secret = begin(client, platform)
    token = token_of(platform, begun)
    for sent in (headers, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}):
        answer = prove(client, token, begun.state, secret, **sent)
        assert answer.status_code == 401
        assert "LTI-STATE-BROWSER" in answer.text
    assert client.get("/student/").status_code == 401
    assert rows(engine, "select * from spent_nonces") == []


def test_the_proof_of_another_launch_is_none(client: FlaskClient, platform: FakePlatform, engine: Engine) -> None:
    begun, _ = begin(client, platform)
    _, other = begin(client, platform)
    answer = prove(client, token_of(platform, begun), begun.state, other)
    assert answer.status_code == 401
    assert "LTI-STATE-BROWSER" in answer.text
    assert rows(engine, "select * from spent_nonces") == []


def test_a_proof_does_not_stand_for_a_signature(client: FlaskClient, platform: FakePlatform) -> None:
    begun, secret = begin(client, platform)
    other, _ = begin(client, platform)
    for token in (token_of(platform, other), f"{token_of(platform, begun)[:-8]}AAAAAAAA", "a.b.c"):
        assert prove(client, token, begun.state, secret).status_code in (400, 401)


def test_a_state_whose_storage_was_changed_is_not_ours(client: FlaskClient, platform: FakePlatform) -> None:
    begun, secret = begin(client, platform)
    state = begun.state.replace(begun.state[40], "A" if begun.state[40] != "A" else "B", 1)
    answer = prove(client, token_of(platform, begun), state, secret)
    assert answer.status_code == 401
    assert "LTI-STATE-UNKNOWN" in answer.text


def test_an_empty_proof_lets_nobody_in(client: FlaskClient, platform: FakePlatform, engine: Engine) -> None:
    begun, _ = begin(client, platform)
    assert prove(client, token_of(platform, begun), begun.state, "").status_code == 401
    assert rows(engine, "select * from spent_nonces") == []


def test_a_foreign_launch_ends_nobodys_visit(client: FlaskClient, platform: FakePlatform, books: Books) -> None:
    give_license(books, platform)
    mine, secret = begin(client, platform)
    prove(client, token_of(platform, mine), mine.state, secret)
    theirs, _ = begin(client, platform)
    post(client, id_token=token_of(platform, theirs, subject="mallory"), state=theirs.state)
    prove(client, token_of(platform, theirs, subject="mallory"), theirs.state, "guessed")
    assert client.get("/student/").status_code == 200


def test_a_platform_that_was_switched_off_meanwhile_gets_nothing(
    client: FlaskClient, platform: FakePlatform, books: Books
) -> None:
    begun, secret = begin(client, platform)
    with books() as session:
        platforms.find(session, platform.id).status = "disabled"
    answer = prove(client, token_of(platform, begun), begun.state, secret)
    assert answer.status_code == 403
    assert "LTI-PLATFORM-DISABLED" in answer.text
