"""Every error below /api/ is a problem detail, and tells nothing of the inside."""

from typing import Any

import pytest
from flask import Flask, abort
from flask.testing import FlaskClient

from lti_tool.licenses.licenses import License
from lti_tool.web import access
from tests.conftest import MakeApp
from tests.web.api.conftest import Get


@pytest.mark.parametrize(
    "address", ["/api/v1/nothing", "/api/", "/api/v2/licenses", "/api/v1/licenses/", "/api/v1/licenses/1"]
)
def test_an_address_that_leads_nowhere_is_not_found(client: FlaskClient, problem: Any, address: str) -> None:
    assert problem(client.get(address)) == (404, "not_found")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_what_cannot_be_done_with_an_address_says_what_can(client: FlaskClient, problem: Any, method: str) -> None:
    refused = client.open("/api/v1/licenses", method=method)
    assert problem(refused) == (405, "method_not_allowed")
    assert "GET" in refused.headers["Allow"]


@pytest.mark.parametrize(
    ("status", "code"),
    [(400, "malformed"), (413, "too_large"), (415, "unsupported_media_type"), (500, "internal_error")],
)
def test_each_http_error_has_its_code(make_app: MakeApp, problem: Any, status: int, code: str) -> None:
    app = make_app()
    _add_view(app, lambda: abort(status))
    assert problem(app.test_client().get("/api/v1/fault")) == (status, code)


def test_a_fault_of_our_own_shows_nothing_of_the_inside(make_app: MakeApp, problem: Any) -> None:
    app = make_app()

    def fail() -> None:
        raise RuntimeError("the password is swordfish")

    _add_view(app, fail)
    broken = app.test_client().get("/api/v1/fault")
    assert problem(broken) == (500, "internal_error")
    assert "swordfish" not in broken.text
    assert "Traceback" not in broken.text


BAD_LIMITS = ("0", "501", "-1", "+5", "1.0", "1e2", "1_0", " 5", "ten", "", "٣", "9" * 5_000)


def test_a_bad_limit_is_refused_by_name_and_not_bent(get: Get, problem: Any, school: License) -> None:
    for below in ("", f"/{school.id}/members", f"/{school.id}/transfers"):
        for limit in BAD_LIMITS:
            refused = get(f"/licenses{below}", limit=limit)
            assert problem(refused) == (422, "invalid"), limit
            assert refused.get_json()["field"] == "limit"
            assert "pydantic" not in refused.text


def test_a_cursor_that_this_list_did_not_give_is_refused(
    get: Get, problem: Any, school: License, neighbour: License
) -> None:
    foreign = get("/licenses", limit=1).get_json()["next"]
    assert foreign
    for cursor in (foreign, foreign[:-2], foreign + "=", "x", "", "é", "\x00", "a" * 5_000):
        refused = get(f"/licenses/{school.id}/members", cursor=cursor)
        assert problem(refused) == (422, "invalid"), cursor
        assert refused.get_json()["field"] == "cursor"


def test_a_parameter_that_is_not_known_or_comes_twice_is_refused(get: Get, problem: Any, school: License) -> None:
    for address, field in (
        ("/licenses?offset=1", "offset"),
        (f"/licenses/{school.id}?limit=1", "limit"),
        (f"/licenses/{school.id}/transfers?since=1", "since"),
        ("/licenses?limit=1&limit=2", "limit"),
    ):
        refused = get(address)
        assert problem(refused) == (422, "invalid")
        assert refused.get_json()["field"] == field


def _add_view(app: Flask, view: Any) -> None:
    app.add_url_rule("/api/v1/fault", "fault", access.only(access.PUBLIC)(view))
