"""A teacher picks in the tool what the demo LMS then has in its course: signed, once, and only what was asked for."""

import secrets
import time
from typing import Any

import pytest
import requests

from lti_tool.demo.signing_key import SigningKey
from tests.demo.conftest import KEY, Lms
from tests.demo_lms import TIMEOUT_S

CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
DEEP_LINKING = "https://purl.imsglobal.org/spec/lti-dl/claim/"
SETTINGS = f"{DEEP_LINKING}deep_linking_settings"
TEACHER = "grace-okonkwo-reyes"
CREDITS: dict[str, Any] = {"type": "ltiResourceLink", "title": "Credits & more", "custom": {"page": "settings"}}


def request(lms: Lms, slug: str = "add-to-module") -> dict[str, Any]:
    """What the LMS asks for."""
    return lms.claims("period-2", TEACHER, slug=slug)


def answer(lms: Lms, asked: dict[str, Any], *items: object, key: SigningKey = KEY, **changes: Any) -> requests.Response:
    """Posts the tool's answer, with changes; None leaves a claim out."""
    now = int(time.time())
    right = {
        "iss": lms.config.client_id,
        "aud": lms.config.issuer,
        "iat": now,
        "exp": now + 60,
        "nonce": secrets.token_urlsafe(),
        f"{CLAIM}message_type": "LtiDeepLinkingResponse",
        f"{CLAIM}version": "1.3.0",
        f"{CLAIM}deployment_id": asked[f"{CLAIM}deployment_id"],
        f"{DEEP_LINKING}content_items": list(items),
        f"{DEEP_LINKING}data": asked[SETTINGS].get("data"),
    }
    claims = {name: value for name, value in {**right, **changes}.items() if value is not None}
    form = {"JWT": key.sign(claims)}
    return requests.post(asked[SETTINGS]["deep_link_return_url"], data=form, timeout=TIMEOUT_S)


def test_a_request_has_settings_and_no_resource_link(lms: Lms) -> None:
    asked = request(lms)

    assert asked[f"{CLAIM}message_type"] == "LtiDeepLinkingRequest"
    assert f"{CLAIM}resource_link" not in asked
    assert asked[SETTINGS]["accept_types"] == ["link", "ltiResourceLink"]
    assert asked[SETTINGS]["accept_multiple"] is True
    assert asked[SETTINGS]["data"]
    assert "data" not in request(lms, "choose-for-assignment")[SETTINGS]


def test_what_was_picked_is_in_the_course_and_opens_where_it_says(lms: Lms) -> None:
    url = f"{lms.config.tool_url}/lti/launch?page=settings"
    answered = answer(lms, request(lms), {**CREDITS, "url": url}, {**CREDITS, "title": "Again"})

    assert answered.status_code == 200
    page = requests.get(f"{lms.url}/courses/period-2/as/emma-smith", timeout=TIMEOUT_S).text
    assert "Credits &amp; more" in page
    placed = lms.claims("period-2", "emma-smith", slug="link-1")
    assert placed[f"{CLAIM}target_link_uri"] == url
    assert placed[f"{CLAIM}custom"]["page"] == "settings"
    ids = {
        lms.claims("period-2", "emma-smith", slug=slug)[f"{CLAIM}resource_link"]["id"] for slug in ("link-1", "link-2")
    }
    assert len(ids) == 2


def test_a_plain_link_leads_out_and_launches_nothing(lms: Lms) -> None:
    answer(lms, request(lms), {"type": "link", "url": "https://else.example/", "title": "Elsewhere"})

    page = requests.get(f"{lms.url}/courses/period-2/as/emma-smith", timeout=TIMEOUT_S).text
    assert '<a href="https://else.example/" target="_blank" rel="noopener">Elsewhere</a>' in page
    assert requests.get(f"{lms.url}/courses/period-2/as/emma-smith/link-1", timeout=TIMEOUT_S).status_code == 404


def test_nothing_picked_is_an_answer_too(lms: Lms) -> None:
    answered = answer(lms, request(lms))

    assert (answered.status_code, "Nothing was placed" in answered.text) == (200, True)


def test_an_answer_is_taken_once(lms: Lms) -> None:
    asked = request(lms)

    assert [answer(lms, asked, CREDITS).status_code for _ in range(2)] == [200, 400]


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "somebody"},
        {"aud": "https://else.example"},
        {"exp": 1},
        {"nonce": None},
        {f"{CLAIM}message_type": "LtiResourceLinkRequest"},
        {f"{CLAIM}version": "1.2"},
        {f"{CLAIM}deployment_id": "another"},
        {f"{DEEP_LINKING}data": None},
        {f"{DEEP_LINKING}data": "changed"},
        {"key": SigningKey.generate()},
    ],
)
def test_an_answer_with_anything_wrong_is_refused(lms: Lms, changes: dict[str, Any]) -> None:
    assert answer(lms, request(lms), CREDITS, **changes).status_code == 400


def test_only_what_fits_the_place_is_taken(lms: Lms) -> None:
    assert answer(lms, request(lms, "choose-for-assignment"), CREDITS, CREDITS).status_code == 400
    assert answer(lms, request(lms, "choose-for-assignment"), {"type": "link"}).status_code == 400
    assert answer(lms, request(lms), {"type": "html", "html": "<b>"}).status_code == 400
    assert answer(lms, request(lms, "choose-for-assignment"), CREDITS).status_code == 200


def test_students_are_not_offered_to_add_anything(lms: Lms) -> None:
    course = f"{lms.url}/courses/period-2/as"

    assert "Add to a module" in requests.get(f"{course}/{TEACHER}", timeout=TIMEOUT_S).text
    assert "Add to a module" not in requests.get(f"{course}/emma-smith", timeout=TIMEOUT_S).text
    assert requests.get(f"{course}/emma-smith/add-to-module/launch", timeout=TIMEOUT_S).status_code == 404
