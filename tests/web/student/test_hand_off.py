"""From the student's page to the exporting service: a ticket is pressed, and a signed token says whom to charge."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import jwt
import pytest
import time_machine
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from lti_tool import clock
from lti_tool.ledger.accounts import freeze
from lti_tool.ledger.allotment import allot, top_up_at_launch
from lti_tool.ledger.movements import SYSTEM, Actor
from lti_tool.ledger.policies import save
from lti_tool.ledger.transfers import post_spend
from lti_tool.licenses import export_services
from lti_tool.licenses.export_services import Hosts
from lti_tool.lti.roles import Role
from tests.conftest import MakeApp
from tests.factories import EXPORT_CREDITS, NOW
from tests.web.conftest import Enter, School
from tests.web.pages import Form, Page, get

HOME, GO = "/student/", "/hand-off"
TOOL = "https://tool.test"
LABEL, URL, ORIGIN = (
    "Export “my” <film>",
    "https://films.example.org/from-creditroll?a=1&b=2",
    "https://films.example.org",
)


@pytest.fixture
def student(client: FlaskClient, school: School, enter: Enter) -> FlaskClient:
    """Ada's browser; her licence has a service, gives 10 at most, and she has 5."""
    lead_to(school)
    receive(school)
    enter(client, school.visit(school.ada, Role.LEARNER))
    return client


def lead_to(school: School, url: str = URL, actor: Actor | None = None) -> None:
    """The licence's students export there."""
    with school.books() as books:
        export_services.set_service(
            books,
            school.license,
            label=LABEL,
            url=url,
            actor=actor or school.actor,
            hosts=Hosts(frozenset(), frozenset()),
            now=NOW,
        )


def receive(school: School, *, maximum: int = 10) -> None:
    with school.books() as books:
        save(books, school.license, EXPORT_CREDITS, maximum=maximum, based_on=0, actor=school.actor, now=NOW)
        top_up_at_launch(books, school.license, EXPORT_CREDITS, school.ada, now=NOW)


def use(school: School, amount: int) -> None:
    with school.books() as books:
        post_spend(
            books,
            school.license,
            EXPORT_CREDITS.name,
            school.ada,
            amount=amount,
            actor=SYSTEM,
            now=NOW,
            reference=None,
        )


def press(client: FlaskClient, form: Form, **headers: str) -> TestResponse:
    """The button, as a browser sends it from a page of ours."""
    return client.post(form.action, data=dict(form.fields), headers={"Origin": TOOL} | headers)


def token_of(answer: TestResponse) -> str:
    """What the service receives."""
    [form] = Page(answer).forms
    [(name, token)] = form.fields
    assert (form.action, form.method, name) == (URL, "post", "token")
    return token


def read(client: FlaskClient, token: str, **wanted: Any) -> dict[str, Any]:
    """The token, checked as a service checks it: by the tool's published keys."""
    header = jwt.get_unverified_header(token)
    [key] = jwt.PyJWKSet.from_dict(client.get("/lti/jwks.json").get_json()).keys
    assert header == {"alg": "RS256", "typ": "creditroll-handoff+jwt", "kid": key.key_id}
    needed = ["iss", "aud", "sub", "iat", "exp", "jti"]
    claims: dict[str, Any] = jwt.decode(
        token, key, ["RS256"], **{"audience": ORIGIN, "issuer": TOOL, "options": {"require": needed}} | wanted
    )
    return claims


def test_the_service_learns_whom_to_charge_and_nothing_else(student: FlaskClient, school: School) -> None:
    claims = read(student, token_of(press(student, get(student, HOME).form(GO))))
    assert claims == {
        "iss": TOOL,
        "aud": ORIGIN,
        "sub": school.ada,
        "iat": claims["iat"],
        "exp": claims["iat"] + 300,
        "jti": claims["jti"],
        "license": school.license,
        "course": school.course,
        "resource": "export-credits",
        "available": 5,
        "coming": 5,
    }


def test_each_press_brings_a_token_of_its_own(student: FlaskClient) -> None:
    form = get(student, HOME).form(GO)
    first, second = (read(student, token_of(press(student, form))) for _ in range(2))
    assert first["jti"] != second["jti"]


def test_the_button_says_what_the_manager_said_and_opens_a_new_tab(student: FlaskClient) -> None:
    page = get(student, HOME)
    assert f"{LABEL} (opens in a new tab)" in page.text
    assert "Opens films.example.org in a new tab." in page.text
    [form] = page.find("form", action=GO)
    assert (form["target"], form["rel"]) == ("_blank", "noopener")


def test_only_the_page_that_hands_on_lets_its_form_go_there(student: FlaskClient) -> None:
    policies = [
        answer.headers["Content-Security-Policy"]
        for answer in (student.get(HOME), press(student, get(student, HOME).form(GO)), student.get(HOME))
    ]
    assert [re.findall("form-action ([^;]+);", policy) for policy in policies] == [
        ["'self'"],
        [f"'self' {ORIGIN}"],
        ["'self'"],
    ]
    assert all("script-src 'self';" in policy for policy in policies)


def test_a_browser_knows_the_service_by_its_origin_however_its_address_is_written(
    student: FlaskClient, school: School
) -> None:
    lead_to(school, "https://Films.example.org:/x")
    policy = press(student, get(student, HOME).form(GO)).headers["Content-Security-Policy"]
    assert f"form-action 'self' {ORIGIN};" in policy


def test_the_token_is_in_no_address_no_log_and_no_cache(student: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    answer = press(student, get(student, HOME).form(GO))
    assert token_of(answer) not in caplog.text
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Location" not in answer.headers
    assert answer.headers["Referrer-Policy"] == "same-origin"


def test_it_works_where_every_cookie_is_refused(student: FlaskClient) -> None:
    form = get(student, HOME).form(GO)
    bare = student.application.test_client(use_cookies=False)
    assert read(student, token_of(press(bare, form)))["available"] == 5


@pytest.mark.parametrize("public_url", ["https://Tool.test", "https://tool.test:443"])
def test_it_works_however_the_operator_writes_the_tools_address(
    student: FlaskClient, make_app: MakeApp, public_url: str
) -> None:
    form = get(student, HOME).form(GO)
    again = make_app(public_url=public_url).test_client(use_cookies=False)
    assert press(again, form).status_code == 200
    assert press(again, form, Origin="https://evil.example").status_code == 401


def test_a_ticket_ends_with_its_visit(student: FlaskClient) -> None:
    form = get(student, HOME).form(GO)
    with time_machine.travel(clock.now() + timedelta(minutes=61), tick=False):
        answer = press(student, form)
    assert answer.status_code == 401
    assert "Open it again from your course" in Page(answer).text


def test_a_page_of_another_site_cannot_press_it(student: FlaskClient) -> None:
    form = get(student, HOME).form(GO)
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        assert press(student, form, **headers).status_code == 401
    assert student.post(GO, data=dict(form.fields)).status_code == 401


def test_a_made_up_ticket_is_refused(student: FlaskClient) -> None:
    form = get(student, HOME).form(GO)
    [(_, ticket)] = form.fields
    content, _, signature = ticket.rpartition(".")
    turned = f"{content}.{signature[::-1]}"
    for made_up in ("", "x", "é", "x" * 100_000, content, turned, ticket + "x"):
        assert press(student, replace(form, fields=[("ticket", made_up)])).status_code == 401, made_up
    assert student.post(GO, headers={"Origin": TOOL}).status_code == 401


def test_the_text_of_a_visit_is_no_ticket(student: FlaskClient) -> None:
    page = get(student, HOME)
    [meta] = page.find("meta", name="creditroll-visit")
    assert press(student, replace(page.form(GO), fields=[("ticket", meta["content"])])).status_code == 401
    [(_, ticket)] = page.form(GO).fields
    assert student.get(HOME, headers={"X-Creditroll-Visit": ticket}).status_code == 401


def test_what_may_still_come_is_enough_to_go_on(student: FlaskClient, school: School) -> None:
    use(school, 5)
    claims = read(student, token_of(press(student, get(student, HOME).form(GO))))
    assert (claims["available"], claims["coming"]) == (0, 5)


def test_whoever_has_nothing_left_sees_why_instead_of_the_button(student: FlaskClient, school: School) -> None:
    form = get(student, HOME).form(GO)
    with school.books() as books:
        allot(books, school.license, EXPORT_CREDITS, member_ids=[school.ada], each=5, actor=school.actor, now=NOW)
    use(school, 10)
    page = get(student, HOME)
    assert not page.find("form", action=GO)
    assert "You have used all 10 credits" in page.text
    assert f"“{LABEL}” opens from here again once you have credits." in page.text
    answer = press(student, form)
    assert answer.status_code == 409
    assert "You cannot export at this moment" in Page(answer).text


def test_whoever_left_the_course_is_not_handed_on(student: FlaskClient, school: School) -> None:
    form = get(student, HOME).form(GO)
    with school.books() as books:
        freeze(books, school.license, [school.ada])
    page = get(student, HOME)
    assert not page.find("form", action=GO)
    assert "once you are back in the course" in page.text
    assert press(student, form).status_code == 409


def test_observers_have_no_button(student: FlaskClient, school: School, enter: Enter) -> None:
    watching = replace(school.visit(None, Role.OBSERVER), mentored=(school.ada,))
    enter(student, watching)
    page = get(student, HOME)
    assert "Available 5" in page.text
    assert LABEL not in page.text


def test_without_a_service_there_is_no_button(student: FlaskClient, school: School) -> None:
    form = get(student, HOME).form(GO)
    with school.books() as books:
        export_services.remove(books, school.license, actor=school.actor, now=NOW)
    page = get(student, HOME)
    assert not page.find("form", action=GO)
    assert "opens from here" not in page.text
    assert press(student, form).status_code == 409


def test_a_host_that_the_operator_names_no_more_gets_nobody(
    student: FlaskClient, school: School, make_app: MakeApp, enter: Enter
) -> None:
    form = get(student, HOME).form(GO)
    strict = make_app(export_hosts=["exports.school.example"]).test_client()
    enter(strict, school.visit(school.ada, Role.LEARNER))
    assert not get(strict, HOME).find("form", action=GO)
    assert press(strict, form).status_code == 409
