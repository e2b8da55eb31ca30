"""D1 to D8: the validator's picker gets an answer that it can check, and the link that was passed launches."""

import time
from typing import Any

import jwt
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.conformance.conftest import LIS, TEACHER, Sent
from tests.lti_platform import CLAIM, FakePlatform, picking
from tests.web import pages
from tests.web.pages import Form, Page

DL = "https://purl.imsglobal.org/spec/lti-dl/claim/"
RETURN = "https://ltiadvantagevalidator.imsglobal.org/ltitool/deeplinkresponse.html?platform=1234"
INSTRUCTOR = {"roles": [f"{LIS}membership#Instructor"]}
REQUEST = (
    picking(
        deep_link_return_url=RETURN,
        accept_types=["link", "file", "html", "ltiResourceLink"],
        accept_media_types="image/*,text/html",
        auto_create=True,
        title="The selected title",
        text="The selected text",
        data="909708",
    )
    | TEACHER
    | INSTRUCTOR
    | {"launch_presentation": {"document_target": "window", "width": 360, "height": 480}}
)


@pytest.fixture
def asked(attempt: Sent) -> TestResponse:
    """What the tool shows to whoever opens the validator's picker."""
    return attempt(REQUEST)


@pytest.fixture
def form(client: FlaskClient, asked: TestResponse) -> Form:
    """What the tool's page posts to the validator, once the first choice is taken."""
    [form] = Page(pages.post(client, Page(asked).form("/lti/deep-link"))).forms
    return form


@pytest.fixture
def token(form: Form) -> str:
    """The response's JWT."""
    [(name, value)] = form.fields
    assert name == "JWT"
    return value


@pytest.fixture
def claims(token: str) -> dict[str, Any]:
    """What the response says; D5 checks its signature."""
    said: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return said


def test_d1_the_request_is_answered_with_a_page_to_choose_from(asked: TestResponse) -> None:
    assert asked.status_code == 200
    assert "Bio Adventures" in Page(asked).text


def test_d2_the_response_goes_to_the_return_address(form: Form) -> None:
    assert (form.action, [name for name, _ in form.fields]) == (RETURN, ["JWT"])


def test_d3_it_is_a_deep_linking_response(claims: dict[str, Any]) -> None:
    assert claims[f"{CLAIM}message_type"] == "LtiDeepLinkingResponse"
    assert claims[f"{CLAIM}version"] == "1.3.0"


def test_d4_its_time_stamps_are_valid(claims: dict[str, Any]) -> None:
    assert claims["iat"] <= time.time() < claims["exp"] <= time.time() + 3600


def test_d5_its_signature_is_of_a_key_in_our_set(token: str, client: FlaskClient, registered: FakePlatform) -> None:
    published = jwt.PyJWKSet.from_dict(client.get("/lti/jwks.json").get_json())
    key = published[jwt.get_unverified_header(token)["kid"]]
    assert jwt.decode(token, key, ["RS256"], audience=registered.issuer, issuer=registered.client_id)


def test_d6_every_claim_that_must_be_there_is(claims: dict[str, Any]) -> None:
    needed = {"iss", "aud", "exp", "iat", "nonce", f"{CLAIM}deployment_id", f"{DL}content_items", f"{DL}data"}
    assert needed <= claims.keys()
    assert claims["nonce"]


def test_d7_its_values_are_those_of_the_request(claims: dict[str, Any], registered: FakePlatform) -> None:
    assert (claims["iss"], claims["aud"]) == (registered.client_id, registered.issuer)
    assert claims[f"{CLAIM}deployment_id"] == registered.deployment_id
    assert claims[f"{DL}data"] == "909708"
    [item] = claims[f"{DL}content_items"]
    assert item["type"] == "ltiResourceLink"


def test_d8_the_link_that_was_passed_launches(claims: dict[str, Any], attempt: Sent) -> None:
    [item] = claims[f"{DL}content_items"]
    launched = attempt(TEACHER | INSTRUCTOR | {"target_link_uri": item["url"], "custom": item.get("custom", {})})
    assert (launched.status_code, launched.headers["Location"]) == (303, "/manager/")
