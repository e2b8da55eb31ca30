"""An LMS administrator finds every value to paste, gives back what the LMS shows, and sees whether it works."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from html import unescape
from threading import Event, Thread
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import QueuePool, select
from werkzeug.test import TestResponse

from lti_tool.db import db
from lti_tool.lti import platforms
from lti_tool.lti.families import FAMILIES, Value
from lti_tool.lti.platforms import Platform
from tests.conftest import Books, MakeApp
from tests.demo_lms import running
from tests.factories import make_deployment, make_platform
from tests.lti_platform import key

CANVAS = {"lms": "canvas", "name": "Springfield", "environment": "Production", "client_id": "10000000000068"}
MOODLE = {
    "lms": "moodle",
    "name": "Springfield",
    "issuer": "https://moodle.school.test",
    "client_id": "1rS8xSY7eabZUjv",
    "deployment_id": "3",
    "jwks_url": "https://moodle.school.test/mod/lti/certs.php",
    "auth_token_url": "https://moodle.school.test/mod/lti/token.php",
    "auth_login_url": "https://moodle.school.test/mod/lti/auth.php",
}
NAMES = list(FAMILIES)


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """Most of these pages read nothing and the rest writes rows that tests/lti/test_platforms.py makes on both."""
    return sqlite_url


def text(answer: TestResponse) -> str:
    """The page's words, without its markup."""
    return " ".join(unescape(re.sub(r"<[^>]+>", "", answer.text)).split())


def registered(books: Books) -> list[Platform]:
    with books() as session:
        return list(session.scalars(select(Platform).order_by(Platform.id)))


def number(answer: TestResponse) -> str:
    """Our own number of the registration, from the address that the form leads to."""
    assert answer.status_code == 303, text(answer)
    found = re.fullmatch(r"/register/([0-9a-f-]{36})\?new=1", answer.location)
    assert found
    return found[1]


def every_value(name: str) -> Iterator[Value]:
    guide = FAMILIES[name].guide
    for todo in (*guide.by_itself, *guide.by_hand, *guide.in_courses):
        yield from todo.values


def test_the_first_page_offers_each_lms(client: FlaskClient) -> None:
    answer = client.get("/register")
    assert answer.status_code == 200
    assert re.findall(r'href="/register\?lms=(\w+)"', answer.text) == NAMES
    assert client.get("/register?lms=pigeon").status_code == 200


@pytest.mark.parametrize("name", NAMES)
def test_a_page_has_every_value_in_the_lmss_order_with_this_deployments_addresses(
    client: FlaskClient, name: str
) -> None:
    answer = client.get(f"/register?lms={name}")
    assert answer.status_code == 200
    shown = text(answer)
    place = 0
    for value in every_value(name):
        place = shown.index(value.label, place)
    assert "tool.example" not in shown
    assert not re.search(r"\{\w+\}", shown)
    assert set(re.findall(r"https?://tool\.test\S*", shown)) >= {
        "https://tool.test/lti/launch",
        "https://tool.test/lti/login" if name != "canvas" else "https://tool.test/lti/config.json",
    }


@pytest.mark.parametrize("name", NAMES)
def test_what_is_pasted_can_be_copied_by_its_name(client: FlaskClient, name: str) -> None:
    buttons = re.findall(
        r'<button type="button"[^>]*data-copy="([^"]+)" hidden>Copy<span class="unseen"> ([^<]+)</span>',
        client.get(f"/register?lms={name}").text,
    )
    pasted = [value for value in every_value(name) if value.is_pasted and value.value != "{client_id}"]
    assert [unescape(label) for _, label in buttons] == [value.label for value in pasted]
    assert all(copied for copied, _ in buttons)


@pytest.mark.parametrize("name", NAMES)
def test_dynamic_registration_comes_first_where_the_lms_has_it(client: FlaskClient, name: str) -> None:
    shown = text(client.get(f"/register?lms={name}"))
    has_it = name not in ("schoology", "blackboard", "openedx")
    assert ("https://tool.test/lti/register" in shown) is has_it
    if has_it:
        assert shown.index("https://tool.test/lti/register") < shown.index("By hand")


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("canvas", ["environment", "client_id", "deployment_id", "name"]),
        ("schoology", ["client_id", "deployment_id", "name"]),
        ("blackboard", ["client_id", "deployment_id", "name"]),
    ],
)
def test_nobody_types_what_is_the_same_for_all_schools(client: FlaskClient, name: str, fields: list[str]) -> None:
    page = client.get(f"/register?lms={name}").text
    assert re.findall(r'<(?:input class="input"|select class="input") id="(\w+)"', page) == fields


@pytest.mark.parametrize(("registration", "status"), [("approve", "pending"), ("open", "active")])
def test_the_form_makes_a_registration_that_waits_unless_all_are_welcome(
    make_app: MakeApp, books: Books, registration: str, status: str
) -> None:
    answer = make_app(registration=registration).test_client().post("/register", data=CANVAS | {"deployment_id": "1:a"})
    platform_id = number(answer)
    [kept] = registered(books)
    assert (kept.id, kept.status, kept.family, kept.name) == (platform_id, status, "canvas", "Springfield")
    assert (kept.issuer, kept.client_id) == ("https://canvas.instructure.com", "10000000000068")
    assert kept.jwks_url == "https://sso.canvaslms.com/api/lti/security/jwks"
    with books() as session:
        deployments = platforms.deployments(session, session.get_one(Platform, platform_id))
        assert [(one.deployment_id, one.status) for one in deployments] == [("1:a", status)]


def test_schoology_needs_two_values(client: FlaskClient, books: Books) -> None:
    ids = {"lms": "schoology", "client_id": "7485393815", "deployment_id": "7485393815-1380426679"}
    number(client.post("/register", data=ids))
    [kept] = registered(books)
    assert (kept.name, kept.issuer) == ("Schoology 7485393815", "https://schoology.schoology.com")
    for missing in ("client_id", "deployment_id"):
        assert client.post("/register", data=ids | {missing: ""}).status_code == 422


def test_beta_and_test_are_registrations_of_their_own(client: FlaskClient, books: Books) -> None:
    for environment in ("Production", "Beta", "Test"):
        number(client.post("/register", data=CANVAS | {"environment": environment}))
    assert [one.issuer for one in registered(books)] == [
        "https://canvas.instructure.com",
        "https://canvas.beta.instructure.com",
        "https://canvas.test.instructure.com",
    ]


def test_an_lms_with_addresses_of_its_own_gives_them(client: FlaskClient, books: Books) -> None:
    number(client.post("/register", data=MOODLE))
    [kept] = registered(books)
    assert kept.auth_token_url == "https://moodle.school.test/mod/lti/token.php"
    assert kept.auth_audience is None


def test_where_registration_is_closed_there_is_no_form_and_no_way_around(make_app: MakeApp, books: Books) -> None:
    client = make_app(registration="closed").test_client()
    page = client.get("/register?lms=canvas")
    assert "<form" not in page.text
    assert "Whoever runs Creditroll adds each LMS here" in text(page)
    assert client.post("/register", data=CANVAS).status_code == 403
    assert registered(books) == []


def test_a_registration_is_never_overwritten(client: FlaskClient, books: Books) -> None:
    number(client.post("/register", data=MOODLE))
    again = client.post("/register", data=MOODLE | {"jwks_url": "https://moodle.school.test/other", "name": "Evil"})
    assert again.status_code == 422
    assert "registered already. Nothing was changed." in text(again)
    [kept] = registered(books)
    assert (kept.name, kept.jwks_url) == ("Springfield", MOODLE["jwks_url"])


@pytest.mark.parametrize(
    ("field", "typed", "says"),
    [
        ("client_id", "", "Fill this in."),
        ("client_id", "x" * 256, "255 characters"),
        ("name", "Springfield\x1b[2J", "printable"),
        ("deployment_id", "3\u202e", "printable"),
        ("issuer", "http://moodle.school.test", "https://"),
        ("issuer", "not an address", "full URL"),
        ("issuer", "https://canvas.instructure.com", "choose Canvas"),
        ("issuer", "https://canvas.instructure.com.", "choose Canvas"),
        ("issuer", "https://[::1", "full URL"),
        ("jwks_url", "https://evil.test/keys", "not the host of the issuer"),
        ("auth_login_url", "https://moodle.school.test.evil.test/auth", "not the host of the issuer"),
        ("auth_token_url", "https://user:pass@moodle.school.test/token", "without name, password"),
    ],
)
def test_what_cannot_be_right_is_refused_beside_its_field_and_kept_as_typed(
    client: FlaskClient, books: Books, field: str, typed: str, says: str
) -> None:
    answer = client.post("/register", data=MOODLE | {field: typed})
    assert answer.status_code == 422
    beside = re.search(rf'<p class="wrong" id="{field}-wrong">([^<]*)', answer.text)
    assert beside
    assert says in unescape(beside[1])
    if typed.strip():
        assert typed in unescape(answer.text)
    assert registered(books) == []


def test_the_vendors_own_hosts_may_serve_a_school(client: FlaskClient, books: Books) -> None:
    brightspace = MOODLE | {
        "lms": "brightspace",
        "issuer": "https://learn.school.test",
        "jwks_url": "https://learn.school.test/d2l/.well-known/jwks",
        "auth_login_url": "https://learn.school.test/d2l/lti/authenticate",
        "auth_token_url": "https://auth.brightspace.com/core/connect/token",
    }
    number(client.post("/register", data=brightspace))
    assert registered(books)[0].account.audience == "https://api.brightspace.com/auth/token"


def test_strangers_cannot_make_the_operators_list_endless(client: FlaskClient, books: Books) -> None:
    with books() as session:
        for _ in range(100):
            make_platform(session, status="pending")
    answer = client.post("/register", data=CANVAS)
    assert answer.status_code == 429
    assert "Too many registrations wait for approval" in text(answer)


def test_where_nobody_waits_strangers_cannot_make_the_list_endless_either(make_app: MakeApp, books: Books) -> None:
    # Each that is admitted is also named in what every answer says of who may frame it.
    with books() as session:
        for _ in range(100):
            make_platform(session).created_at = datetime.now(UTC)
    answer = make_app(registration="open").test_client().post("/register", data=CANVAS)
    assert answer.status_code == 429
    assert "Many LMSs were registered within a day" in text(answer)


def test_one_address_may_register_only_so_often(make_app: MakeApp, books: Books) -> None:
    client = make_app(launch_rate_limit="300/minute").test_client()
    where = {"REMOTE_ADDR": "192.0.2.77"}
    answers = [
        client.post("/register", data=CANVAS | {"client_id": str(n)}, environ_base=where).status_code for n in range(21)
    ]
    assert answers == [303] * 20 + [429]
    assert len(registered(books)) == 20


def test_another_site_cannot_send_the_form(client: FlaskClient, books: Books) -> None:
    assert client.post("/register", data=CANVAS, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert registered(books) == []


def test_an_unknown_lms_leads_back_to_the_choice(client: FlaskClient) -> None:
    answer = client.post("/register", data=CANVAS | {"lms": "pigeon"})
    assert (answer.status_code, answer.location) == (303, "/register")
    assert client.post("/register", data=CANVAS | {"environment": "Moon"}).status_code == 422


def test_schools_of_a_vendor_that_is_registered_once_only_paste_its_client(client: FlaskClient, books: Books) -> None:
    with books() as session:
        make_platform(session, issuer="https://blackboard.com", client_id="2761a189", family="blackboard")
    page = client.get("/register?lms=blackboard")
    assert 'data-copy="2761a189"' in page.text
    assert "<form" not in page.text
    assert "developer.anthology.com" not in text(page)


def test_the_pages_may_be_framed_and_tell_no_other_site_their_address(client: FlaskClient, books: Books) -> None:
    with books() as session:
        platform_id = make_platform(session, status="pending").id
    for address in ("/register", "/register?lms=canvas", f"/register/{platform_id}"):
        headers = client.get(address).headers
        assert "frame-ancestors *" in headers["Content-Security-Policy"]
        assert headers["Referrer-Policy"] == "no-referrer"
        assert "Set-Cookie" not in headers


@pytest.fixture
def lms(books: Books) -> Iterator[Platform]:
    """An LMS that answers at its login address and shows its keys; it has no services. It waits for approval."""
    app = Flask(__name__)
    app.add_url_rule("/auth", "auth", lambda: ("Sign in first.", 401))
    app.add_url_rule("/jwks", "jwks", lambda: {"keys": [key().jwk]})
    with running(app) as url:
        with books() as session:
            platform = make_platform(session, issuer=url, status="pending", family="moodle")
            make_deployment(session, platform, deployment_id="deployment-of-it", status="pending")
        yield platform


def test_a_registrations_page_says_what_became_of_it_and_calls_nobody(client: FlaskClient, lms: Platform) -> None:
    answer = client.get(f"/register/{lms.id}?new=1")
    shown = text(answer)
    assert "It waits to be approved by whoever runs Creditroll" in shown
    assert "deployment-of-it" in shown
    assert f"https://tool.test/register/{lms.id}" in shown
    assert "usable key" not in shown


def test_the_button_tests_each_step_and_says_what_mends_it(client: FlaskClient, lms: Platform) -> None:
    answer = client.post(f"/register/{lms.id}")
    shown = text(answer)
    assert answer.status_code == 200
    assert "2 things are to be mended." in shown
    assert "The LMS shows 1 usable key: key-1." in shown
    assert "https://tool.test/lti/jwks.json" in shown
    assert "In Moodle: Manage tools" in shown
    assert f"creditroll platform approve {lms.id}" in shown


def test_a_key_set_with_names_that_no_page_can_show_is_no_fault_of_ours(client: FlaskClient, books: Books) -> None:
    app = Flask(__name__)
    app.add_url_rule("/jwks", "jwks", lambda: {"keys": [key().jwk | {"kid": "\ud800"}, key().jwk | {"kid": "\x1b[2J"}]})
    with running(app) as url:
        with books() as session:
            platform_id = make_platform(session, issuer=url).id
        answer = client.post(f"/register/{platform_id}")
    assert answer.status_code == 200
    assert "no usable key" in text(answer)


def test_a_number_that_nobody_has_is_not_found(client: FlaskClient) -> None:
    for address in ("/register/0", "/register/01a21226-eb84-75a2-a0f4-cd95f32adc74"):
        assert "There is no such registration" in text(client.get(address))
        assert client.get(address).status_code == 404
        assert client.post(address).status_code == 404


def test_one_address_may_test_only_so_often(make_app: MakeApp, lms: Platform) -> None:
    client = make_app(launch_rate_limit="300/minute").test_client()
    where = {"REMOTE_ADDR": "192.0.2.78"}
    answers = [client.post(f"/register/{lms.id}", environ_base=where).status_code for _ in range(21)]
    assert answers == [200] * 20 + [429]


def test_a_test_under_way_is_not_begun_twice(app: Flask, books: Books) -> None:
    asked, go_on = Event(), Event()

    def auth() -> Any:
        asked.set()
        go_on.wait(20)
        return "Sign in first.", 401

    slow = Flask(__name__)
    slow.add_url_rule("/auth", "auth", auth)
    with running(slow) as url:
        with books() as session:
            platform_id = make_platform(session, issuer=url).id
        first = Thread(target=lambda: app.test_client().post(f"/register/{platform_id}"))
        first.start()
        assert asked.wait(20)
        second = app.test_client().post(f"/register/{platform_id}")
        go_on.set()
        first.join()
    assert second.status_code == 429
    assert "A test is under way" in text(second)
    assert app.test_client().post("/register/" + platform_id).status_code == 200


def test_nothing_is_open_in_the_database_while_the_lms_is_waited_for(app: Flask, books: Books) -> None:
    open_connections: list[int] = []

    def auth() -> Any:
        with app.app_context():
            pool = db.engine.pool
        assert isinstance(pool, QueuePool)
        open_connections.append(pool.checkedout())
        return "Sign in first.", 401

    lms = Flask(__name__)
    lms.add_url_rule("/auth", "auth", auth)
    with running(lms) as url:
        with books() as session:
            platform_id = make_platform(session, issuer=url).id
        assert app.test_client().post(f"/register/{platform_id}").status_code == 200
    assert open_connections == [0]


def test_an_address_with_what_no_text_can_hold_is_refused(client: FlaskClient) -> None:
    for address in ("/register/a%00b", "/register/a%00b/launches"):
        assert client.get(address).status_code == 400
        assert client.post(address, data={"code": "1"}).status_code == 400
