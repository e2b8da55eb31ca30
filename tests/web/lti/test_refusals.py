"""Every launch that must not be let in: its code, its page, and nothing left behind."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import jwt
import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from lti_tool.lti import platforms
from tests.conftest import Books, MakeApp
from tests.lti_platform import (
    ABSENT,
    MEMBERSHIP,
    FakePlatform,
    claims,
    id_token,
    key,
    launch,
    login,
    picking,
    post,
    register,
)

DAY_S = 86_400


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """What is refused before the transaction does not reach the database."""
    return sqlite_url


def ago(seconds: float) -> int:
    return int(time.time() - seconds)


@dataclass(frozen=True)
class Case:
    """How the launch differs from a good one, and the code that refuses it."""

    code: str
    changes: Callable[[], dict[str, Any]] = dict
    header: dict[str, Any] = field(default_factory=dict)
    status: int = 401


REFUSED = {
    # lti-research 3.3: what PyLTI1p3 accepts as shipped.
    "no_exp": Case("LTI-EXPIRED", lambda: {"exp": ABSENT}),
    "no_iat": Case("LTI-IAT", lambda: {"iat": ABSENT}),
    "valid_for_ten_years": Case("LTI-EXPIRED", lambda: {"exp": ago(-10 * 365 * DAY_S)}),
    "issued_ten_years_ago": Case("LTI-IAT", lambda: {"iat": ago(10 * 365 * DAY_S)}),
    "issued_more_than_a_day_ago": Case("LTI-IAT", lambda: {"iat": ago(DAY_S + 100)}),
    "two_audiences_another_azp": Case("LTI-AZP", lambda: {"aud": ["client-1", "other"], "azp": "other"}),
    "two_audiences_no_azp": Case("LTI-AZP", lambda: {"aud": ["client-1", "other"]}),
    "one_audience_another_azp": Case("LTI-AZP", lambda: {"azp": "evil"}),
    "target_missing": Case("LTI-TARGET", lambda: {"target_link_uri": ABSENT}, status=400),
    "target_elsewhere": Case("LTI-TARGET", lambda: {"target_link_uri": "https://evil.example/"}, status=400),
    "target_number": Case("LTI-TARGET", lambda: {"target_link_uri": 5}, status=400),
    "roles_a_text": Case("LTI-CLAIM", lambda: {"roles": f"{MEMBERSHIP}Learner"}, status=400),
    "subject_of_300_characters": Case("LTI-CLAIM", lambda: {"sub": "x" * 300}, status=400),
    "context_without_id": Case("LTI-CLAIM-MISSING", lambda: {"context": {"title": "Biology"}}, status=400),
    "resource_link_a_list": Case("LTI-CLAIM", lambda: {"resource_link": ["link-1"]}, status=400),
    # And what must stay refused.
    "audience_of_another": Case("LTI-AUD", lambda: {"aud": "other"}),
    "audiences_without_us": Case("LTI-AUD", lambda: {"aud": ["other", "another"], "azp": "client-1"}),
    "audience_missing": Case("LTI-AUD", lambda: {"aud": ABSENT}),
    "audience_an_object": Case("LTI-AUD", lambda: {"aud": {"client-1": 1}}),
    "issuer_of_another": Case("LTI-ISS", lambda: {"iss": "https://other.example"}),
    "issuer_missing": Case("LTI-ISS", lambda: {"iss": ABSENT}),
    "issuer_with_a_slash": Case("LTI-ISS", lambda: {"iss": "https://lms.example/"}),
    "expired": Case("LTI-EXPIRED", lambda: {"exp": ago(70)}),
    "exp_a_text": Case("LTI-EXPIRED", lambda: {"exp": "tomorrow"}),
    "exp_true": Case("LTI-EXPIRED", lambda: {"exp": True}),
    "exp_infinite": Case("LTI-EXPIRED", lambda: {"exp": float("inf")}),
    "exp_no_number": Case("LTI-EXPIRED", lambda: {"exp": float("nan")}),
    "iat_in_the_future": Case("LTI-IAT", lambda: {"iat": ago(-70)}),
    "iat_a_list": Case("LTI-IAT", lambda: {"iat": [1]}),
    "nbf_in_the_future": Case("LTI-IAT", lambda: {"nbf": ago(-70)}),
    "nbf_a_text": Case("LTI-IAT", lambda: {"nbf": "now"}),
    "nbf_true": Case("LTI-IAT", lambda: {"nbf": True}),
    "nonce_of_another": Case("LTI-NONCE", lambda: {"nonce": "other"}),
    "nonce_missing": Case("LTI-NONCE", lambda: {"nonce": ABSENT}),
    "nonce_a_list": Case("LTI-NONCE", lambda: {"nonce": ["other"]}),
    "version_of_another": Case("LTI-VERSION", lambda: {"version": "1.3.1"}, status=400),
    "a_student_picks": Case("LTI-PICKER-ROLE", picking, status=403),
    "message_type_of_nobody": Case("LTI-MESSAGE-TYPE", lambda: {"message_type": "LtiStartProctoring"}, status=400),
    "message_type_a_list": Case("LTI-MESSAGE-TYPE", lambda: {"message_type": ["LtiResourceLinkRequest"]}, status=400),
    "resource_link_null": Case("LTI-CLAIM-MISSING", lambda: {"resource_link": None}, status=400),
    "resource_link_without_id": Case("LTI-CLAIM-MISSING", lambda: {"resource_link": {"title": "x"}}, status=400),
    "resource_link_unresolved": Case("LTI-CLAIM-MISSING", lambda: {"resource_link": {"id": "$x"}}, status=400),
    "subject_a_number": Case("LTI-CLAIM", lambda: {"sub": 5}, status=400),
    "no_subject": Case("LTI-ANONYMOUS", lambda: {"sub": ABSENT}, status=403),
    "subject_null": Case("LTI-ANONYMOUS", lambda: {"sub": None}, status=403),
    "deployment_a_number": Case("LTI-CLAIM", lambda: {"deployment_id": 1}, status=400),
    "kid_missing": Case("LTI-KID-MISSING", header={"kid": ABSENT}),
    "kid_a_path": Case("LTI-KID-UNKNOWN", header={"kid": "../../key-1"}),
    "crit": Case("LTI-ALG", header={"crit": ["exp"]}),
}


def attempt(client: FlaskClient, platform: FakePlatform, changes: dict[str, Any], **header: Any) -> TestResponse:
    begun = login(client, platform)
    body = claims(platform, tool="https://tool.test", nonce=begun.nonce, changes=changes)
    return post(client, id_token=id_token(platform, body, **header), state=begun.state)


def assert_refused(answer: TestResponse, code: str, status: int = 401) -> None:
    assert answer.status_code == status, answer.text
    assert f"<dd>{code}</dd>" in answer.text
    assert answer.mimetype == "text/html"
    assert "Location" not in answer.headers


def assert_nothing_is_left(engine: Engine) -> None:
    with engine.connect() as connection:
        for table in ("spent_nonces", "contexts", "people", "members"):
            assert connection.exec_driver_sql(f"select count(*) from {table}").scalar() == 0


@pytest.mark.parametrize("name", REFUSED)
def test_a_launch_that_must_not_be_is_refused(
    name: str, client: FlaskClient, platform: FakePlatform, engine: Engine
) -> None:
    case = REFUSED[name]
    assert_refused(attempt(client, platform, case.changes(), **case.header), case.code, case.status)
    assert_nothing_is_left(engine)


ALLOWED: dict[str, Callable[[], dict[str, Any]]] = {
    "two_audiences_ours_last": lambda: {"aud": ["other", "client-1"], "azp": "client-1"},
    "one_audience_in_a_list": lambda: {"aud": ["client-1"]},
    "azp_ours": lambda: {"azp": "client-1"},
    "clock_ahead": lambda: {"iat": ago(-50), "exp": ago(-110), "nbf": ago(-50)},
    "clock_behind": lambda: {"iat": ago(110), "exp": ago(50)},
    "fractions_of_seconds": lambda: {"iat": time.time(), "exp": time.time() + 0.5},
    "canvas_one_hour": lambda: {"exp": ago(-3600)},
    "jti_a_number": lambda: {"jti": 5},
    "target_with_a_query": lambda: {"target_link_uri": "https://tool.test/lti/launch?place=1#top"},
}


@pytest.mark.parametrize("name", ALLOWED)
def test_what_real_lmss_do_is_let_in(name: str, client: FlaskClient, platform: FakePlatform) -> None:
    assert attempt(client, platform, ALLOWED[name]()).status_code == 303


def test_a_token_signed_by_another_platform_is_refused(client: FlaskClient, platform: FakePlatform) -> None:
    platform.key = key("key-2")
    assert_refused(attempt(client, platform, {}, kid="key-1"), "LTI-SIGNATURE")


def test_a_key_that_the_lms_rotated_in_is_found(client: FlaskClient, platform: FakePlatform) -> None:
    assert attempt(client, platform, {}).status_code == 303
    platform.key = key("key-2")
    platform.published = [key("key-2").jwk]
    assert attempt(client, platform, {}).status_code == 303
    assert platform.fetches == 2


@pytest.mark.parametrize("bad", [{"use": "enc"}, {"n": key("weak", 1024).jwk["n"]}, {"alg": "RS512"}, {"kid": None}])
def test_a_key_that_is_not_fit_is_not_used(bad: dict[str, Any], client: FlaskClient, platform: FakePlatform) -> None:
    platform.published = [key("key-1").jwk | bad, key("key-3").jwk]
    assert_refused(attempt(client, platform, {}), "LTI-KID-UNKNOWN")


def test_an_lms_whose_keys_cannot_be_read_is_refused_with_patience(client: FlaskClient, platform: FakePlatform) -> None:
    platform.published = []
    assert_refused(attempt(client, platform, {}), "LTI-KEYS")


TOKENS: dict[str, tuple[dict[str, Any], str]] = {
    "missing": ({}, "LTI-TOKEN-MISSING"),
    "empty": ({"id_token": ""}, "LTI-TOKEN-MISSING"),
    "garbage": ({"id_token": "garbage"}, "LTI-TOKEN"),
    "two_parts": ({"id_token": "e30.e30"}, "LTI-TOKEN"),
    "twice": ({"id_token": ["e30.e30.e30", "e30.e30.e30"]}, "LTI-TOKEN-MISSING"),
    "huge": ({"id_token": "e30." + "e" * 70_000 + ".e30"}, "LTI-TOKEN-SIZE"),
}


@pytest.mark.parametrize("name", TOKENS)
def test_what_is_no_token_is_refused(name: str, client: FlaskClient, platform: FakePlatform) -> None:
    fields, code = TOKENS[name]
    assert_refused(post(client, state=login(client, platform).state, **fields), code, 400)


@pytest.mark.parametrize("alg", ["none", "HS256"])
def test_a_token_without_a_real_signature_is_refused(alg: str, client: FlaskClient, platform: FakePlatform) -> None:
    begun = login(client, platform)
    body = claims(platform, tool="https://tool.test", nonce=begun.nonce)
    secret = "" if alg == "none" else str(platform.published[0]["n"])
    token = jwt.encode(body, secret, algorithm=alg, headers={"kid": "key-1"})
    assert_refused(post(client, id_token=token, state=begun.state), "LTI-ALG")


def test_a_launch_without_its_state_is_refused(client: FlaskClient, platform: FakePlatform) -> None:
    begun = login(client, platform)
    token = id_token(platform, claims(platform, tool="https://tool.test", nonce=begun.nonce))
    assert_refused(post(client, id_token=token), "LTI-STATE-MISSING", 400)
    assert_refused(post(client, id_token=token, state=""), "LTI-STATE-MISSING", 400)
    assert_refused(post(client, id_token=token, state=[begun.state, begun.state]), "LTI-STATE-MISSING", 400)
    assert_refused(post(client, id_token=token, state="made-up"), "LTI-STATE-UNKNOWN")
    assert_refused(post(client, id_token=token, state=begun.state[:-1]), "LTI-STATE-UNKNOWN")
    assert_refused(post(client, id_token=token, state="x" * 5000), "LTI-STATE-UNKNOWN")


def test_a_state_of_another_installation_is_refused(
    client: FlaskClient, platform: FakePlatform, make_app: MakeApp
) -> None:
    other = make_app(secret_key="another secret for tests, long enough for all").test_client()
    begun = login(other, platform)
    token = id_token(platform, claims(platform, tool="https://tool.test", nonce=begun.nonce))
    assert_refused(post(client, id_token=token, state=begun.state), "LTI-STATE-UNKNOWN")


def test_a_launch_in_another_browser_than_its_login_is_refused(
    client: FlaskClient, platform: FakePlatform, make_app: MakeApp
) -> None:
    begun = login(client, platform)
    token = id_token(platform, claims(platform, tool="https://tool.test", nonce=begun.nonce))
    other = client.application.test_client()
    assert_refused(post(other, id_token=token, state=begun.state), "LTI-STATE-BROWSER")
    login(other, platform)  # a secret of its own does not help
    assert_refused(post(other, id_token=token, state=begun.state), "LTI-STATE-BROWSER")
    assert post(client, id_token=token, state=begun.state).status_code == 303


def test_the_nonce_of_one_login_does_not_serve_another(client: FlaskClient, platform: FakePlatform) -> None:
    first, second = login(client, platform), login(client, platform)
    token = id_token(platform, claims(platform, tool="https://tool.test", nonce=first.nonce))
    assert_refused(post(client, id_token=token, state=second.state), "LTI-NONCE")


def test_a_login_for_one_platform_does_not_serve_another(
    client: FlaskClient, platform: FakePlatform, books: Books
) -> None:
    other = FakePlatform(platform.url, issuer="https://other.example")
    with books() as session:
        register(session, other)
    begun = login(client, other)
    token = id_token(platform, claims(platform, tool="https://tool.test", nonce=begun.nonce))
    assert_refused(post(client, id_token=token, state=begun.state), "LTI-ISS")


def test_a_platform_that_is_switched_off_between_login_and_launch_is_refused(
    client: FlaskClient, platform: FakePlatform, books: Books, engine: Engine
) -> None:
    begun = login(client, platform)
    with books() as session:
        platforms.disable(platforms.find(session, platform.id))
    token = id_token(platform, claims(platform, tool="https://tool.test", nonce=begun.nonce))
    assert_refused(post(client, id_token=token, state=begun.state), "LTI-PLATFORM-DISABLED", 403)
    assert_nothing_is_left(engine)


@pytest.mark.parametrize(
    "error", ["login_required", "launch_no_longer_valid", "<script>alert(1)</script>", "x" * 10_000, ""]
)
def test_an_error_of_the_lms_has_its_page_and_is_not_repeated_on_it(
    error: str, client: FlaskClient, platform: FakePlatform
) -> None:
    fields = {"error": error, "error_description": "Send <b>money</b> to evil.example", "state": "any"}
    answer = post(client, **fields)
    assert_refused(answer, "LTI-LMS-ERROR")
    assert "money" not in answer.text
    assert "<script>alert" not in answer.text


def test_refused_launches_are_counted_and_good_ones_come_through(make_app: MakeApp, platform: FakePlatform) -> None:
    client = make_app(launch_rate_limit="2/minute").test_client()
    statuses = [post(client, state="made-up").status_code for _ in range(4)]
    assert statuses == [401, 401, 429, 429]
    assert launch(client, platform).status_code == 303


def test_the_log_names_code_registration_and_support_id_and_nobody(
    client: FlaskClient, platform: FakePlatform, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    begun = login(client, platform)
    body = claims(platform, tool="https://tool.test", nonce=begun.nonce, name="Ada Secret", changes={"sub": "x" * 300})
    token = id_token(platform, body)
    answer = post(client, id_token=token, state=begun.state)
    written = caplog.text + "".join(capfd.readouterr())
    assert "LTI-CLAIM" in written
    support_id = answer.text.partition("<dt>Support ID</dt><dd>")[2].split(" ", 1)[0]
    assert support_id
    assert support_id in written
    for secret in (*token.split("."), begun.state, begun.nonce, "Ada Secret", "x" * 300, "ada@school.example"):
        assert secret not in written
