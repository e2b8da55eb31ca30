"""A launch from the demo LMS is one that a careful tool can check to the last claim."""

import time
from typing import Any

import jwt
import pytest
import requests

from lti_tool.demo.people import STUDENT_VIEWS
from tests.demo.conftest import Lms
from tests.demo_lms import TIMEOUT_S, Browser

CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
LIS = "http://purl.imsglobal.org/vocab/lis/v2/"
USER = LIS + "system/person#User"


def test_a_login_names_the_platform_and_hides_the_person(lms: Lms) -> None:
    Browser().launch(lms.url, "period-2", "emma-smith")

    login = lms.tool.logins[-1]
    assert login["iss"] == lms.url
    assert login["client_id"] == lms.config.client_id
    assert login["deployment_id"] == lms.config.deployment_id
    assert login["target_link_uri"] == lms.config.tool_launch_url
    assert "lti_storage_target" not in login


def test_a_login_may_come_by_redirect_too(lms: Lms) -> None:
    answer = Browser().launch(lms.url, "period-2", "emma-smith", by="get")

    assert answer.json() == {"launched": True}


def test_an_id_token_is_signed_with_a_named_key_and_lasts_an_hour(lms: Lms) -> None:
    claims = lms.claims("period-2", "emma-smith")

    assert jwt.get_unverified_header(lms.tool.answers[-1]["id_token"])["kid"]
    assert claims["azp"] == claims["aud"] == lms.config.client_id
    assert claims["exp"] - claims["iat"] == 3600
    assert abs(claims["iat"] - time.time()) < 60
    assert claims["nonce"]


def test_state_comes_back_as_it_went(lms: Lms) -> None:
    lms.tool.changes |= {"state": 'a "state" with <signs> & spaces'}

    lms.claims("period-2", "emma-smith")

    assert lms.tool.answers[-1]["state"] == 'a "state" with <signs> & spaces'


def test_a_navigation_launch_has_every_claim_in_the_shape_of_canvas(lms: Lms) -> None:
    claims = lms.claims("period-2", "grace-okonkwo-reyes")

    context = claims[CLAIM + "context"]
    assert (context["label"], context["title"]) == ("BIO9-P2", "Biology 9, Period 2")
    assert claims[CLAIM + "resource_link"]["id"] == context["id"]
    assert claims[CLAIM + "message_type"] == "LtiResourceLinkRequest"
    assert claims[CLAIM + "version"] == "1.3.0"
    assert claims[CLAIM + "deployment_id"] == lms.config.deployment_id
    assert claims[CLAIM + "target_link_uri"] == lms.config.tool_launch_url
    assert claims[CLAIM + "custom"]["masquerader"] == "$Canvas.masqueradingUser.id"
    assert claims["name"] == "Grace Okonkwo-Reyes"
    assert claims["email"] == "g.okonkwo@lincoln.example"


def test_an_assignment_has_a_resource_link_of_its_own(lms: Lms) -> None:
    from_navigation = lms.claims("period-2", "emma-smith")
    from_assignment = lms.claims("period-2", "emma-smith", slug="assignment")

    assert from_assignment[CLAIM + "resource_link"]["id"] != from_navigation[CLAIM + "resource_link"]["id"]
    assert from_assignment[CLAIM + "context"] == from_navigation[CLAIM + "context"]


def test_a_person_is_the_same_in_both_courses(lms: Lms) -> None:
    early = lms.claims("period-2", "grace-okonkwo-reyes")
    late = lms.claims("period-5", "grace-okonkwo-reyes")

    assert early["sub"] == late["sub"]
    assert early[CLAIM + "context"]["id"] != late[CLAIM + "context"]["id"]


@pytest.mark.parametrize(
    ("person", "roles"),
    [
        ("grace-okonkwo-reyes", [LIS + "institution/person#Instructor", LIS + "membership#Instructor", USER]),
        (
            "theo-lindqvist",
            [
                LIS + "institution/person#Instructor",
                LIS + "membership#Instructor",
                LIS + "membership/Instructor#TeachingAssistant",
                USER,
            ],
        ),
        ("emma-smith", [LIS + "institution/person#Student", LIS + "membership#Learner", USER]),
        ("carmen-ruiz", [LIS + "membership#Mentor", USER]),
        ("wendell-price", [LIS + "institution/person#Administrator", USER]),
        (
            STUDENT_VIEWS[0],
            [
                LIS + "institution/person#Student",
                LIS + "membership#Learner",
                USER,
                "http://purl.imsglobal.org/vocab/lti/system/person#TestUser",
            ],
        ),
    ],
)
def test_each_part_has_the_roles_that_canvas_gives_it(lms: Lms, person: str, roles: list[str]) -> None:
    assert set(lms.claims("period-2", person)[CLAIM + "roles"]) == set(roles)


def test_an_observer_is_told_whom_they_look_after(lms: Lms) -> None:
    students = [lms.claims("period-2", key)["sub"] for key in ("mateo-ruiz", "lucia-ruiz")]

    assert lms.claims("period-2", "carmen-ruiz")[CLAIM + "role_scope_mentor"] == students
    assert lms.claims("period-2", "emma-smith")[CLAIM + "role_scope_mentor"] == []


def test_somebody_without_a_name_has_no_name_claims_at_all(lms: Lms) -> None:
    claims = lms.claims("period-5", "no-name")

    assert {"name", "given_name", "family_name", "email"}.isdisjoint(claims)
    assert claims[CLAIM + "lis"]["person_sourcedid"] == "$Person.sourcedId"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"scope": "openid profile"}, "invalid_request_object"),
        ({"response_type": "code"}, "invalid_request_object"),
        ({"response_mode": "query"}, "invalid_request_object"),
        ({"prompt": None}, "invalid_request_object"),
        ({"nonce": None}, "invalid_request_object"),
        ({"state": None}, "invalid_request_object"),
        ({"lti_message_hint": None}, "invalid_request_object"),
        ({"login_hint": "somebody"}, "login_required"),
        ({"lti_message_hint": "something"}, "launch_no_longer_valid"),
    ],
)
def test_a_wrong_request_is_answered_by_an_error_at_the_tool(
    lms: Lms, changes: dict[str, str | None], error: str
) -> None:
    lms.tool.changes |= changes

    Browser().launch(lms.url, "period-2", "emma-smith")

    assert lms.tool.answers[-1]["error"] == error
    assert lms.tool.answers[-1]["error_description"]
    assert "id_token" not in lms.tool.answers[-1]


@pytest.mark.parametrize("changes", [{"client_id": "another"}, {"redirect_uri": "http://127.0.0.1:1/lti/launch"}])
def test_an_unknown_client_or_address_is_never_redirected_to(lms: Lms, changes: dict[str, str | None]) -> None:
    lms.tool.changes |= changes

    answer = Browser().launch(lms.url, "period-2", "emma-smith")

    assert answer.status_code == 400
    assert lms.tool.answers == []


def test_a_redirect_uri_with_anything_added_is_another_one(lms: Lms) -> None:
    lms.tool.changes |= {"redirect_uri": lms.config.tool_launch_url + "?more=1"}

    assert Browser().launch(lms.url, "period-2", "emma-smith").status_code == 400


def test_a_launch_is_good_once(lms: Lms) -> None:
    browser = Browser()
    browser.launch(lms.url, "period-2", "emma-smith")
    authorization = next(url for url in browser.visited if url.startswith(lms.config.auth_login_url))

    browser.get(authorization)

    assert [answer.get("error") for answer in lms.tool.answers] == [None, "launch_no_longer_valid"]


def test_nobody_launches_with_the_hint_of_another(lms: Lms) -> None:
    browser = Browser()
    browser.launch(lms.url, "period-2", "mateo-ruiz")
    lms.tool.changes |= {"login_hint": lms.tool.logins[-1]["login_hint"]}

    browser.launch(lms.url, "period-2", "grace-okonkwo-reyes")

    assert lms.tool.answers[-1]["error"] == "login_required"


def test_who_has_left_the_course_cannot_finish_a_launch(lms: Lms) -> None:
    page = requests.get(f"{lms.url}/courses/period-2/as/emma-smith/launch?by=get", allow_redirects=False, timeout=9)
    lms.control("courses/period-2/drop", person="emma-smith")

    Browser().get(page.headers["Location"])

    assert lms.tool.answers[-1]["error"] == "login_required"
    again = requests.get(f"{lms.url}/courses/period-2/as/emma-smith/launch", timeout=TIMEOUT_S)
    assert again.status_code == 404


def test_many_people_are_stepped_in_side_by_side_in_one_browser(lms: Lms) -> None:
    browser, subs = Browser(), []
    for person in ("emma-smith", "emma-smith-27", "emma-smith"):
        browser.launch(lms.url, "period-2", person)
        token: dict[str, Any] = jwt.decode(lms.tool.answers[-1]["id_token"], options={"verify_signature": False})
        subs.append(token["sub"])

    assert browser.cookies == {}
    assert subs[0] == subs[2] != subs[1]


def test_the_keys_may_be_kept_and_can_fail(lms: Lms) -> None:
    kept = requests.get(lms.config.jwks_url, timeout=TIMEOUT_S).headers["Cache-Control"]
    lms.control("faults", at="keys", kind="status", status=503, times=1)

    answers = [requests.get(lms.config.jwks_url, timeout=TIMEOUT_S).status_code for _ in range(2)]

    assert kept == "public, max-age=3600"
    assert answers == [503, 200]
