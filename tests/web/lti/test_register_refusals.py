"""Registrations that cannot go on: a readable page with a stable code, and nothing kept."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine
from werkzeug.wrappers import Response

from lti_tool.lti.registration import Registrar
from lti_tool.web.lti.register import REGISTRAR
from tests.conftest import MakeApp
from tests.registering_lms import CANVAS, PLATFORM, TOOL, RegisteringLms, observed, serving_lms
from tests.web.lti.conftest import rows
from tests.web.lti.registering import ADDRESS, code, propose, register
from tests.web.pages import Page, post


@pytest.mark.parametrize("proposal", ["", "x", "gAAAAA", "é"])
def test_a_form_that_we_did_not_make_is_refused(client: FlaskClient, proposal: str) -> None:
    refused = client.post(ADDRESS, data={"proposal": proposal})
    assert (refused.status_code, code(refused)) == (400, "REG-PAGE")


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"openid_configuration": ""},
        {"openid_configuration": "http://a b"},
        {"openid_configuration": "x" * 2001},
        {"openid_configuration": ["http://localhost/1", "http://localhost/2"]},
        {"openid_configuration": "http://localhost/", "registration_token": "one\ntwo"},
        {"openid_configuration": "http://localhost/", "registration_token": "x" * 8001},
        {"openid_configuration": "http://localhost/", "registration_token": "é"},
    ],
)
def test_an_address_that_no_lms_opened_says_what_it_is_for(client: FlaskClient, query: dict[str, Any]) -> None:
    refused = client.get(ADDRESS, query_string=query)
    assert (refused.status_code, code(refused)) == (400, "REG-START")


@pytest.mark.parametrize(
    "url",
    [
        "http://lms.example/configuration",
        "file:///etc/passwd",
        "https://user:secret@lms.example/",
        "https://127.0.0.2/configuration",
        "https://10.0.0.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://[::ffff:10.0.0.1]/",
    ],
)
def test_an_address_that_may_not_be_called_is_refused(client: FlaskClient, url: str) -> None:
    refused = client.get(ADDRESS, query_string={"openid_configuration": url})
    assert (refused.status_code, code(refused)) == (400, "REG-ADDRESS")


def test_a_private_host_is_not_called_unless_the_operator_named_it(make_app: MakeApp, moodle: RegisteringLms) -> None:
    refused = propose(make_app(allow_private_hosts=[]).test_client(), moodle)
    assert (refused.status_code, code(refused)) == (400, "REG-ADDRESS")
    assert moodle.headers == []


def test_no_redirect_is_followed(client: FlaskClient, moodle: RegisteringLms) -> None:
    true = moodle.configuration_url
    moodle.told = Response(status=302, headers={"Location": true})
    for token in (moodle.token, None):
        refused = propose(client, moodle, registration_token=token)
        assert (refused.status_code, code(refused)) == (502, "REG-CONFIGURATION")
    assert len(moodle.headers) == 2


def test_the_registration_goes_through_no_redirect_either(client: FlaskClient, moodle: RegisteringLms) -> None:
    moodle.refusal = Response(status=307, headers={"Location": f"{moodle.url}/elsewhere"})
    refused = register(client, moodle)
    assert (refused.status_code, code(refused)) == (502, "REG-LMS")
    assert len(moodle.headers) == 2


JUNK: tuple[Any, ...] = (
    None,
    True,
    0,
    1.5,
    "",
    "\x00",
    "\ud800",
    [],
    [[]],
    {},
    {"a": {}},
    ["\x00"],
    [None],
    "x" * 3000,
)
FIELDS = ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri", "registration_endpoint", PLATFORM)


@pytest.mark.parametrize("field", FIELDS)
def test_junk_in_what_is_needed_is_refused(client: FlaskClient, moodle: RegisteringLms, field: str) -> None:
    true = moodle.configuration.pop(field)
    for junk in JUNK:
        if field == PLATFORM and junk in ({}, {"a": {}}):
            continue  # says nothing of itself, which is allowed
        moodle.configuration[field] = junk
        refused = propose(client, moodle)
        assert refused.status_code in (400, 502), (field, junk)
        assert code(refused) in ("REG-CONFIGURATION", "REG-ADDRESS", "REG-HOSTS"), (field, junk)
    moodle.configuration[field] = true
    assert propose(client, moodle).status_code == 200


@pytest.mark.parametrize(
    "field", ["scopes_supported", "claims_supported", "authorization_server", "messages_supported", "variables",
              "product_family_code", "version", "id_token_signing_alg_values_supported", f"{CANVAS}account_name"]
)  # fmt: skip
def test_junk_elsewhere_is_refused_or_does_nothing(client: FlaskClient, field: str) -> None:
    with serving_lms("canvas") as lms:
        place = lms.part if field in lms.part or "account" in field else lms.configuration
        for junk in JUNK:
            place[field] = junk
            assert propose(client, lms).status_code in (200, 400, 502), (field, junk)


@pytest.mark.parametrize(
    "body",
    [b"", b"not json", b"[]", b"1", b"null", b'"text"', b"{", b"[" * 100_000, b'{"issuer":' * 20_000, b"\xff\xfe",
     b"<!DOCTYPE html>", b"9" * 5000]
)  # fmt: skip
def test_an_answer_that_is_no_configuration_is_refused(
    client: FlaskClient, moodle: RegisteringLms, body: bytes
) -> None:
    moodle.told = Response(body, mimetype="application/json")
    refused = propose(client, moodle)
    assert (refused.status_code, code(refused)) == (502, "REG-CONFIGURATION")
    moodle.told = None
    moodle.refusal = Response(body, mimetype="application/json")
    refused = register(client, moodle)
    assert (refused.status_code, code(refused)) == (502, "REG-ANSWER")


@pytest.mark.parametrize("letter", ["\x00", "\ud800", "\n"])
def test_an_audience_that_nothing_can_keep_is_refused(client: FlaskClient, moodle: RegisteringLms, letter: str) -> None:
    moodle.configuration["authorization_server"] = f"{moodle.url}/{letter}"
    assert code(propose(client, moodle)) == "REG-CONFIGURATION"


@pytest.mark.parametrize("status", [204, 300, 404, 500, 503])
def test_a_page_of_errors_is_no_configuration_even_if_it_looks_like_one(
    client: FlaskClient, moodle: RegisteringLms, status: int
) -> None:
    moodle.told = Response(json.dumps(moodle.configuration), status=status, mimetype="application/json")
    assert code(propose(client, moodle)) == "REG-CONFIGURATION"


@pytest.mark.parametrize("client_id", [None, True, "", "x" * 256, [], {}, "\x00", 1.5])
def test_an_answer_without_a_client_is_refused(client: FlaskClient, engine: Engine, client_id: object) -> None:
    with serving_lms(client_id=client_id) as lms:
        refused = register(client, lms)
    assert (refused.status_code, code(refused)) == (502, "REG-ANSWER")
    assert rows(engine, "select * from platforms") == []


@pytest.mark.parametrize("junk", [True, "", "x" * 256, [], {}, "\x00", 1.5])
def test_an_answer_with_junk_for_its_installation_is_refused(client: FlaskClient, junk: object) -> None:
    with serving_lms(deployment_id=junk) as lms:
        assert code(register(client, lms)) == "REG-ANSWER"
    with serving_lms(extra={TOOL: junk, "scope": junk}) as lms:
        assert code(register(client, lms)) == "REG-ANSWER"


def test_what_the_lms_answers_is_shown_where_it_is_a_short_text(client: FlaskClient) -> None:
    for name, answer in observed("dynamic-registration-answers").items():
        if answer["status"] == 200:
            continue
        with serving_lms(refusal=Response(answer["body"], status=answer["status"])) as lms:
            refused = register(client, lms)
        assert (refused.status_code, code(refused)) == (502, "REG-LMS"), name
        assert ("“" in Page(refused).text) == ("<" not in answer["body"]), name
    error = {"error": "invalid_client_metadata", "error_description": "<b>no</b> domain"}
    with serving_lms(refusal=Response(json.dumps(error), status=400)) as lms:
        assert "“<b>no</b> domain”" not in register(client, lms).get_data(as_text=True)


def test_a_token_that_the_lms_no_longer_knows_is_said_so(client: FlaskClient) -> None:
    with serving_lms("canvas") as lms:
        refused = propose(client, lms, registration_token="another")
    assert (refused.status_code, code(refused)) == (400, "REG-TOKEN")


def test_an_lms_that_is_not_there_is_said_so(client: FlaskClient) -> None:
    refused = client.get(ADDRESS, query_string={"openid_configuration": "http://localhost:1/"})
    assert (refused.status_code, code(refused)) == (502, "REG-UNREACHABLE")


def test_an_lms_that_says_too_much_is_cut_off(client: FlaskClient, moodle: RegisteringLms) -> None:
    moodle.told = Response(b" " * 300_000)
    refused = propose(client, moodle)
    assert (refused.status_code, code(refused)) == (502, "REG-UNREACHABLE")


@pytest.mark.parametrize(
    ("field", "value"),
    [("id_token_signing_alg_values_supported", ["HS256"]), ("token_endpoint_auth_methods_supported", ["none"])],
)
def test_an_lms_that_cannot_do_lti_is_told_so(
    client: FlaskClient, moodle: RegisteringLms, field: str, value: list[str]
) -> None:
    moodle.configuration[field] = value
    assert code(propose(client, moodle)) == "REG-UNSUPPORTED"


def test_so_many_may_wait_and_no_more(client: FlaskClient, moodle: RegisteringLms, engine: Engine) -> None:
    with engine.begin() as connection:
        for number in range(100):
            connection.exec_driver_sql(
                "insert into platforms (id, name, family, issuer, client_id, auth_login_url, auth_token_url, jwks_url,"
                f" status, created_at) values ('{number}', 'x', 'other', 'x', '{number}', 'x', 'x', 'x', 'pending', 1)"
            )
    refused = propose(client, moodle)
    assert (refused.status_code, code(refused)) == (429, "too_many_waiting")
    assert moodle.headers == []


def test_whoever_comes_to_nothing_too_often_is_told_to_wait(make_app: MakeApp, moodle: RegisteringLms) -> None:
    client = make_app(launch_rate_limit="3/hour").test_client()
    codes = [code(client.get(ADDRESS)) for _ in range(4)]
    assert codes == ["REG-START"] * 3 + ["REG-BUSY"]
    assert propose(client, moodle).status_code == 200


def test_slow_lmss_do_not_hold_all_threads(make_app: MakeApp, moodle: RegisteringLms) -> None:
    app = make_app()
    moodle.told = lambda _: time.sleep(1) or Response("{}")  # type: ignore[func-returns-value] # a slow LMS
    with ThreadPoolExecutor(4) as pool:
        codes = list(pool.map(lambda _: code(propose(app.test_client(), moodle)), range(4)))
    assert sorted(codes) == ["REG-BUSY"] * 2 + ["REG-CONFIGURATION"] * 2


def test_an_invitation_is_not_used_up_where_there_was_no_place_for_it(
    client: FlaskClient, moodle: RegisteringLms
) -> None:
    form = Page(propose(client, moodle)).form(ADDRESS)
    registrar = client.application.extensions[REGISTRAR]
    with registrar.place(), registrar.place():
        assert code(post(client, form)) == "REG-BUSY"
    assert post(client, form).status_code == 200


def test_an_lms_that_takes_too_long_is_not_waited_for(make_app: MakeApp, moodle: RegisteringLms) -> None:
    app = make_app()
    app.extensions[REGISTRAR] = Registrar(app.extensions["creditroll"], within_s=0.5)
    client = app.test_client()
    form = Page(propose(client, moodle)).form(ADDRESS)
    moodle.told = moodle.refusal = lambda _: time.sleep(1) or Response("{}")  # type: ignore[func-returns-value] # slow
    for refused in (propose(client, moodle), post(client, form)):
        assert (refused.status_code, code(refused)) == (504, "REG-TIMEOUT")
