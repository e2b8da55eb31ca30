"""A login sends the browser back to the LMS with a nonce of ours, writes nothing, and leads nowhere else."""

import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from lti_tool.lti import platforms
from tests.conftest import Books, MakeApp
from tests.lti_platform import ABSENT, FakePlatform, login, register


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """A login only reads."""
    return sqlite_url


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_lms_is_asked_with_every_parameter(method: str, client: FlaskClient, platform: FakePlatform) -> None:
    begun = login(client, platform, method=method)
    assert begun.response.status_code == 302
    assert begun.response.headers["Location"].startswith(f"{platform.auth_login_url}?")
    assert dict(begun.asked) == {
        "scope": "openid",
        "response_type": "id_token",
        "response_mode": "form_post",
        "prompt": "none",
        "client_id": platform.client_id,
        "redirect_uri": "https://tool.test/lti/launch",
        "login_hint": "hint-1",
        "lti_message_hint": "message-hint-1",
        "state": begun.state,
        "nonce": begun.nonce,
    }


@pytest.mark.parametrize(
    "hint", ['{"cmid":5,"launchid":"ltilaunch3_96"}', "a~b+c d%20e&f=g#h", "eyJ0.eyJ1.s-_", "Ünï 👩‍🎓"]
)
def test_hints_come_back_as_they_were_sent(hint: str, client: FlaskClient, platform: FakePlatform) -> None:
    begun = login(client, platform, login_hint=hint, lti_message_hint=hint)
    assert (begun.asked["login_hint"], begun.asked["lti_message_hint"]) == (hint, hint)


def test_no_message_hint_is_made_up(client: FlaskClient, platform: FakePlatform) -> None:
    assert "lti_message_hint" not in login(client, platform, lti_message_hint=ABSENT).asked


def test_an_authorisation_address_with_a_query_keeps_it(
    client: FlaskClient, platform: FakePlatform, books: Books
) -> None:
    with books() as session:
        platforms.find(session, platform.id).auth_login_url = "https://lms.example/auth?tool=7"
    where = urlsplit(login(client, platform).response.headers["Location"])
    assert (where.netloc, where.path) == ("lms.example", "/auth")
    assert dict(parse_qsl(where.query))["tool"] == "7"
    assert "?" not in where.query


def test_the_cookie_is_for_this_login_alone_and_survives_in_a_frame(
    client: FlaskClient, platform: FakePlatform
) -> None:
    cookies = [login(client, platform).response.headers.getlist("Set-Cookie") for _ in range(2)]
    names = set()
    for [cookie] in cookies:
        name, *attributes = cookie.split("; ")
        assert re.fullmatch(r"__Host-creditroll-[0-9a-f]{12}=[\w-]{32}", name)
        assert sorted(attributes) == sorted(
            [*("Secure", "HttpOnly", "Path=/", "SameSite=None", "Partitioned", "Max-Age=600"), attributes[0]]
        )
        assert attributes[0].startswith("Expires=")
        names.add(name.partition("=")[0])
    assert len(names) == 2


def test_states_and_nonces_are_never_the_same(client: FlaskClient, platform: FakePlatform) -> None:
    begun = [login(client, platform) for _ in range(20)]
    assert len({one.state for one in begun}) == len({one.nonce for one in begun}) == 20


def test_a_login_writes_nothing(client: FlaskClient, platform: FakePlatform, engine: Engine) -> None:
    login(client, platform)
    with engine.connect() as connection:
        for table in ("spent_nonces", "contexts", "people", "members"):
            assert connection.exec_driver_sql(f"select count(*) from {table}").scalar() == 0


@pytest.mark.parametrize("missing", ["iss", "login_hint", "target_link_uri"])
@pytest.mark.parametrize("value", [ABSENT, ""])
def test_a_login_that_lacks_something_is_refused(
    missing: str, value: Any, client: FlaskClient, platform: FakePlatform
) -> None:
    refused = login(client, platform, **{missing: value}).response
    assert refused.status_code == 400
    assert "LTI-LOGIN" in refused.text


ELSEWHERE = [
    "https://evil.example/lti/launch",
    "https://tool.test.evil.example/",
    "https://tool.test@evil.example/",
    "https://tool.test:password@evil.example/",
    "https://tool.test\\@evil.example/",
    "https://tool.test\\.evil.example/",
    "https://tool.test:8443/",
    "http://tool.test/lti/launch",
    "http://tool.test:443/lti/launch",
    "https://somebody@tool.test/lti/launch",
    "https://tool.test/\\evil.example/",
    "//tool.test/",
    "/lti/launch",
    "javascript:alert(1)",
    "https://evil.example/?https://tool.test/",
    "https://tool.test\n.evil.example/",
    "https://[::1",
    "https://tool.test:port/",
]


@pytest.mark.parametrize("target", ELSEWHERE)
def test_a_target_of_another_origin_is_refused(target: str, client: FlaskClient, platform: FakePlatform) -> None:
    refused = login(client, platform, target_link_uri=target).response
    assert refused.status_code == 400
    assert "Location" not in refused.headers
    assert "LTI-TARGET" in refused.text


@pytest.mark.parametrize("target", ["https://tool.test", "https://tool.test:443/x", "HTTPS://TOOL.test/?a=b#c"])
def test_any_address_of_ours_is_a_target(target: str, client: FlaskClient, platform: FakePlatform) -> None:
    assert login(client, platform, target_link_uri=target).response.status_code == 302


@pytest.mark.parametrize("changes", [{"iss": "https://other.example"}, {"client_id": "client-2"}])
def test_an_unknown_platform_is_refused(changes: dict[str, str], client: FlaskClient, platform: FakePlatform) -> None:
    refused = login(client, platform, **changes).response
    assert refused.status_code == 401
    assert "LTI-PLATFORM-UNKNOWN" in refused.text


def test_without_a_client_the_one_platform_of_the_issuer_is_meant(client: FlaskClient, platform: FakePlatform) -> None:
    assert login(client, platform, client_id=ABSENT).asked["client_id"] == platform.client_id


def test_without_a_client_several_platforms_of_an_issuer_are_not_guessed_among(
    client: FlaskClient, platform: FakePlatform, books: Books
) -> None:
    with books() as session:
        second = register(session, FakePlatform(platform.url, client_id="client-2"))
        second_id = second.id
    refused = login(client, platform, client_id=ABSENT).response
    assert refused.status_code == 401
    assert "LTI-PLATFORM-UNKNOWN" in refused.text
    with books() as session:
        platforms.disable(platforms.find(session, second_id))
    assert login(client, platform, client_id=ABSENT).asked["client_id"] == platform.client_id


@pytest.mark.parametrize(
    ("status", "code"), [("pending", "LTI-PLATFORM-PENDING"), ("disabled", "LTI-PLATFORM-DISABLED")]
)
def test_a_platform_that_is_not_admitted_is_refused(
    status: str, code: str, client: FlaskClient, platform: FakePlatform, books: Books
) -> None:
    with books() as session:
        platforms.find(session, platform.id).status = status
    refused = login(client, platform).response
    assert refused.status_code == 403
    assert code in refused.text


def test_an_approved_platform_is_let_in_at_once(client: FlaskClient, platform: FakePlatform, books: Books) -> None:
    with books() as session:
        platforms.find(session, platform.id).status = "pending"
    assert login(client, platform).response.status_code == 403
    with books() as session:
        platforms.approve(
            session, platforms.find(session, platform.id), now=platforms.find(session, platform.id).created_at
        )
    assert login(client, platform).response.status_code == 302


def test_only_refused_logins_are_counted_and_held_back(make_app: MakeApp, platform: FakePlatform) -> None:
    client = make_app(launch_rate_limit="3/minute").test_client()
    statuses = [login(client, platform, iss="https://other.example").response.status_code for _ in range(5)]
    assert statuses == [401, 401, 401, 429, 429]
    assert login(client, platform).response.status_code == 302
