"""An administrator of the demo LMS lets a tool register itself, copies courses, and lets things go wrong."""

import re
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jwt
import pytest
import requests

from lti_tool.demo.families import FAMILIES
from lti_tool.demo.families.claims import CLAIM
from tests.demo.conftest import Lms
from tests.demo_lms import TIMEOUT_S

TOOL = "https://purl.imsglobal.org/spec/lti-tool-configuration"
NOTICES = "https://purl.imsglobal.org/spec/lti/scope/noticehandlers"
REGISTERING = [name for name, family in FAMILIES.items() if family.registering]


def press(lms: Lms, path: str, **fields: str) -> requests.Response:
    """A button of the administration."""
    return requests.post(f"{lms.url}/admin/{path}", data=fields, timeout=TIMEOUT_S)


def invited(lms: Lms) -> tuple[str, dict[str, str]]:
    """What the tool's registration page is opened with: the configuration's address, and the bearer's header."""
    page = press(lms, "register", url=f"{lms.config.tool_url}/lti/register").text
    [opened] = re.findall(r'"(http://127[^"]+openid_configuration[^"]+)"', page)
    query = dict(parse_qsl(urlsplit(unescape(opened)).query))
    return query["openid_configuration"], {"Authorization": f"Bearer {query['registration_token']}"}


def wanted(lms: Lms, **changes: Any) -> dict[str, Any]:
    """A registration, with changes."""
    return {
        "application_type": "web",
        "response_types": ["id_token"],
        "grant_types": ["client_credentials", "implicit"],
        "initiate_login_uri": lms.config.tool_login_url,
        "redirect_uris": [lms.config.tool_launch_url],
        "client_name": "Creditroll",
        "jwks_uri": lms.config.tool_jwks_url,
        "token_endpoint_auth_method": "private_key_jwt",
        "scope": "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly",
        TOOL: {
            "domain": lms.config.tool_url.removeprefix("http://"),
            "target_link_uri": lms.config.tool_launch_url,
            "claims": ["sub", "name"],
            "messages": [{"type": "LtiResourceLinkRequest"}],
        },
        **changes,
    }


def register(lms: Lms, **changes: Any) -> requests.Response:
    """The tool registers as the LMS's configuration says."""
    address, bearer = invited(lms)
    endpoint = requests.get(address, headers=bearer, timeout=TIMEOUT_S).json()["registration_endpoint"]
    return requests.post(endpoint, json=wanted(lms, **changes), headers=bearer, timeout=TIMEOUT_S)


@pytest.mark.parametrize("family", REGISTERING)
def test_a_tool_registers_itself_and_is_opened_with_its_new_client_once_it_is_switched_on(
    lms: Lms, family: str
) -> None:
    answer = register(lms)
    rules = FAMILIES[family].registering
    assert rules
    assert answer.status_code == rules.status
    client_id = answer.json()["client_id"]
    assert ("deployment_id" in answer.json()[TOOL]) is rules.tells_deployment

    press(lms, "use", client_id=client_id)

    claims = lms.claims("period-2", "emma-smith", client_id=client_id)
    assert claims["name"] == "Emma Smith"
    assert "email" not in claims, "it was not asked for"
    told = answer.json()[TOOL].get("deployment_id", claims[f"{CLAIM}deployment_id"])
    assert claims[f"{CLAIM}deployment_id"] == told
    assert client_id != lms.config.client_id


def test_nobody_opens_a_registration_that_was_not_switched_on(lms: Lms) -> None:
    register(lms)

    assert lms.claims("period-2", "emma-smith")["aud"] == lms.config.client_id


@pytest.mark.parametrize("family", ["sakai"])
def test_sakai_opens_it_at_once(lms: Lms, family: str) -> None:
    client_id = register(lms).json()["client_id"]

    assert lms.claims("period-2", "emma-smith", client_id=client_id)["aud"] == client_id


def test_canvas_tells_of_itself_only_to_who_brings_the_token(lms: Lms) -> None:
    address, bearer = invited(lms)

    assert requests.get(address, timeout=TIMEOUT_S).status_code == 401
    assert requests.get(address, headers=bearer, timeout=TIMEOUT_S).json()["issuer"] == lms.config.issuer


def test_a_scope_that_canvas_does_not_know_fails_the_registration(lms: Lms) -> None:
    assert register(lms, scope="https://example.com/made-up").status_code == 400


@pytest.mark.parametrize("family", ["moodle"])
def test_moodles_refusals_are_bare_texts_and_its_token_is_good_once(lms: Lms, family: str) -> None:
    address, bearer = invited(lms)
    endpoint = requests.get(address, timeout=TIMEOUT_S).json()["registration_endpoint"]
    elsewhere = wanted(lms)[TOOL] | {"domain": "tool.example"}
    first, again = (
        requests.post(endpoint, json=wanted(lms, **{TOOL: elsewhere}), headers=bearer, timeout=TIMEOUT_S)
        for _ in range(2)
    )

    assert (first.status_code, first.json()) == (400, "domain_targetlinkuri_mismatch")
    assert (again.status_code, again.json()) == (401, "token_already_used")


@pytest.mark.parametrize("family", ["schoology", "blackboard"])
def test_where_tools_do_not_register_themselves_the_page_says_so(lms: Lms, family: str) -> None:
    assert "Tools do not register themselves" in requests.get(f"{lms.url}/admin/", timeout=TIMEOUT_S).text
    assert press(lms, "register", url=f"{lms.config.tool_url}/lti/register").status_code == 404


@pytest.mark.parametrize("family", FAMILIES)
def test_a_copied_course_has_new_ids_and_says_where_it_came_from(lms: Lms, family: str) -> None:
    course, teacher = lms.first
    before = lms.claims(course, teacher)[f"{CLAIM}context"]["id"]
    page = press(lms, "copy", course=course)
    copies = re.findall(r'name="course" value="([^"]+-copy-\d+)"', page.text)

    claims = lms.claims(copies[0], teacher)

    assert claims[f"{CLAIM}context"]["id"] != before
    assert claims[f"{CLAIM}custom"]["context_history"] == before


def test_canvas_tells_a_tool_that_asked_of_a_copied_course(lms: Lms) -> None:
    service = lms.claims("period-2", "grace-okonkwo-reyes")[f"{CLAIM}platformnotificationservice"]
    bearer = {"Authorization": f"Bearer {lms.ask_token(lms.assertion(), scope=NOTICES).json()['access_token']}"}
    asked = {"notice_type": "LtiContextCopyNotice", "handler": f"{lms.config.tool_url}/notices"}
    kept = requests.put(service["platform_notification_service_url"], json=asked, headers=bearer, timeout=TIMEOUT_S)
    assert kept.status_code == 200

    press(lms, "copy", course="period-2")

    [notice] = lms.tool.notices
    key = jwt.PyJWKClient(lms.config.jwks_url).get_signing_key_from_jwt(notice)
    claims = jwt.decode(notice, key, algorithms=["RS256"], audience=lms.config.client_id, issuer=lms.config.issuer)
    origin = lms.claims("period-2", "grace-okonkwo-reyes")[f"{CLAIM}context"]["id"]
    assert claims[f"{CLAIM}notice"]["type"] == "LtiContextCopyNotice"
    assert claims[f"{CLAIM}origin_contexts"] == [origin] != [claims[f"{CLAIM}context"]["id"]]
    assert "sub" not in claims


def test_a_handler_is_on_the_tools_own_host_and_needs_the_scope(lms: Lms) -> None:
    service = f"{lms.url}/api/lti/notice-handlers/106"
    elsewhere = {"notice_type": "LtiContextCopyNotice", "handler": "https://elsewhere.example/notices"}
    bearers = [lms.ask_token(lms.assertion(), **scope).json()["access_token"] for scope in ({}, {"scope": NOTICES})]

    answers = [
        requests.put(service, json=elsewhere, headers={"Authorization": f"Bearer {each}"}, timeout=TIMEOUT_S)
        for each in bearers
    ]

    assert [answer.status_code for answer in answers] == [403, 400]


@pytest.mark.parametrize("family", ["hostile"])
def test_trouble_begins_and_ends_by_a_button(lms: Lms, family: str) -> None:
    press(lms, "trouble", trouble="no-keys")
    broken = requests.get(lms.config.jwks_url, timeout=TIMEOUT_S).status_code
    press(lms, "trouble", trouble="none")

    assert (broken, requests.get(lms.config.jwks_url, timeout=TIMEOUT_S).status_code) == (503, 200)


@pytest.mark.parametrize("family", ["brightspace"])
def test_with_the_box_off_brightspace_lists_only_who_opened_the_tool(lms: Lms, family: str) -> None:
    press(lms, "roster")
    lms.claims("period-2", "emma-smith")

    assert [member["name"] for member in lms.members()] == ["Emma Smith"]
    press(lms, "roster", everybody="yes")
    assert len(lms.members()) > 10


def test_another_site_cannot_press_the_buttons(lms: Lms) -> None:
    sent = {"Origin": "https://elsewhere.example"}
    answer = requests.post(f"{lms.url}/admin/copy", data={"course": "period-2"}, headers=sent, timeout=TIMEOUT_S)

    assert answer.status_code == 403
