"""What browsers are told: who may frame the pages, that nothing foreign runs, and that nothing is kept."""

import re

from flask.testing import FlaskClient

from tests.conftest import Books, MakeApp
from tests.factories import make_platform
from tests.web.conftest import School


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


def test_a_waiting_lms_may_frame_only_the_page_that_tells_its_people_to_wait(client: FlaskClient, books: Books) -> None:
    with books() as session:
        make_platform(session, issuer="https://waits.test", client_id="c", status="pending")
    login = "/lti/login?iss=https://waits.test&client_id=c&login_hint=1&target_link_uri=https://tool.test/lti/launch"
    assert policy(client, login)["frame-ancestors"] == "https://waits.test"
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
