"""An LMS's notices that courses were copied: what it signed counts, once, and nothing else leaves a trace."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import jwt
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from lti_tool.lti import platforms
from tests.conftest import Books, MakeApp
from tests.lti_platform import ABSENT, CLAIM, FakePlatform, claims, id_token, key, launch, register
from tests.web.lti.conftest import rows

KEPT = "select context_id, copied_from from contexts order by context_id"
COPIED = [("new", '["old"]')]


def notice(
    platform: FakePlatform, *, copy: object = "new", of: object = ("old",), id: object = "n-1", **changes: Any
) -> dict[str, Any]:
    """The claims of a notice, as Canvas has them."""
    now = int(time.time())
    body = {
        "iss": platform.issuer,
        "aud": platform.client_id,
        "azp": platform.client_id,
        "iat": now,
        "exp": now + 3600,
        "nonce": f"nonce of {id}",
        f"{CLAIM}version": "1.3.0",
        f"{CLAIM}deployment_id": platform.deployment_id,
        f"{CLAIM}notice": {"id": id, "timestamp": "2026-11-25T11:24:25Z", "type": "LtiContextCopyNotice"},
        f"{CLAIM}context": {"id": copy, "label": "BIO", "title": "Biology, copied", "type": []},
        f"{CLAIM}origin_contexts": list(of) if isinstance(of, tuple) else of,
    }
    body |= {name if name in body else f"{CLAIM}{name}": value for name, value in changes.items()}
    return {name: value for name, value in body.items() if value is not ABSENT}


def send(client: FlaskClient, *tokens: object) -> TestResponse:
    """As the LMS posts them, from no browser."""
    return client.post("/lti/notices", json={"notices": [{"jwt": token} for token in tokens]})


def code(answer: TestResponse) -> str:
    return str(answer.get_json()["code"])


def test_a_copy_is_known_before_anybody_opens_it(client: FlaskClient, platform: FakePlatform, engine: Engine) -> None:
    answer = send(client, id_token(platform, notice(platform)))
    assert (answer.status_code, answer.text) == (204, "")
    assert rows(engine, KEPT) == COPIED

    launch(client, platform, role="Instructor", context="new")
    assert rows(engine, "select title, copied_from from contexts") == [("Course new", '["old"]')]


def test_several_notices_come_in_one_request(client: FlaskClient, platform: FakePlatform, engine: Engine) -> None:
    tokens = [id_token(platform, notice(platform, id=f"n-{n}", of=(f"old-{n}",))) for n in range(3)]
    assert send(client, *tokens).status_code == 204
    assert rows(engine, KEPT) == [("new", '["old-2", "old-1", "old-0"]')]


def test_a_notice_takes_effect_once(client: FlaskClient, platform: FakePlatform, engine: Engine) -> None:
    first, second = (id_token(platform, notice(platform, id=f"n-{n}", of=(f"old-{n}",))) for n in range(2))
    for token in (first, second, first):
        assert send(client, token).status_code == 204
    assert rows(engine, KEPT) == [("new", '["old-1", "old-0"]')]  # repeated, the first would be the latest


def test_a_notice_that_comes_twice_in_one_request_takes_effect_once(
    client: FlaskClient, platform: FakePlatform, engine: Engine
) -> None:
    first, second = (id_token(platform, notice(platform, id=f"n-{n}", of=(f"old-{n}",))) for n in range(2))
    assert send(client, first, second, first).status_code == 204
    assert rows(engine, KEPT) == [("new", '["old-1", "old-0"]')]


def test_the_same_notice_twenty_times_at_once_takes_effect_once(
    app: Flask, platform: FakePlatform, engine: Engine
) -> None:
    token = id_token(platform, notice(platform))
    with ThreadPoolExecutor(8) as pool:
        statuses = set(pool.map(lambda _: send(app.test_client(), token).status_code, range(20)))
    assert statuses == {204}
    assert rows(engine, KEPT) == COPIED
    assert rows(engine, "select count(*) from spent_nonces") == [(1,)]


@pytest.mark.parametrize(
    "changes",
    [
        {"notice": {"id": "n-1", "type": "LtiHelloWorldNotice"}},
        {"notice": {"id": "n-1", "type": "LtiOfTomorrowNotice"}},
        {"origin_contexts": ABSENT},
        {"origin_contexts": []},
        {"origin_contexts": [7, None, {"id": "old"}, "x" * 256, "a\0b"]},
        {"origin_contexts": "old"},
        {"origin_contexts": ["new"]},
        {"context": ABSENT},
    ],
)
def test_notices_that_tell_of_no_copy_are_taken_and_change_nothing(
    client: FlaskClient, platform: FakePlatform, engine: Engine, changes: dict[str, Any]
) -> None:
    assert send(client, id_token(platform, notice(platform, **changes))).status_code == 204
    assert rows(engine, "select copied_from from contexts where copied_from is not null") == []


REFUSED: dict[str, tuple[str, dict[str, Any]]] = {
    "another_issuer": ("LTI-PLATFORM-UNKNOWN", {"iss": "https://evil.example"}),
    "issuer_missing": ("LTI-CLAIM-MISSING", {"iss": ABSENT}),
    "another_client": ("LTI-PLATFORM-UNKNOWN", {"aud": "client-9", "azp": ABSENT}),
    "client_an_object": ("LTI-CLAIM", {"aud": {"id": "client-1"}, "azp": ABSENT}),
    "client_with_nul": ("LTI-CLAIM", {"aud": "client\0", "azp": ABSENT}),
    "several_clients_none_of_them_said": ("LTI-CLAIM", {"aud": ["client-1", "client-9"], "azp": ABSENT}),
    "meant_for_another": ("LTI-AUD", {"aud": "client-9"}),
    "no_exp": ("LTI-EXPIRED", {"exp": ABSENT}),
    "expired": ("LTI-EXPIRED", {"exp": int(time.time()) - 90}),
    "valid_for_ten_years": ("LTI-EXPIRED", {"exp": int(time.time()) + 10 * 365 * 86_400}),
    "no_iat": ("LTI-IAT", {"iat": ABSENT}),
    "issued_in_the_future": ("LTI-IAT", {"iat": int(time.time()) + 86_400}),
    "another_version": ("LTI-VERSION", {"version": "1.1"}),
    "no_notice": ("LTI-CLAIM-MISSING", {"notice": ABSENT}),
    "notice_a_text": ("LTI-CLAIM", {"notice": "n-1"}),
    "notice_without_id": ("LTI-CLAIM-MISSING", {"notice": {"type": "LtiContextCopyNotice"}}),
    "notice_id_a_list": ("LTI-CLAIM", {"notice": {"id": ["n-1"], "type": "LtiContextCopyNotice"}}),
    "context_a_list": ("LTI-CLAIM", {"context": ["new"]}),
    "context_id_of_300_characters": ("LTI-CLAIM", {"context": {"id": "x" * 300}}),
    "no_deployment": ("LTI-CLAIM-MISSING", {"deployment_id": ABSENT}),
    "another_deployment": ("LTI-DEPLOYMENT-PENDING", {"deployment_id": "deployment-9"}),
}


@pytest.mark.parametrize(("why", "changes"), REFUSED.values(), ids=REFUSED)
def test_a_signed_notice_that_is_not_right_leaves_nothing(
    client: FlaskClient, platform: FakePlatform, engine: Engine, why: str, changes: dict[str, Any]
) -> None:
    answer = send(client, id_token(platform, notice(platform, **changes)))
    assert (answer.status_code in (400, 401, 403), code(answer)) == (True, why)
    assert rows(engine, KEPT) == []
    assert rows(engine, "select count(*) from deployments") == [(1,)]


def test_a_forged_notice_is_refused(client: FlaskClient, platform: FakePlatform, engine: Engine) -> None:
    body = notice(platform)
    forged = {
        "LTI-SIGNATURE": id_token(replace(platform, key=key("forger")), body, kid="key-1"),
        "LTI-KID-UNKNOWN": id_token(replace(platform, key=key("forger")), body),
        "LTI-KID-MISSING": id_token(platform, body, kid=ABSENT),
        "LTI-ALG": jwt.encode(body, "a shared text " * 3, algorithm="HS256", headers={"kid": "key-1"}),
        "LTI-TOKEN": id_token(platform, body) + ".",
        "LTI-TOKEN-SIZE": "x" * 70_000,
    }
    for why, token in forged.items():
        assert code(send(client, token)) == why
    assert rows(engine, KEPT) == []


def test_a_launch_is_no_notice(client: FlaskClient, platform: FakePlatform, engine: Engine) -> None:
    body = claims(platform, tool="https://tool.test", nonce="nonce-1")
    assert code(send(client, id_token(platform, body))) == "LTI-CLAIM-MISSING"
    assert rows(engine, KEPT) == []


def test_an_lms_speaks_for_itself_alone(
    client: FlaskClient, platform: FakePlatform, books: Books, engine: Engine
) -> None:
    other = replace(
        platform, issuer="https://other.example", client_id="client-2", deployment_id="d-2", key=key("other")
    )
    platform.published.append(key("other").jwk)
    with books() as session:
        register(session, other)
    sent = {
        "LTI-DEPLOYMENT-PENDING": id_token(other, notice(other, deployment_id=platform.deployment_id)),
        "LTI-AUD": id_token(other, notice(other, aud=platform.client_id)),
        "LTI-PLATFORM-UNKNOWN": id_token(other, notice(other, iss=platform.issuer)),
    }
    for why, token in sent.items():
        assert code(send(client, token)) == why
    assert rows(engine, KEPT) == []

    # The same names of course and notice are another LMS's own.
    assert send(client, id_token(other, notice(other)), id_token(platform, notice(platform))).status_code == 204
    assert rows(engine, "select count(*), count(distinct deployment_id) from contexts") == [(2, 2)]


@pytest.mark.parametrize("status", ["pending", "disabled"])
def test_an_lms_that_is_not_admitted_is_not_heard(
    client: FlaskClient, platform: FakePlatform, books: Books, engine: Engine, status: str
) -> None:
    with books() as session:
        platforms.find(session, platform.id).status = status
    assert code(send(client, id_token(platform, notice(platform)))) == f"LTI-PLATFORM-{status.upper()}"
    assert rows(engine, KEPT) == []


def test_a_bad_notice_does_not_keep_the_good_ones_out(
    client: FlaskClient, platform: FakePlatform, engine: Engine
) -> None:
    answer = send(client, "junk", id_token(platform, notice(platform)))
    assert (answer.status_code, code(answer)) == (400, "LTI-TOKEN")
    assert rows(engine, KEPT) == COPIED


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"notices",
        b"[]",
        b"null",
        b"{}",
        b'{"notices": {"jwt": "a.b.c"}}',
        b'{"notices": ["a.b.c"]}',
        b'{"notices": [{"jwt": 7}]}',
        b'{"notices": [null]}',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"notices": [' + b'{"jwt": "a.b.c"},' * 20 + b'{"jwt": "a.b.c"}]}',
    ],
)
def test_what_is_no_list_of_notices_is_refused(client: FlaskClient, platform: FakePlatform, body: bytes) -> None:
    answer = client.post("/lti/notices", data=body, content_type="application/json")
    assert (answer.status_code, code(answer)) == (400, "LTI-NOTICES")


def test_a_request_that_is_larger_than_any_notices_is_not_read(client: FlaskClient) -> None:
    assert client.post("/lti/notices", data=b"x" * 300_000, content_type="application/json").status_code == 413


def test_whoever_floods_us_is_told_to_wait_and_an_lms_at_another_address_is_heard(
    make_app: MakeApp, platform: FakePlatform, engine: Engine
) -> None:
    client = make_app(launch_rate_limit="3/minute").test_client()
    assert [send(client, "a.b.c").status_code for _ in range(5)] == [400, 400, 400, 429, 429]
    assert platform.fetches == 0
    elsewhere = {"REMOTE_ADDR": "192.0.2.1"}
    body = {"notices": [{"jwt": id_token(platform, notice(platform))}]}
    assert client.post("/lti/notices", json=body, environ_overrides=elsewhere).status_code == 204
    assert rows(engine, KEPT) == COPIED
