"""Each family of the demo LMS has the shape of its LMS: how it logs in, what it claims, lists and answers."""

import base64
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import jwt
import pytest
import requests

from lti_tool.demo.families import FAMILIES, cert
from lti_tool.demo.families.claims import CLAIM, NRPS
from lti_tool.demo.names_roles import MEDIA_TYPE
from lti_tool.demo.people import ASSISTANT, OBSERVER, TEACHER, cast
from lti_tool.demo.signing_key import SigningKey
from tests.demo.conftest import Lms
from tests.demo_lms import TIMEOUT_S, Browser

MOODLE = Path(__file__).parents[1] / "fixtures" / "moodle"
AGS = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
LIS = "http://purl.imsglobal.org/vocab/lis/v2/"
INSTRUCTOR, LEARNER, MENTOR = (f"{LIS}membership#{name}" for name in ("Instructor", "Learner", "Mentor"))
only = pytest.mark.parametrize


def sent(lms: Lms, person: str, slug: str = "navigation", course: str = "period-2") -> dict[str, Any]:
    """The claims, unchecked, of whatever the LMS posts."""
    Browser().launch(lms.url, course, person, slug=slug)
    claims: dict[str, Any] = jwt.decode(lms.tool.answers[-1]["id_token"], options={"verify_signature": False})
    return claims


def rows(lms: Lms) -> dict[str, dict[str, Any]]:
    """The roster by user_id."""
    return {member["user_id"]: member for member in lms.members()}


LOGINS = {
    "canvas": ("POST", "deployment_id", "post_message_forwarding"),
    "schoology": ("GET", "lti_deployment_id", "_parent"),
    "moodle": ("POST", "lti_deployment_id", None),
    "brightspace": ("POST", "lti_deployment_id", "_parent"),
    "blackboard": ("GET", "lti_deployment_id", "_parent"),
    "sakai": ("POST", "lti_deployment_id", "_parent"),
    "cert": ("POST", "lti_deployment_id", None),
    "hostile": ("POST", "lti_deployment_id", None),
}


@only("family", LOGINS)
def test_a_login_has_the_familys_method_and_parameters(lms: Lms, family: str) -> None:
    method, deployment, target = LOGINS[family]
    course, person = lms.first
    page = requests.get(
        f"{lms.url}/courses/{course}/as/{person}/launch?frame=yes", allow_redirects=False, timeout=TIMEOUT_S
    )

    assert ("GET" if page.status_code == 302 else "POST") == method
    Browser().get(f"{lms.url}/courses/{course}/as/{person}/launch?frame=yes")
    login = lms.tool.logins[-1]
    assert login[deployment] == lms.config.deployment_id
    assert ("deployment_id" in login) is (deployment == "deployment_id")
    assert login.get("lti_storage_target") == target
    is_repeated = target is not None and family != "blackboard"
    assert ("lti_storage_target" in lms.tool.answers[-1]) is is_repeated


LIVES = {"canvas": 3600, "schoology": 600, "moodle": 60, "blackboard": 3600, "cert": 300}


@only(("family", "life_s"), LIVES.items())
def test_an_id_token_lives_as_long_as_the_familys(lms: Lms, family: str, life_s: int) -> None:
    claims = lms.claims(*lms.first)

    assert claims["exp"] - claims["iat"] == life_s


@only("family", ["brightspace"])
def test_brightspaces_hint_has_tildes(lms: Lms, family: str) -> None:
    lms.claims("period-2", TEACHER)

    assert re.fullmatch(r"6701~[\w-]+~", lms.tool.logins[-1]["lti_message_hint"])


@only("family", ["moodle"])
def test_moodles_hint_is_json_and_its_person_is_a_number(lms: Lms, family: str) -> None:
    claims = lms.claims("period-2", TEACHER)
    login = lms.tool.logins[-1]

    assert login["login_hint"] == claims["sub"] == "3"
    assert set(json.loads(login["lti_message_hint"])) == {"cmid", "launchid"}
    assert (claims[f"{CLAIM}context"]["id"], claims[f"{CLAIM}deployment_id"]) == ("2", "1")
    assert claims[f"{CLAIM}context"]["type"] == ["CourseSection"]
    assert {"azp", "locale", "picture"}.isdisjoint(claims)


@only("family", ["moodle"])
def test_moodles_messages_have_the_fields_that_were_captured(lms: Lms, family: str) -> None:
    captured = json.loads((MOODLE / "launch-teacher.json").read_text("utf-8"))
    listed = json.loads((MOODLE / "nrps-all.json").read_text("utf-8"))
    claims, was = lms.claims("period-2", TEACHER), captured["launch"]["claims"]

    assert set(lms.tool.logins[-1]) == set(captured["login_initiation"]["params"])
    assert set(claims) == set(was) - {AGS}
    for name in ("context", "resource_link", "lis", "tool_platform", "launch_presentation", "ext"):
        assert set(claims[CLAIM + name]) == set(was[CLAIM + name]), name
    assert set(lms.members()[0]) == set(listed["body"]["members"][0])


@only("family", ["moodle"])
def test_moodle_shows_its_own_page_to_a_hint_that_was_used(lms: Lms, family: str) -> None:
    browser = Browser()
    browser.launch(lms.url, "period-2", TEACHER)
    authorization = next(url for url in browser.visited if url.startswith(lms.config.auth_login_url))

    assert browser.get(authorization).status_code == 404
    assert len(lms.tool.answers) == 1


@only("family", ["moodle"])
def test_moodle_tells_roles_by_two_capabilities(lms: Lms, family: str) -> None:
    people = FAMILIES["moodle"].cast()
    launched = {who: sent(lms, who)[f"{CLAIM}roles"] for who in (TEACHER, ASSISTANT, "wendell-price", "emma-smith")}
    listed = rows(lms)

    assert launched[TEACHER] == launched[ASSISTANT] == [INSTRUCTOR]
    assert launched["emma-smith"] == [LEARNER]
    assert launched["wendell-price"] == sorted(
        [INSTRUCTOR, f"{LIS}institution/person#Administrator", f"{LIS}system/person#Administrator"]
    )
    assert listed[people[TEACHER].sub]["roles"] == ["Instructor"]
    assert listed[people[ASSISTANT].sub]["roles"] == ["Learner"]
    assert sent(lms, TEACHER, "switched")[f"{CLAIM}roles"] == [LEARNER]


@only("family", ["moodle"])
def test_moodles_roster_is_whole_unless_a_limit_is_asked_for_and_then_loses_the_role(lms: Lms, family: str) -> None:
    whole = lms.roster()
    first = lms.roster(f"{lms.roster_url}?limit=3&role=Learner")
    second = lms.roster(first.links["next"]["url"])

    assert len(whole.json()["members"]) == 18
    assert "Link" not in whole.headers
    assert parse_qs(first.links["next"]["url"].partition("?")[2]) == {"limit": ["3"], "from": ["3"]}
    assert {role for member in first.json()["members"] for role in member["roles"]} == {"Learner"}
    everybody = [member["user_id"] for member in whole.json()["members"]]
    assert [member["user_id"] for member in second.json()["members"]] == everybody[3:6]
    assert lms.roster(Accept="application/json").status_code == 400
    assert lms.roster(f"{lms.roster_url}?rlid=999").json()["status"] == 404


@only("family", ["moodle"])
def test_moodles_roster_escapes_names(lms: Lms, family: str) -> None:
    names = {member["name"] for member in lms.members()}

    assert "D&#x27;Andre Washington III" in names
    assert "D'Andre Washington III" not in names


@only("family", ["moodle"])
def test_moodles_tokens_come_as_html_and_its_errors_are_odd(lms: Lms, family: str) -> None:
    good = lms.ask_token(lms.assertion(aud="https://anything.example", jti=None))
    unknown = lms.ask_token(lms.assertion(SigningKey.generate()))
    future = lms.ask_token(lms.assertion(iat=4_000_000_000))

    assert (good.status_code, good.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert good.json()["access_token"]
    assert unknown.status_code == 400
    with pytest.raises(requests.JSONDecodeError):
        unknown.json()
    assert future.status_code == 400
    assert set(future.json()) == {"error"}


@only("family", ["moodle"])
def test_moodles_host_keeps_its_keys_from_callers_without_a_name(lms: Lms, family: str) -> None:
    answers = [
        requests.get(lms.config.jwks_url, headers={"User-Agent": name}, timeout=TIMEOUT_S).status_code
        for name in ("", "Creditroll/1")
    ]

    assert answers == [403, 200]


@only("family", ["schoology"])
def test_schoologys_token_is_for_a_list_and_small_letters(lms: Lms, family: str) -> None:
    claims = lms.claims("period-2", TEACHER)

    assert claims["aud"] == ["8409082949"]
    assert {"azp", f"{CLAIM}tool_platform"}.isdisjoint(claims)
    assert re.fullmatch(r"\d+::[0-9a-f]{32}", claims["sub"])
    assert all(name == name.lower() for name in claims[f"{CLAIM}custom"])
    assert claims["iss"] == "https://schoology.schoology.com"
    assert lms.config.deployment_id.startswith(f"{lms.config.client_id}-")


@only("family", ["schoology"])
def test_schoologys_app_menu_has_no_course_no_link_no_name_and_no_roster(lms: Lms, family: str) -> None:
    claims = sent(lms, TEACHER, "app-menu")

    assert {f"{CLAIM}context", f"{CLAIM}resource_link", NRPS, "name", "email"}.isdisjoint(claims)
    assert claims[f"{CLAIM}roles"] == [f"{LIS}membership#Administrator", INSTRUCTOR]


@only("family", ["schoology"])
def test_schoology_refuses_rlid_and_sends_a_co_teacher_as_a_student(lms: Lms, family: str) -> None:
    answer = lms.roster(f"{lms.roster_url}?rlid=1")

    assert (answer.status_code, answer.json()) == (400, {"error": 'Invalid parameter: "query.rlid" is not allowed'})
    assert sent(lms, ASSISTANT)[f"{CLAIM}roles"] == [LEARNER]
    lms.control("courses/period-2/generate", count=150)
    assert len(lms.roster().json()["members"]) == 100


@only("family", ["brightspace"])
def test_brightspace_wants_its_own_audience(lms: Lms, family: str) -> None:
    assert lms.config.auth_audience == "https://api.brightspace.com/auth/token"
    assert lms.ask_token(lms.assertion()).status_code == 200
    assert lms.ask_token(lms.assertion(aud=lms.config.auth_token_url)).status_code == 401


@only("family", ["brightspace"])
def test_an_anonymous_deployment_of_brightspace_tells_no_role_and_no_name(lms: Lms, family: str) -> None:
    claims = sent(lms, TEACHER, "anonymous")

    assert claims[f"{CLAIM}roles"] == []
    assert {"name", "email", NRPS, "http://www.brightspace.com"}.isdisjoint(claims)


@only("family", ["blackboard"])
def test_two_schools_of_blackboard_differ_by_their_deployment_alone(lms: Lms, family: str) -> None:
    lincoln, riverside = sent(lms, TEACHER), sent(lms, "mary-jackson", course="riverside-1")

    assert lincoln["iss"] == riverside["iss"] == "https://blackboard.com"
    assert lincoln["aud"] == riverside["aud"]
    assert lincoln[f"{CLAIM}deployment_id"] != riverside[f"{CLAIM}deployment_id"]
    assert lincoln["https://blackboard.com/lti/claim/one_time_session_token"]
    assert f"{CLAIM}resource_link" not in sent(lms, TEACHER, "no-link")
    assert f"{CLAIM}context" not in sent(lms, TEACHER, "system")


@only("family", ["canvas"])
def test_canvas_has_leftovers_sorted_roles_and_a_jwt_as_hint(lms: Lms, family: str) -> None:
    claims = lms.claims("period-2", TEACHER)

    assert claims[f"{CLAIM}context"]["validation_context"] is None
    assert claims[f"{CLAIM}resource_link"]["description"] is None
    assert claims[f"{CLAIM}roles"] == sorted(claims[f"{CLAIM}roles"])
    assert jwt.get_unverified_header(lms.tool.logins[-1]["lti_message_hint"])["alg"] == "HS256"
    assert re.fullmatch("[0-9a-f]{40}", lms.tool.logins[-1]["login_hint"])


@only("family", ["canvas"])
def test_a_public_course_of_canvas_names_nobody_and_its_beta_is_another_issuer(lms: Lms, family: str) -> None:
    public, beta = sent(lms, "emma-smith", "public-course"), sent(lms, "emma-smith", "beta")

    assert {"sub", "name", "email"}.isdisjoint(public)
    assert public[f"{CLAIM}roles"] == [f"{LIS}system/person#None"]
    assert beta["iss"] == lms.tool.logins[-1]["iss"] == "https://canvas.beta.instructure.com"
    assert beta["aud"] == public["aud"]


@only("family", ["canvas", "schoology", "brightspace", "blackboard"])
def test_only_canvas_says_whom_an_observer_looks_after(lms: Lms, family: str) -> None:
    claims = sent(lms, OBSERVER)

    assert MENTOR in claims[f"{CLAIM}roles"]
    assert bool(claims.get(f"{CLAIM}role_scope_mentor")) is (family == "canvas")


@only("family", ["cert"])
def test_the_suites_people_and_course_are_its_own(lms: Lms, family: str) -> None:
    claims = lms.claims(cert.COURSE, cert.STUDENT)

    assert (claims["sub"], claims["name"], claims["email"]) == ("40899", "Carrie A Lowell", "c.lowell@district1.com")
    assert (claims[f"{CLAIM}context"]["id"], claims[f"{CLAIM}context"]["title"]) == ("8893483", "Bio Adventures")
    assert claims[f"{CLAIM}deployment_id"] == "testdeploy"
    assert f"{CLAIM}tool_platform" not in claims
    assert set(rows(lms)) == {"39890", "40899"}
    ways = {way.slug for way in FAMILIES["cert"].ways}
    assert ways == {f"{kind}{n}" for kind, last in (("b", 12), ("t", 9), ("s", 10)) for n in range(1, last + 1)}


@only("family", ["cert"])
def test_the_suites_payloads_are_spoilt_as_it_spoils_them(lms: Lms, family: str) -> None:
    no_lti = sent(lms, cert.TEACHER, "b5", cert.COURSE)
    Browser().launch(lms.url, cert.COURSE, cert.TEACHER, slug="b1")
    header = jwt.get_unverified_header(lms.tool.answers[-1]["id_token"])

    assert no_lti == {"name": "badltilaunch"}
    assert "kid" not in header
    assert header["badtestonly"] == "12345"
    assert sent(lms, cert.TEACHER, "b12", cert.COURSE)["sub"] == ""
    assert sent(lms, cert.STUDENT, "s4", cert.COURSE)[f"{CLAIM}roles"][1].endswith("uknownrole/unknown#Unknown")


@only("family", ["hostile"])
def test_the_hostile_lms_signs_with_nothing_or_with_its_public_key(lms: Lms, family: str) -> None:
    heads = {}
    for slug in ("alg-none", "hs256"):
        sent(lms, "emma-smith", slug)
        first = lms.tool.answers[-1]["id_token"].split(".")[0]
        heads[slug] = json.loads(base64.urlsafe_b64decode(first + "=="))["alg"]

    assert heads == {"alg-none": "none", "hs256": "HS256"}


@only("family", ["hostile"])
def test_the_hostile_lms_posts_what_it_posted_before(lms: Lms, family: str) -> None:
    sent(lms, "emma-smith")
    sent(lms, "emma-smith", "replay-all")
    sent(lms, "emma-smith", "swapped-state")
    honest, replayed, swapped = lms.tool.answers

    assert replayed == honest
    assert swapped["state"] == honest["state"]
    assert swapped["id_token"] != honest["id_token"]


@only("family", ["hostile"])
def test_the_hostile_rosters_troubles(lms: Lms, family: str) -> None:
    lms.control("faults", at="roster", kind="large", times=1)
    assert len(lms.roster().content) > 3_000_000
    lms.control("faults", at="roster", kind="duplicates", times=1)
    assert len(lms.roster().json()["members"]) == 20


@only("family", FAMILIES)
def test_every_roster_is_for_its_media_type_and_names_the_students(lms: Lms, family: str) -> None:
    answer = lms.roster()

    assert answer.headers["Content-Type"] == MEDIA_TYPE
    assert answer.json()["id"] == lms.claims(*lms.first)[NRPS]["context_memberships_url"]
    assert len(lms.members()) == (2 if family == "cert" else len(rows(lms)))


def test_ids_are_the_same_at_every_start() -> None:
    for family in FAMILIES.values():
        assert [each.sub for each in family.cast().values()] == [each.sub for each in family.cast().values()]
        subs = {each.sub for each in family.cast().values()}
        assert len(subs) == len(family.cast())
    assert len(cast()) == 34
