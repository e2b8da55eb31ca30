"""The demo LMS gives an access token to its tool, and to nobody who only looks like it."""

import time
from typing import Any

import pytest

from lti_tool.demo.signing_key import SigningKey
from lti_tool.demo.tools import NRPS_SCOPE
from tests.demo.conftest import Lms


def test_the_tool_gets_a_token_for_the_scopes_that_exist(lms: Lms) -> None:
    answer = lms.ask_token(lms.assertion(), scope=f"https://example.com/made-up {NRPS_SCOPE}")

    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json()["scope"] == NRPS_SCOPE
    assert answer.json()["expires_in"] == 3600
    assert answer.json()["token_type"] == "Bearer"


def test_the_audience_may_be_one_of_several(lms: Lms) -> None:
    assert lms.ask_token(lms.assertion(aud=["https://else.example", lms.config.auth_token_url])).status_code == 200


def test_no_scope_that_exists_is_no_token(lms: Lms) -> None:
    answer = lms.ask_token(lms.assertion(), scope="https://example.com/made-up")

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope")


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "https://else.example/token"},
        {"iss": "somebody"},
        {"sub": "somebody"},
        {"exp": int(time.time()) - 1},
        {"iat": int(time.time()) + 86_400},
        {"exp": None},
        {"iat": None},
        {"jti": None},
        {"sub": None},
    ],
)
def test_a_wrong_assertion_is_refused(lms: Lms, changes: dict[str, Any]) -> None:
    answer = lms.ask_token(lms.assertion(**changes))

    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_a_signature_by_a_key_that_the_tool_does_not_publish_is_refused(lms: Lms) -> None:
    assert lms.ask_token(lms.assertion(SigningKey.generate())).status_code == 401


def test_a_changed_assertion_is_refused(lms: Lms) -> None:
    head, body, signature = lms.assertion().split(".")

    assert lms.ask_token(f"{head}.{body}.{signature[:-8]}AAAAAAAA").status_code == 401


def test_an_assertion_is_good_once(lms: Lms) -> None:
    assertion = lms.assertion()

    assert [lms.ask_token(assertion).status_code for _ in range(2)] == [200, 401]


def test_a_grant_of_another_type_is_refused(lms: Lms) -> None:
    answers = [
        lms.ask_token(lms.assertion(), grant_type="password"),
        lms.ask_token(lms.assertion(), client_assertion_type="other"),
    ]

    assert [answer.json()["error"] for answer in answers] == ["unsupported_grant_type", "invalid_request"]


def test_the_token_endpoint_can_fail_and_mend(lms: Lms) -> None:
    lms.control("faults", at="token", kind="status", status=500, times=1)
    lms.control("faults", at="token", kind="status", status=401, times=1)

    assert [lms.ask_token(lms.assertion()).status_code for _ in range(3)] == [500, 401, 200]


def test_a_token_can_be_given_that_is_expired_already(lms: Lms) -> None:
    lms.control("faults", at="token", kind="expired", times=1)

    assert [lms.roster().status_code for _ in range(2)] == [401, 200]
