"""Canvas's administrators get the tool from one address, made from `tool.json` with this deployment's addresses."""

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from lti_tool import shipped
from lti_tool.lti.tool_config import tool_at
from tests.conftest import MakeApp

ROSTER = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
NOTICES = "https://purl.imsglobal.org/spec/lti/scope/noticehandlers"


def configuration(client: FlaskClient) -> Any:
    """The document, as Canvas reads it."""
    answer = client.get("/lti/config.json")
    assert answer.status_code == 200
    assert answer.mimetype == "application/json"
    return answer.json


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """The database makes no difference here."""
    return sqlite_url


def test_canvas_finds_every_field_that_it_requires(client: FlaskClient) -> None:
    found = configuration(client)
    assert found["title"] == "Creditroll"
    assert found["description"]
    assert found["oidc_initiation_url"] == "https://tool.test/lti/login"
    assert found["target_link_uri"] == "https://tool.test/lti/launch"
    assert found["public_jwk_url"] == "https://tool.test/lti/jwks.json"
    [extension] = found["extensions"]
    assert extension["platform"] == "canvas.instructure.com"
    assert extension["domain"] == "tool.test"
    assert extension["tool_id"] == "creditroll"


def test_it_asks_for_names_only_and_for_the_services_that_are_used(client: FlaskClient) -> None:
    found = configuration(client)
    assert found["scopes"] == [ROSTER, NOTICES]
    assert found["custom_fields"] == {"context_history": "$Context.id.history"}
    assert found["extensions"][0]["privacy_level"] == "name_only"


def test_it_is_placed_where_teachers_and_administrators_look(client: FlaskClient) -> None:
    placements = configuration(client)["extensions"][0]["settings"]["placements"]
    by_name = {one["placement"]: one for one in placements}
    assert {name: one["message_type"] for name, one in by_name.items()} == {
        "course_navigation": "LtiResourceLinkRequest",
        "assignment_selection": "LtiDeepLinkingRequest",
        "link_selection": "LtiDeepLinkingRequest",
        "account_navigation": "LtiResourceLinkRequest",
    }
    assert by_name["account_navigation"]["visibility"] == "admins"
    assert {one["target_link_uri"] for one in placements} == {"https://tool.test/lti/launch"}


def test_no_address_of_the_example_is_left(make_app: MakeApp) -> None:
    client = make_app(public_url="http://127.0.0.1:8000").test_client()
    found = configuration(client)
    assert "tool.example" not in json.dumps(found)
    assert found["extensions"][0]["domain"] == "127.0.0.1:8000"
    assert "tool.example" in shipped.TOOL_JSON.read_text("utf-8")


def test_canvas_may_keep_it_and_nobody_is_recognised_by_it(client: FlaskClient) -> None:
    answer = client.get("/lti/config.json")
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    assert "Set-Cookie" not in answer.headers


def test_the_icon_is_where_the_configuration_says(client: FlaskClient) -> None:
    address = configuration(client)["extensions"][0]["settings"]["icon_url"]
    answer = client.get(address.removeprefix("https://tool.test"))
    assert answer.status_code == 200
    assert answer.mimetype == "image/png"
    assert answer.data.startswith(b"\x89PNG")
    assert answer.headers["Cache-Control"] == "public, max-age=86400"


def test_registrations_of_any_kind_read_the_same_document() -> None:
    tool = tool_at("https://tool.test")
    shipped_tool = json.loads(shipped.TOOL_JSON.read_text("utf-8"))
    assert tool.title == shipped_tool["title"]
    assert tool.login_url == "https://tool.test/lti/login"
    assert tool.scopes == (ROSTER, NOTICES)
    assert [one.name for one in tool.placements] == [
        one["placement"] for one in shipped_tool["extensions"][0]["settings"]["placements"]
    ]
    assert tool.placements[0].settings["visibility"] == "members"
