"""Service tokens: asked for once, kept while good, shared with nobody, and every refusal is the same plain one."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import jwt
import pytest
from werkzeug.wrappers import Response

from lti_tool.db import micros
from lti_tool.lti.names_roles import SCOPE
from lti_tool.lti.service_calls import Fault, ServiceFault
from lti_tool.lti.service_tokens import ServiceAccount, ServiceTokens
from lti_tool.outbound import Outbound
from tests.factories import NOW
from tests.lti_platform import HOSTS
from tests.roster_lms import KEYRING, Clock, RosterLms, serving_roster

MOODLE = json.loads((Path(__file__).parent.parent / "fixtures/moodle/token-endpoint.json").read_text("utf-8"))


@pytest.fixture
def lms() -> Iterator[RosterLms]:
    with serving_roster() as lms:
        yield lms


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tokens() -> ServiceTokens:
    return ServiceTokens(Outbound(HOSTS), KEYRING.sign)


def test_the_assertion_is_what_lti_security_asks_for(lms: RosterLms, tokens: ServiceTokens, clock: Clock) -> None:
    tokens.token(lms.account, [SCOPE], patience=clock.patience())

    form = lms.forms[0]
    assertion = form.pop("client_assertion")
    assert form == {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "scope": SCOPE,
    }
    claims = jwt.decode(assertion, options={"verify_signature": False})
    assert jwt.get_unverified_header(assertion)["kid"] == "tool-key"
    assert claims["iss"] == claims["sub"] == lms.client_id
    assert claims["aud"] == lms.token_url
    now_s = micros(NOW) // 1_000_000
    assert (now_s - claims["iat"], claims["exp"] - now_s) == (60, 240)


def test_the_audience_of_the_registration_wins_over_the_token_url(tokens: ServiceTokens, clock: Clock) -> None:
    with serving_roster(audience="https://api.brightspace.com/auth/token") as lms:
        assert tokens.token(lms.account, [SCOPE], patience=clock.patience())


def test_a_token_is_kept_until_a_minute_before_its_end(lms: RosterLms, tokens: ServiceTokens, clock: Clock) -> None:
    first = tokens.token(lms.account, [SCOPE], patience=clock.patience())
    clock.now += timedelta(seconds=lms.token_life_s - 61)
    assert tokens.token(lms.account, [SCOPE], patience=clock.patience()) == first

    clock.now += timedelta(seconds=1)

    assert tokens.token(lms.account, [SCOPE], patience=clock.patience()) != first


def test_many_threads_ask_for_one_token(lms: RosterLms, tokens: ServiceTokens, clock: Clock) -> None:
    start = Barrier(8)

    def ask(_: int) -> str:
        start.wait()
        return tokens.token(lms.account, [SCOPE], patience=clock.patience())

    with ThreadPoolExecutor(8) as threads:
        found = set(threads.map(ask, range(8)))

    assert len(found) == len(lms.forms) == 1


def test_two_registrations_of_one_issuer_never_share_a_token(
    lms: RosterLms, tokens: ServiceTokens, clock: Clock
) -> None:
    lms.checks_assertions = False
    other = ServiceAccount("platform-2", "client-2", lms.token_url, lms.token_url)

    mine = tokens.token(lms.account, [SCOPE], patience=clock.patience())
    theirs = tokens.token(other, [SCOPE], patience=clock.patience())

    assert mine != theirs
    assert jwt.decode(lms.forms[1]["client_assertion"], options={"verify_signature": False})["iss"] == "client-2"


def test_other_scopes_are_another_token(lms: RosterLms, tokens: ServiceTokens, clock: Clock) -> None:
    lms.scope = None

    assert len({tokens.token(lms.account, scopes, patience=clock.patience()) for scopes in ([SCOPE], ["other"])}) == 2


def test_a_refused_token_is_forgotten_but_not_the_one_that_came_after_it(
    lms: RosterLms, tokens: ServiceTokens, clock: Clock
) -> None:
    first = tokens.token(lms.account, [SCOPE], patience=clock.patience())
    tokens.drop(lms.account, [SCOPE], first)
    second = tokens.token(lms.account, [SCOPE], patience=clock.patience())

    tokens.drop(lms.account, [SCOPE], first)

    assert tokens.token(lms.account, [SCOPE], patience=clock.patience()) == second != first


@pytest.mark.parametrize(
    "case", ["expired 1 s ago", "issued 30 s in the future", "unknown kid", "no kid", "unknown client"]
)
def test_whatever_moodle_says_instead_of_a_token_is_one_plain_refusal(
    lms: RosterLms, tokens: ServiceTokens, clock: Clock, case: str
) -> None:
    body = MOODLE[case]["body"]
    text = body if isinstance(body, str) else json.dumps(body)
    lms.plant("token", Response(text, MOODLE[case]["status"], content_type=MOODLE[case]["content_type"]))

    _refused(tokens, lms, clock, Fault.TOKEN_REFUSED)


@pytest.mark.parametrize(
    "answer",
    [
        Response("<!doctype html>not found", 404, mimetype="text/html"),
        Response("<!doctype html>sign in", 200, mimetype="text/html"),
        Response("[]", 200),
        Response('{"access_token": null}', 200),
        Response('{"access_token": ""}', 200),
        Response('{"access_token": "a\\r\\nX-Evil: b"}', 200),
        Response('{"access_token": 5}', 200),
        Response("[" * 100_000, 200),
    ],
)
def test_whatever_is_no_token_is_a_refusal(
    lms: RosterLms, tokens: ServiceTokens, clock: Clock, answer: Response
) -> None:
    lms.plant("token", answer)

    _refused(tokens, lms, clock, Fault.TOKEN_REFUSED)


@pytest.mark.parametrize(
    "answer",
    [
        Response('{"error": "invalid_scope"}', 400),
        Response('{"access_token": "t", "expires_in": 60, "scope": "https://purl.imsglobal.org/spec/lti-ags/x"}'),
    ],
)
def test_a_token_without_the_roster_scope_is_said_to_be_that(
    lms: RosterLms, tokens: ServiceTokens, clock: Clock, answer: Response
) -> None:
    lms.plant("token", answer)

    _refused(tokens, lms, clock, Fault.FORBIDDEN)


def test_a_refusal_is_not_remembered(lms: RosterLms, tokens: ServiceTokens, clock: Clock) -> None:
    lms.plant("token", Response("no", 400))
    _refused(tokens, lms, clock, Fault.TOKEN_REFUSED)

    assert tokens.token(lms.account, [SCOPE], patience=clock.patience())


def test_a_token_endpoint_that_stumbles_is_asked_again(lms: RosterLms, tokens: ServiceTokens, clock: Clock) -> None:
    lms.plant("token", Response(status=503), Response(status=502))

    assert tokens.token(lms.account, [SCOPE], patience=clock.patience())
    assert clock.waits == [1.0, 4.0]


@pytest.mark.parametrize("life", [None, "soon", 0, -5, "nan", 10**400])
def test_a_token_of_unknown_life_is_kept_for_some_minutes(
    lms: RosterLms, tokens: ServiceTokens, clock: Clock, life: Any
) -> None:
    body = {"access_token": "t", "token_type": "Bearer", "expires_in": life}
    lms.plant("token", Response(json.dumps(body)))

    first = tokens.token(lms.account, [SCOPE], patience=clock.patience())
    clock.now += timedelta(seconds=239)
    assert tokens.token(lms.account, [SCOPE], patience=clock.patience()) == first
    clock.now += timedelta(days=1)
    assert tokens.token(lms.account, [SCOPE], patience=clock.patience()) != first


def test_the_memory_for_tokens_is_bounded(lms: RosterLms, clock: Clock) -> None:
    tokens = ServiceTokens(Outbound(HOSTS), KEYRING.sign, most_kept=2)
    lms.checks_assertions = False
    accounts = [ServiceAccount(f"platform-{n}", "client-1", lms.token_url, lms.token_url) for n in range(3)]

    for account in (*accounts, accounts[2], accounts[0]):
        tokens.token(account, [SCOPE], patience=clock.patience())

    assert len(lms.forms) == 4  # the third was still known, the first was not


def _refused(tokens: ServiceTokens, lms: RosterLms, clock: Clock, code: Fault) -> None:
    with pytest.raises(ServiceFault) as refusal:
        tokens.token(lms.account, [SCOPE], patience=clock.patience())
    assert refusal.value.code is code
