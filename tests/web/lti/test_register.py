"""Dynamic Registration as an administrator sees it: what is asked of each LMS, and what is kept."""

import json
import logging
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine
from werkzeug.wrappers import Response

from lti_tool.lti import platforms
from tests.conftest import Books, MakeApp
from tests.factories import NOW
from tests.registering_lms import CANVAS, NOTICES, ROSTER, RegisteringLms, observed, serving_lms
from tests.web.lti.conftest import rows
from tests.web.lti.registering import ADDRESS, code, propose, register
from tests.web.pages import Page, post

_PLATFORMS = (
    "select name, family, issuer, client_id, auth_login_url, auth_token_url, auth_audience, jwks_url, scopes, status"
    " from platforms"
)
_DEPLOYMENTS = "select deployment_id, status from deployments"


def test_the_page_says_who_asks_and_for_what(client: FlaskClient) -> None:
    with serving_lms("canvas") as lms:
        page = Page(propose(client, lms))
    assert "Add Creditroll to Lincoln Unified" in page.text
    assert "Canvas" in page.text
    assert lms.url in page.text
    assert "Names" in page.text
    assert "Course rosters" in page.text
    assert "Word of copied courses" in page.text
    assert "asks for no e-mail addresses, pictures or school ID numbers" in page.text
    assert lms.requests == []


def test_a_moodle_is_registered_as_it_wants_it(client: FlaskClient, moodle: RegisteringLms, engine: Engine) -> None:
    done = Page(register(client, moodle))
    assert done.status == 200
    request = moodle.requests[0]
    needed = observed("dynamic-registration")["request_body"].keys() - {"logo_uri"}
    assert needed <= request.keys()
    assert request["token_endpoint_auth_method"] == "private_key_jwt"
    assert request["scope"] == ROSTER
    assert moodle.tool["domain"] == "tool.test"
    assert moodle.tool["target_link_uri"] == request["redirect_uris"][0] == "https://tool.test/lti/launch"
    assert moodle.tool["claims"] == ["iss", "sub", "name", "given_name", "family_name"]
    assert moodle.tool["custom_parameters"] == {"context_history": "$Context.id.history"}
    assert [(one["type"], one.get("placements")) for one in moodle.tool["messages"]] == [
        ("LtiResourceLinkRequest", None),
        ("LtiDeepLinkingRequest", ["ContentArea"]),
    ]
    assert "press “Activate”" in done.text
    host = moodle.url.removeprefix("http://")
    assert rows(engine, _PLATFORMS) == [
        (
            f"{host} (Moodle)",
            "moodle",
            moodle.url,
            "client-of-this-lms",
            f"{moodle.url}/mod/lti/auth.php",
            f"{moodle.url}/mod/lti/token.php",
            None,
            f"{moodle.url}/mod/lti/certs.php",
            ROSTER,
            "pending",
        )
    ]
    assert rows(engine, _DEPLOYMENTS) == [("7", "pending")]


def test_a_canvas_is_asked_in_its_own_words(client: FlaskClient, engine: Engine) -> None:
    with serving_lms("canvas") as lms:
        done = Page(register(client, lms))
    assert done.status == 200
    assert [sent["Authorization"] for sent in lms.headers] == [f"Bearer {lms.token}"] * 2
    assert lms.requests[0]["grant_types"] == ["client_credentials", "implicit"]
    assert lms.requests[0]["scope"].split() == [ROSTER, NOTICES]
    assert lms.tool[f"{CANVAS}privacy_level"] == "name_only"
    assert lms.tool[f"{CANVAS}tool_id"] == "creditroll"
    places = {one["placements"][0]: one for one in lms.tool["messages"]}
    assert list(places) == ["course_navigation", "assignment_selection", "link_selection", "account_navigation"]
    assert places["course_navigation"][f"{CANVAS}course_navigation/default_enabled"] is True
    assert places["course_navigation"][f"{CANVAS}visibility"] == "members"
    assert places["account_navigation"][f"{CANVAS}visibility"] == "admins"
    assert places["link_selection"]["type"] == "LtiDeepLinkingRequest"
    assert "Install & Enable" in done.text
    assert "approves that too" in done.text
    [[name, family, *_, audience, _jwks, scopes, status]] = rows(engine, _PLATFORMS)
    assert (name, family, audience, status) == ("Lincoln Unified (Canvas)", "canvas", None, "pending")
    assert scopes.split() == [ROSTER, NOTICES]
    assert rows(engine, _DEPLOYMENTS) == []


def test_a_brightspace_keeps_the_audience_of_its_tokens(client: FlaskClient, engine: Engine) -> None:
    with serving_lms("brightspace") as lms:
        done = Page(register(client, lms))
    assert "switch “Enabled” on" in done.text
    [[_, family, *_, audience, _jwks, _scopes, _status]] = rows(engine, _PLATFORMS)
    assert (family, audience) == ("brightspace", "https://api.brightspace.com/auth/token")


def test_a_sakai_and_one_that_says_little_are_registered_too(client: FlaskClient, engine: Engine) -> None:
    with serving_lms("sakai") as sakai, serving_lms("bare", token=None, client_id=42, deployment_id=1) as bare:
        assert "Site Info" in Page(register(client, sakai)).text
        done = Page(register(client, bare))
    assert "Authorization" not in bare.headers[0]
    assert "no access to course rosters" in done.text
    assert bare.requests[0]["scope"] == ""
    assert [one["type"] for one in bare.tool["messages"]] == ["LtiResourceLinkRequest"]
    assert [row[1:4:2] for row in rows(engine, f"{_PLATFORMS} order by family")] == [
        ("other", "42"),
        ("sakai", "client-of-this-lms"),
    ]
    assert sorted(rows(engine, _DEPLOYMENTS)) == [("1", "pending"), ("7", "pending")]


def test_older_moodles_list_their_messages_as_words(client: FlaskClient, moodle: RegisteringLms) -> None:
    moodle.part["messages_supported"] = ["LtiResourceLinkRequest", "LtiDeepLinkingRequest"]
    register(client, moodle)
    assert [one["type"] for one in moodle.tool["messages"]] == ["LtiResourceLinkRequest", "LtiDeepLinkingRequest"]


def test_only_what_the_lms_can_give_is_asked_for(client: FlaskClient, moodle: RegisteringLms) -> None:
    moodle.configuration["scopes_supported"] = ["openid"]
    moodle.configuration["claims_supported"] = ["sub", "email", "name"]
    moodle.part["variables"] = ["Person.sourcedId"]
    assert "offers tools no course rosters" in Page(propose(client, moodle)).text
    register(client, moodle)
    assert moodle.requests[0]["scope"] == ""
    assert moodle.tool["claims"] == ["iss", "sub", "name"]
    assert moodle.tool["custom_parameters"] == {}


def test_nothing_of_a_person_is_asked_for_but_the_name(client: FlaskClient) -> None:
    for family in ("canvas", "moodle", "brightspace", "sakai", "bare"):
        with serving_lms(family) as lms:
            register(client, lms)
        for word in ("email", "picture", "Person", "User", "sourced"):
            assert word not in json.dumps(lms.requests[0]), (family, word)


def test_what_was_granted_is_kept_and_not_what_was_asked(client: FlaskClient, engine: Engine) -> None:
    with serving_lms("canvas", extra={"scope": f"{NOTICES} somebody-elses"}) as lms:
        done = Page(register(client, lms))
    assert rows(engine, "select scopes from platforms") == [(NOTICES,)]
    assert "no access to course rosters" in done.text


def test_any_site_may_frame_these_pages_and_none_hears_the_address(client: FlaskClient, moodle: RegisteringLms) -> None:
    for response in (propose(client, moodle), client.get(ADDRESS), register(client, moodle)):
        assert "frame-ancestors *" in response.headers["Content-Security-Policy"]
        assert response.headers["Referrer-Policy"] == "no-referrer"
        assert "Set-Cookie" not in response.headers
    assert "frame-ancestors *" not in client.get("/manager/").headers["Content-Security-Policy"]


def test_the_token_is_in_no_page_and_no_log(
    client: FlaskClient, moodle: RegisteringLms, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    moodle.token = "a-token-that-nobody-may-see"
    moodle.refusal = Response(f"no such token: {moodle.token}", status=400)
    pages = [
        propose(client, moodle),
        register(client, moodle),
        propose(client, moodle, openid_configuration="http://x"),
    ]
    assert all(moodle.token not in page.get_data(as_text=True) for page in pages)
    assert moodle.token not in caplog.text


def test_whoever_registered_is_let_in_by_the_operators_approval(
    client: FlaskClient, moodle: RegisteringLms, books: Books
) -> None:
    assert "It waits to be approved" in Page(register(client, moodle)).text
    login = {"iss": moodle.url, "client_id": "client-of-this-lms", "login_hint": "1", "lti_deployment_id": "7"}
    login["target_link_uri"] = "https://tool.test/lti/launch"
    assert code(client.post("/lti/login", data=login)) == "LTI-PLATFORM-PENDING"
    with books() as session:
        [platform] = platforms.every(session)
        platforms.approve(session, platform, now=NOW)
        assert [one.status for one in platforms.deployments(session, platform)] == ["active"]
    assert client.post("/lti/login", data=login).location.startswith(f"{moodle.url}/mod/lti/auth.php?")


def test_where_registration_is_open_nobody_waits(make_app: MakeApp, moodle: RegisteringLms, engine: Engine) -> None:
    done = Page(register(make_app(registration="open").test_client(), moodle))
    assert "waits" not in done.text
    assert rows(engine, "select status from platforms") == [("active",)]
    assert rows(engine, _DEPLOYMENTS) == [("7", "active")]


def test_where_registration_is_closed_nothing_is_asked(make_app: MakeApp, moodle: RegisteringLms) -> None:
    client = make_app(registration="closed").test_client()
    assert (propose(client, moodle).status_code, code(propose(client, moodle))) == (403, "REG-CLOSED")
    assert code(client.post(ADDRESS, data={"proposal": "x"})) == "REG-CLOSED"
    assert moodle.headers == []


def test_an_update_keeps_what_the_lms_has(make_app: MakeApp, moodle: RegisteringLms, engine: Engine) -> None:
    client = make_app(registration="open").test_client()
    register(client, moodle)
    before = rows(engine, "select id, created_at, name from platforms")
    moodle.token, moodle.extra = "update-token", {"scope": ""}
    done = Page(register(client, moodle))
    assert "up to date" in done.text
    assert "licenses and credits are as they were" in done.text
    assert rows(engine, "select id, created_at, name from platforms") == before
    assert rows(engine, "select scopes, status from platforms") == [("", "active")]
    assert rows(engine, _DEPLOYMENTS) == [("7", "active")]


def test_a_known_client_is_never_given_other_addresses(
    make_app: MakeApp, moodle: RegisteringLms, engine: Engine
) -> None:
    client = make_app(registration="open").test_client()
    register(client, moodle)
    before = rows(engine, _PLATFORMS)
    for field in ("jwks_uri", "authorization_endpoint", "token_endpoint"):
        true, moodle.token = moodle.configuration[field], f"token for {field}".replace(" ", "-")
        moodle.configuration[field] = f"{moodle.url}/another"
        refused = register(client, moodle)
        assert (refused.status_code, code(refused)) == (409, "REG-KNOWN")
        assert rows(engine, _PLATFORMS) == before
        moodle.configuration[field] = true


def test_the_same_invitation_counts_once(client: FlaskClient, moodle: RegisteringLms, engine: Engine) -> None:
    form = Page(propose(client, moodle)).form(ADDRESS)
    assert post(client, form).status_code == 200
    for again in (post(client, form), propose(client, moodle)):
        assert (again.status_code, code(again)) == (409, "REG-USED")
    assert len(moodle.requests) == 1
    assert len(rows(engine, _PLATFORMS)) == 1


def test_a_form_pressed_many_times_at_once_registers_once(make_app: MakeApp, moodle: RegisteringLms) -> None:
    app = make_app()
    form = Page(propose(app.test_client(), moodle)).form(ADDRESS)
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda _: post(app.test_client(), form).status_code, range(8)))
    assert statuses.count(200) == 1
    assert set(statuses) <= {200, 409, 429}  # used already, or no place at this moment
    assert len(moodle.requests) == 1
