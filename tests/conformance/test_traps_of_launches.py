"""What real LMSs do at a launch and tools trip over, one test each by the name in suite.TRAPS."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Response
from flask.testing import FlaskClient
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from lti_tool.db import writing
from lti_tool.lti import launches, one_time
from lti_tool.lti.attempts import Attempt
from lti_tool.lti.door import open_door
from lti_tool.lti.launches import Posted, Verified
from lti_tool.lti.refusals import NonceUsed, StateExpired
from lti_tool.settings import Settings
from tests.conformance.conftest import LIS, STUDENT, TEACHER, Sent, assert_refused, launch_claims, with_license, words
from tests.conftest import Books, MakeApp
from tests.lti_platform import ABSENT, FakePlatform, id_token, key, login, post, register

INSTRUCTOR, LEARNER = f"{LIS}membership#Instructor", f"{LIS}membership#Learner"
TA = f"{LIS}membership/Instructor#TeachingAssistant"


def people(engine: Engine) -> int:
    """How many have been given an account."""
    with engine.connect() as connection:
        return int(connection.exec_driver_sql("select count(*) from members").scalar() or 0)


def test_trap_schoology_aud_array(attempt: Sent, registered: FakePlatform) -> None:
    assert attempt({"aud": [registered.client_id]}).status_code == 303


@pytest.mark.parametrize("name", ["deployment_id", "lti_deployment_id"])
def test_trap_canvas_deployment_id_at_login(name: str, client: FlaskClient, registered: FakePlatform) -> None:
    begun = login(client, registered, **{"lti_deployment_id": ABSENT, name: registered.deployment_id})
    token = id_token(registered, launch_claims(registered, begun.nonce))
    assert post(client, id_token=token, state=begun.state).status_code == 303


def test_trap_rotated_kid(attempt: Sent, registered: FakePlatform, monkeypatch: pytest.MonkeyPatch) -> None:
    assert attempt().status_code == 303
    monkeypatch.setattr(registered, "key", key("imstester_5"))
    monkeypatch.setattr(registered, "published", [key("imstester_5").jwk])
    assert attempt().status_code == 303


def test_trap_jwks_503_with_json(
    attempt: Sent, registered: FakePlatform, make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert attempt().status_code == 303
    down = Response('{"keys": []}', 503, content_type="application/json")
    monkeypatch.setattr(registered, "answer", down)
    assert attempt().status_code == 303  # the keys that we know are still good
    other = make_app().test_client()  # a process that knows none
    begun = login(other, registered)
    token = id_token(registered, launch_claims(registered, begun.nonce))
    assert_refused(post(other, id_token=token, state=begun.state), "LTI-KEYS")


def test_trap_two_tenants_on_one_issuer(client: FlaskClient, registered: FakePlatform, books: Books) -> None:
    other = FakePlatform(registered.url, issuer=registered.issuer, client_id="imstester_2", key=registered.key)
    with books() as session:
        register(session, other)
    begun = login(client, other)
    of_the_first = id_token(registered, launch_claims(registered, begun.nonce))
    assert_refused(post(client, id_token=of_the_first, state=begun.state), "LTI-AUD")
    own = id_token(other, launch_claims(other, begun.nonce))
    assert post(client, id_token=own, state=begun.state).status_code == 303


def test_trap_two_iframes_at_once(client: FlaskClient, registered: FakePlatform) -> None:
    first, second = login(client, registered), login(client, registered)
    for begun in (second, first):
        token = id_token(registered, launch_claims(registered, begun.nonce))
        assert post(client, id_token=token, state=begun.state).status_code == 303


def test_trap_iat_five_seconds_ahead(attempt: Sent) -> None:
    assert attempt({"iat": int(time.time()) + 5}).status_code == 303


def test_trap_teacher_and_ta(attempt: Sent, registered: FakePlatform, books: Books, client: FlaskClient) -> None:
    with_license(books, registered)
    home = attempt(TEACHER | {"roles": [INSTRUCTOR, TA]}).headers["Location"]
    assert "Hutton, teaching assistant" in words(client.get(home).text)
    assert client.get("/manager/settings").status_code == 403


def test_trap_learner_with_institution_administrator(
    attempt: Sent, registered: FakePlatform, books: Books, client: FlaskClient
) -> None:
    with_license(books, registered)
    roles = [f"{LIS}institution/person#Administrator", f"{LIS}institution/person#Instructor", LEARNER]
    assert attempt(STUDENT | {"roles": roles}).headers["Location"] == "/student/"
    assert client.get("/manager/").status_code == 403


def test_trap_test_user(attempt: Sent, registered: FakePlatform, books: Books, engine: Engine) -> None:
    with_license(books, registered)
    roles = [LEARNER, "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"]
    assert "This is the student view" in attempt(STUDENT | {"roles": roles}).text
    assert people(engine) == 0


def test_trap_no_context(
    attempt: Sent, registered: FakePlatform, books: Books, engine: Engine, client: FlaskClient
) -> None:
    with_license(books, registered)
    home = attempt(STUDENT | {"context": ABSENT}).headers["Location"]
    assert "Open Creditroll from inside a course" in client.get(home).text
    assert people(engine) == 0


def test_trap_unresolved_custom_value(
    attempt: Sent, registered: FakePlatform, books: Books, client: FlaskClient
) -> None:
    with_license(books, registered)
    unresolved = {"name": "$Person.name.full", "given_name": "@X@user.id@X@", "custom": {"sis": "$Person.sourcedId"}}
    home = attempt(STUDENT | unresolved | {"family_name": ABSENT}).headers["Location"]
    page = words(client.get(home).text)
    assert "You are here as Learner " in page
    assert "$Person" not in page
    assert "@X@" not in page


def test_trap_integer_sub(attempt: Sent) -> None:
    assert_refused(attempt({"sub": 39890}), "LTI-CLAIM")


def test_trap_oidc_error_post(client: FlaskClient, registered: FakePlatform) -> None:
    begun = login(client, registered)
    fields = {"error": "launch_no_longer_valid", "error_description": "<b>used</b>", "state": begun.state}
    answer = post(client, **fields)
    assert_refused(answer, "LTI-LMS-ERROR")
    assert "<b>used" not in answer.text


def test_trap_replay_after_11_seconds_and_after_10_minutes(
    registered: FakePlatform, settings: Settings, engine: Engine
) -> None:
    door, now = open_door(settings), datetime.now(UTC)
    state, secret = door.states.begin(registered.id, now=now)
    hour = {"exp": int(now.timestamp()) + 3600}  # as Canvas gives a token
    token = id_token(registered, launch_claims(registered, state.nonce, hour))
    posted = Posted(id_token=token, state=door.states.sign(state), cookies={state.cookie_name: secret})

    def verify(session: Session, after: timedelta) -> Verified:
        return launches.verify(session, posted, Attempt(launches.STEPS), door=door, now=now + after)

    def launch(after: timedelta) -> None:
        with writing(engine) as session:
            one_time.forget_expired(session, now=now + after)  # the sweeper forgets none that could still be used
            launches.arrive(session, verify(session, after), Attempt(launches.STEPS), now=now + after)

    launch(timedelta(0))
    for seconds in (11, 598):
        with pytest.raises(NonceUsed):
            launch(timedelta(seconds=seconds))
    for minutes in (10, 11, 600):
        with pytest.raises(StateExpired):
            launch(timedelta(minutes=minutes))


def test_trap_proxy_without_x_forwarded_proto(make_app: MakeApp, registered: FakePlatform, engine: Engine) -> None:
    browser = make_app(trusted_proxies=1).test_client(use_cookies=False)
    sent = {"iss": registered.issuer, "client_id": registered.client_id, "login_hint": "1"}
    sent["target_link_uri"] = "https://tool.test/lti/launch"
    from_proxy: dict[str, Any] = {"base_url": "http://tool.test", "headers": {"X-Forwarded-For": "203.0.113.5"}}
    answer = browser.post("/lti/login", data=sent, **from_proxy)
    asked = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert asked["redirect_uri"] == ["https://tool.test/lti/launch"]
    cookie = answer.headers["Set-Cookie"]
    assert all(word in cookie for word in ("Secure", "SameSite=None", "Partitioned"))

    from_proxy["headers"] = {"X-Forwarded-For": "203.0.113.5", "Cookie": cookie.partition(";")[0]}
    token = id_token(registered, launch_claims(registered, asked["nonce"][0]))
    let_in = browser.post("/lti/launch", data={"id_token": token, "state": asked["state"][0]}, **from_proxy)
    assert let_in.status_code == 303
    assert not let_in.headers["Location"].startswith("http://")
