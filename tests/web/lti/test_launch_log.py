"""Every refused login and every launch leaves one row that says why, and says nothing of anybody."""

import json
import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, text
from werkzeug.test import TestResponse

from lti_tool.lti import launches
from tests.conftest import Books, MakeApp
from tests.lti_platform import (
    ABSENT,
    CLAIM,
    MEMBERSHIP,
    FakePlatform,
    claims,
    id_token,
    key,
    launch,
    login,
    post,
    public_url,
)
from tests.web.lti.conftest import give_license, rows
from tests.web.pages import Page

SECRETS = ("Ada", "Byron", "ada@school.example", "subject-1", "hint-1", "eyJ", "Mozilla")


def logged(engine: Engine) -> list[dict[str, Any]]:
    """All rows, oldest first, with their JSON read."""
    with engine.connect() as connection:
        found = connection.execute(text("select * from launches order by id")).mappings().all()
    return [dict(row) | {name: json.loads(row[name]) for name in ("checks", "claims")} for row in found]


def support_id(answer: TestResponse) -> str:
    """What the refusal page tells the person to pass on."""
    [found] = re.findall(r"Support ID ?([0-9A-Z]{4}-[0-9A-Z]{4})", Page(answer).text)
    return str(found)


def test_a_launch_that_is_let_in_leaves_one_row_with_every_check(
    client: FlaskClient, platform: FakePlatform, books: Books, engine: Engine
) -> None:
    give_license(books, platform)
    custom = {"canvas_user_id": "42", "sis": "$Person.sourcedId", "history": ""}
    changes = {
        f"{CLAIM}custom": custom,
        "https://www.instructure.com/placement": "course_navigation",
        "iat": int(time.time()) - 30,
    }
    assert launch(client, platform, changes=changes).status_code == 303

    [row] = logged(engine)
    assert (row["code"], row["platform_id"], row["deployment_id"]) == ("ok", platform.id, "deployment-1")
    assert row["checks"] == dict.fromkeys(launches.STEPS, "ok")
    assert row["carried_by"] == "cookie"
    assert 29 <= row["skew_s"] <= 40
    came = row["claims"]
    assert came["roles"] == [f"{MEMBERSHIP}Learner"]
    assert came["role_here"] == "learner"
    assert came["context"] == "context-1"
    assert (came["name"], came["email"]) == ("9 characters", "18 characters")
    assert came["placement"] == "course_navigation"
    assert came["target"] == "https://tool.test/lti/launch"
    assert came["custom"] == {"canvas_user_id": "sent", "sis": "unresolved", "history": "empty"}


def test_the_support_id_of_a_launch_that_is_let_in_is_in_the_log_line_of_its_request(
    client: FlaskClient, platform: FakePlatform, engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    launch(client, platform)
    [row] = logged(engine)
    assert f"support_id={row['support_id']}" in capsys.readouterr().out


Refused = Callable[[FlaskClient, FakePlatform], TestResponse]


def changed(**claim: Any) -> Refused:
    """A launch with that claim changed."""
    return lambda client, platform: launch(client, platform, changes=claim)


def signed_by_another(client: FlaskClient, platform: FakePlatform) -> TestResponse:
    platform.key = key("key-2")
    platform.published = [key("key-1").jwk | {"kid": "key-2"}]
    return launch(client, platform)


def replayed(client: FlaskClient, platform: FakePlatform) -> TestResponse:
    begun = login(client, platform)
    token = id_token(platform, claims(platform, tool=public_url(client), nonce=begun.nonce))
    post(client, id_token=token, state=begun.state)
    client.delete_cookie("__Host-creditroll", domain="tool.test")
    return post(client, id_token=token, state=begun.state)


def in_another_browser(client: FlaskClient, platform: FakePlatform) -> TestResponse:
    begun = login(client, platform)
    token = id_token(platform, claims(platform, tool=public_url(client), nonce=begun.nonce))
    return post(client.application.test_client(), id_token=token, state=begun.state)


def refused_by_the_lms(client: FlaskClient, platform: FakePlatform) -> TestResponse:
    begun = login(client, platform)
    return post(client, error="login_required", error_description="Ada Byron", state=begun.state)


REFUSED: dict[str, tuple[Refused, str, str]] = {
    "no_state": (lambda client, _: post(client), "LTI-STATE-MISSING", "state"),
    "another_browser": (in_another_browser, "LTI-STATE-BROWSER", "browser"),
    "lms_error": (refused_by_the_lms, "LTI-LMS-ERROR", "lms"),
    "wrong_key": (signed_by_another, "LTI-SIGNATURE", "signature"),
    "audience": (changed(aud="another"), "LTI-AUD", "audience"),
    "expired": (changed(exp=int(time.time()) - 900), "LTI-EXPIRED", "expiry"),
    "from_the_future": (changed(iat=int(time.time()) + 900), "LTI-IAT", "issued_at"),
    "wrong_nonce": (changed(nonce="another"), "LTI-NONCE", "nonce"),
    "target": (changed(target_link_uri="https://evil.example/x"), "LTI-TARGET", "target"),
    "no_roles": (changed(roles=ABSENT), "LTI-CLAIM-MISSING", "claims"),
    "anonymous": (changed(sub=ABSENT), "LTI-ANONYMOUS", "person"),
    "replayed": (replayed, "LTI-NONCE-USED", "first_use"),
    "new_deployment": (changed(deployment_id="another"), "LTI-DEPLOYMENT-PENDING", "deployment"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_refused_launch_leaves_the_row_that_its_page_names(
    case: str, client: FlaskClient, platform: FakePlatform, engine: Engine
) -> None:
    try_it, code, failed = REFUSED[case]
    answer = try_it(client, platform)

    row = logged(engine)[-1]
    assert row["support_id"] == support_id(answer)
    assert row["code"] == code
    assert row["platform_id"] == (None if case == "no_state" else platform.id)
    at = launches.STEPS.index(failed)
    assert list(row["checks"].values()) == ["ok"] * at + ["failed"] + ["not reached"] * (len(launches.STEPS) - at - 1)
    kept = json.dumps(row)
    assert [secret for secret in SECRETS if secret in kept] == []


def test_a_refused_login_leaves_the_row_that_its_page_names(
    client: FlaskClient, platform: FakePlatform, engine: Engine
) -> None:
    answer = login(client, platform, client_id="another").response

    [row] = logged(engine)
    assert row["support_id"] == support_id(answer)
    assert (row["code"], row["platform_id"]) == ("LTI-PLATFORM-UNKNOWN", None)
    assert row["checks"] == {"parameters": "ok", "target": "ok", "platform": "failed"}
    assert row["claims"]["iss"] == platform.issuer
    assert row["claims"]["client_id"] == "another"
    assert row["claims"]["login_hint"] == "6 characters"
    assert row["deployment_id"] == "deployment-1"


def test_a_login_refused_before_its_platform_was_looked_for_is_found_with_that_platform(
    client: FlaskClient, platform: FakePlatform, engine: Engine
) -> None:
    login(client, platform, target_link_uri="https://evil.example/x?student=Ada")
    [row] = logged(engine)
    assert (row["code"], row["platform_id"]) == ("LTI-TARGET", platform.id)
    assert row["claims"]["target"] == "https://evil.example/x"


def test_a_login_that_goes_on_leaves_no_row(client: FlaskClient, platform: FakePlatform, engine: Engine) -> None:
    login(client, platform)
    assert logged(engine) == []


def test_one_person_is_told_from_another_without_their_sub(
    client: FlaskClient, platform: FakePlatform, engine: Engine
) -> None:
    for subject in ("subject-1", "subject-1", "subject-2"):
        launch(client, platform, subject=subject)
    first, again, other = (row["claims"]["person"] for row in logged(engine))
    assert first == again != other
    assert "subject" not in json.dumps(logged(engine))


def test_what_an_unsigned_token_says_is_not_kept(client: FlaskClient, platform: FakePlatform, engine: Engine) -> None:
    signed_by_another(client, platform)
    [row] = logged(engine)
    assert row["claims"]["came"] == []
    assert row["claims"]["kid"] == "key-2"


def test_a_flood_of_refusals_beyond_the_limit_leaves_no_row(make_app: MakeApp, engine: Engine) -> None:
    client = make_app(launch_rate_limit="3/minute").test_client()
    answers = [post(client).status_code for _ in range(20)]
    assert answers == [400] * 3 + [429] * 17
    assert len(logged(engine)) == 3


def test_a_flood_from_many_addresses_leaves_no_more_rows_than_a_worker_notes(
    app: Flask, client: FlaskClient, platform: FakePlatform, engine: Engine
) -> None:
    for number in range(200):
        client.post("/lti/launch", environ_overrides={"REMOTE_ADDR": f"192.0.2.{number}"})
    assert len(logged(engine)) <= 120
    # What the LMS signed is not crowded out by what strangers post.
    launch(client, platform, changes={"aud": "another"})
    assert rows(engine, "select count(*) from launches where code = 'LTI-AUD'") == [(1,)]


def test_a_refusal_is_answered_even_where_it_cannot_be_noted(
    client: FlaskClient, platform: FakePlatform, engine: Engine
) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("drop table launches")
    answer = post(client)
    assert answer.status_code == 400
    assert "LTI-STATE-MISSING" in answer.text
