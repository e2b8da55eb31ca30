"""The operator's pages open by a link of the command line, once, for four hours, and by nothing else."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from http.cookies import SimpleCookie

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeSerializer

from lti_tool import clock, logs, operator_link
from lti_tool.db import micros
from tests.web import pages
from tests.web.conftest import Enter, School
from tests.web.operator.conftest import Sold, World, come_in, link
from tests.web.pages import Page

COOKIE = "__Host-creditroll-operator"
PATHS = ("/operator/orders", "/operator/problems", "/operator/")


def is_shut(client: FlaskClient, path: str = "/operator/orders") -> bool:
    """Whether the page asks for a link, and shows nothing else."""
    answer = client.get(path)
    return answer.status_code == 401 and "creditroll operator link" in answer.text


def cookie_of(client: FlaskClient) -> str:
    found = client.get_cookie(COOKIE, domain="tool.test")
    assert found is not None
    return found.value


def test_a_link_opens_once_and_only_when_it_is_pressed(client: FlaskClient) -> None:
    address = link(client.application)
    for _ in range(3):  # a mail program, a preview, the person
        opened = client.get(address)
        assert (opened.status_code, "Set-Cookie" in opened.headers) == (200, False)
    assert is_shut(client)
    pages.post(client, Page(opened).form(address))
    assert pages.get(client, "/operator/orders").status == 200
    other = client.application.test_client()
    for again in (other.post(address), other.get(address)):
        assert (again.status_code, "Set-Cookie" in again.headers) == (403, False)
        assert "used already" in again.text
    assert is_shut(other)


def test_of_many_presses_at_once_one_gets_in(client: FlaskClient) -> None:
    address = link(client.application)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: client.application.test_client().post(address).status_code, range(16)))
    assert sorted(answers) == [303] + [403] * 15


def test_its_cookie_is_for_this_site_alone(client: FlaskClient) -> None:
    cookie = SimpleCookie(client.post(link(client.application)).headers["Set-Cookie"])[COOKIE]
    assert (cookie["samesite"], cookie["path"], cookie["domain"], cookie["max-age"]) == ("Strict", "/", "", "14400")
    assert cookie["secure"]
    assert cookie["httponly"]


def test_no_page_of_it_may_be_framed_and_its_key_goes_nowhere(
    operator: FlaskClient, sold: Sold, school: School
) -> None:
    assert "https://lms.test" in operator.get("/manager/").headers["Content-Security-Policy"]  # which may frame those
    for path in (*PATHS[:2], sold.page, link(operator.application), "/operator/enter/forged"):
        answer = operator.get(path)
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"], path
        assert answer.headers["Cache-Control"] == "no-store"
    assert operator.get(link(operator.application)).headers["Referrer-Policy"] == "no-referrer"


def test_a_link_is_over_after_ten_minutes(client: FlaskClient) -> None:
    address = link(client.application)
    with time_machine.travel(clock.now() + timedelta(minutes=10, seconds=1), tick=False):
        for answer in (client.get(address), client.post(address)):
            assert (answer.status_code, "older than ten minutes" in answer.text) == (403, True)
    assert is_shut(client)


def test_a_forged_link_is_of_no_use(client: FlaskClient) -> None:
    address = link(client.application)
    other = operator_link.make("another secret that is long enough too", now=clock.now())
    signed, _, signature = address.rpartition(".")
    # Its first letter: of the last one some bits mean nothing, and another letter may say the same.
    forged = f"{signed}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}"
    for path in (forged, f"/operator/enter/{other}", "/operator/enter/x"):
        for answer in (client.get(path), client.post(path)):
            assert answer.status_code == 403
    assert client.post(f"/operator/enter/{'x' * 5_000}").status_code == 403
    assert is_shut(client)


def test_a_visit_ends_after_four_hours(operator: FlaskClient, sold: Sold) -> None:
    form = pages.get(operator, f"{sold.page}/approve").form(f"{sold.page}/approve")
    kept = cookie_of(operator)
    with time_machine.travel(clock.now() + timedelta(hours=4, seconds=1), tick=False):
        operator.set_cookie(COOKIE, kept, domain="tool.test", secure=True)
        assert is_shut(operator)
        assert pages.post(operator, form).status_code == 401
    assert sold.status() == "placed"


def test_logging_out_ends_every_copy_of_the_visit(operator: FlaskClient) -> None:
    kept = cookie_of(operator)
    page = pages.get(operator, "/operator/orders")
    left = pages.post(operator, page.form("/operator/leave"))
    assert "You are logged out" in left.text
    assert operator.get_cookie(COOKIE, domain="tool.test") is None
    assert is_shut(operator)
    operator.set_cookie(COOKIE, kept, domain="tool.test", secure=True)
    for path in PATHS:
        assert is_shut(operator, path)


def test_forged_cookies_open_nothing(client: FlaskClient) -> None:
    ends = micros(clock.now() + timedelta(hours=1))
    secret = client.application.extensions["creditroll"].secret_key
    plain = URLSafeSerializer(secret, salt="operator-visit").dumps(["id", "form", ends])  # signed in another way
    linked = link(client.application).rpartition("/")[2]
    for value in ("", "x", str(plain), linked, "W10.x"):
        client.set_cookie(COOKIE, value, domain="tool.test", secure=True)
        assert is_shut(client)


def test_a_visit_of_a_launch_and_one_of_the_operator_open_nothing_of_each_other(
    client: FlaskClient, school: School, enter: Enter, sold: Sold
) -> None:
    enter(client, school.as_teacher)
    assert client.get("/manager/").status_code == 200
    assert is_shut(client)
    of_launch = client.get_cookie("__Host-creditroll", domain="tool.test")
    assert of_launch is not None
    client.set_cookie(COOKIE, of_launch.value, domain="tool.test", secure=True)
    assert is_shut(client)
    operator = client.application.test_client()
    come_in(operator)
    assert operator.get("/manager/").status_code == 401
    operator.set_cookie("__Host-creditroll", cookie_of(operator), domain="tool.test", secure=True)
    assert operator.get("/manager/").status_code == 401
    assert operator.get("/manager/", headers={"X-Creditroll-Visit": cookie_of(operator)}).status_code == 401


def test_both_side_by_side_stay_apart(client: FlaskClient, school: School, enter: Enter) -> None:
    enter(client, school.as_teacher)
    come_in(client)
    page = client.get("/operator/orders").text
    assert "Grace Okonkwo" not in page
    assert "creditroll-visit" not in page
    assert "Grace Okonkwo" in client.get("/manager/").text


def test_another_site_gets_nothing_done_with_the_operators_cookie(operator: FlaskClient, sold: Sold) -> None:
    other = come_in(operator.application.test_client())
    theirs = pages.get(other, f"{sold.page}/approve").form(f"{sold.page}/approve")
    for data in ({}, {"operator_form": ""}, {"operator_form": "ä"}, dict(theirs.fields)):
        for path in (f"{sold.page}/approve", f"{sold.page}/cancel", f"{sold.page}/payment", "/operator/leave"):
            answer = operator.post(path, data=data)
            assert (answer.status_code, "earlier visit" in answer.text) == (400, True)
    assert sold.status() == "placed"
    assert operator.get("/operator/orders").status_code == 200


def test_no_page_opens_without_a_visit(
    client: FlaskClient, school: School, enter: Enter, sold: Sold, world: World
) -> None:
    enter(client, school.as_teacher)  # who manages a licence, and is nobody here
    ids = {name: getattr(world, name) for name in ("license", "deployment")} | {
        "platform_id": world.platform,
        "license_id": world.license,
        "endpoint_id": world.endpoint,
        "context_id": world.course,
        "support_id": world.launch,
        "order_id": sold.id,
        "problem_id": sold.id,
    }
    rules = [rule for rule in client.application.url_map.iter_rules() if rule.endpoint.startswith("operator.")]
    checked = 0
    for rule in rules:
        if "token" in rule.arguments:
            continue
        path = re.sub(r"<(\w+)>", lambda found: ids[found[1]], rule.rule)
        method = "POST" if "POST" in (rule.methods or ()) else "GET"
        answer = client.open(path, method=method)
        assert (answer.status_code, "Lincoln" in answer.text) == (401, False), rule.rule
        checked += 1
    assert checked >= 35


@pytest.mark.usefixtures("own_logging")
def test_no_log_line_has_the_link(app: Flask, client: FlaskClient, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("debug")
    address = link(app)
    client.get(address)
    client.put(address)
    client.post(address)
    client.post(address)
    told = capsys.readouterr().err
    assert "operator_link_over" in told
    assert address.rpartition("/")[2] not in told
