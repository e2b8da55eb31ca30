"""What browsers are told: who may frame the pages, that nothing foreign runs, and that nothing is kept."""

import re

import pytest
from flask.testing import FlaskClient

from lti_tool.lti.platforms import Platform
from tests.conftest import Books, MakeApp
from tests.factories import make_platform
from tests.web.conftest import Enter, School


def policy(client: FlaskClient, address: str = "/manager/") -> dict[str, str]:
    """The page's Content-Security-Policy by directive."""
    header = client.get(address).headers["Content-Security-Policy"]
    return {name: value for name, _, value in (part.strip().partition(" ") for part in header.split(";"))}


def test_only_registered_lmss_may_frame_the_pages(make_app: MakeApp, books: Books) -> None:
    with books() as session:
        make_platform(session, issuer="https://school.test:8443")
        make_platform(session, issuer="https://canvas.test", family="canvas")
        make_platform(session, issuer="https://gone.test", status="disabled")
        make_platform(session, issuer="https://anybody.test", status="pending")
        strange = make_platform(session, issuer="not a url; script-src *")
        strange.auth_login_url = "https://auth.test/login"
    framing = policy(make_app().test_client())["frame-ancestors"].split()
    assert framing == [
        "https://*.instructure.com",
        "https://auth.test",
        "https://canvas.test",
        "https://school.test:8443",
    ]


@pytest.mark.parametrize("client_id", ["waiting", "unknown"])
def test_an_lms_that_we_do_not_serve_can_show_its_people_why(client: FlaskClient, books: Books, client_id: str) -> None:
    with books() as session:
        make_platform(session, issuer="https://waits.test", client_id="waiting", status="pending")
    login = f"/lti/login?iss=https://waits.test&client_id={client_id}&login_hint=1&target_link_uri=https://tool.test/"
    assert policy(client, login)["frame-ancestors"] == "*"
    assert policy(client)["frame-ancestors"] == "'none'"


def test_a_visit_s_pages_may_be_framed_by_its_own_lms_alone(
    client: FlaskClient, school: School, enter: Enter, books: Books
) -> None:
    with books() as session:
        make_platform(session, issuer="https://another.test")
        session.get_one(Platform, school.platform).auth_login_url = "https://login.test/auth"
    enter(client, school.as_teacher)
    assert policy(client)["frame-ancestors"] == "https://lms.test https://login.test"


def test_a_visit_s_pages_may_be_framed_by_nobody_once_its_lms_is_disabled(
    client: FlaskClient, school: School, enter: Enter, books: Books
) -> None:
    with books() as session:
        session.get_one(Platform, school.platform).status = "disabled"
    enter(client, school.as_teacher)
    assert policy(client)["frame-ancestors"] == "'none'"


def test_without_an_lms_nobody_may(client: FlaskClient) -> None:
    assert policy(client)["frame-ancestors"] == "'none'"


def test_pages_run_nothing_foreign_and_nothing_inline(teacher: FlaskClient) -> None:
    told = policy(teacher)
    assert told["default-src"] == "'none'"
    assert told["script-src"] == told["style-src"] == told["form-action"] == "'self'"
    assert told["base-uri"] == "'none'"
    for address in ("/manager/", "/manager/members", "/manager/settings", "/manager/history"):
        text = teacher.get(address).get_data(as_text=True)
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script>|javascript:", text)
        assert set(re.findall(r'(?:src|href)="(https?:)?//', text)) == set()


def test_pages_are_not_kept_and_tell_other_sites_nothing(teacher: FlaskClient, school: School) -> None:
    headers = teacher.get("/manager/").headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "X-Frame-Options" not in headers


@pytest.mark.parametrize("address", ["/manager?maximum=5", "/manager//?maximum=5"])
def test_no_redirect_leads_to_the_host_that_a_request_claims(client: FlaskClient, address: str) -> None:
    answer = client.get(address, headers={"Host": "elsewhere.test"})
    assert answer.headers["Location"] == "/manager/?maximum=5"
