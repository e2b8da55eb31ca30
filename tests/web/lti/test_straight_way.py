"""A teacher places a link straight to the exporting service: students arrive there, staff see what it does."""

import re
from typing import Any

import jwt
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from lti_tool.ledger import policies
from lti_tool.ledger.movements import OPERATOR
from lti_tool.licenses import bindings, export_services
from lti_tool.licenses.export_services import Hosts
from lti_tool.lti import platforms
from tests.conftest import Books
from tests.factories import EXPORT_CREDITS, NOW
from tests.lti_platform import DEEP_LINKING, FakePlatform, launch, picking
from tests.web.lti.conftest import give_license
from tests.web.lti.test_deep_link import choose, sent
from tests.web.pages import Page

TOOL, SERVICE = "https://tool.test", "https://films.example.org"
STRAIGHT = f"{TOOL}/lti/launch?page=export"


@pytest.fixture
def licensed(books: Books, platform: FakePlatform) -> str:
    """The id of a licence that gives 5 to each student, and leads them to a service."""
    give_license(books, platform)
    with books() as session:
        [deployment] = platforms.deployments(session, platforms.find(session, platform.id))
        license_id = bindings.license_in_force(session, deployment.id, None)
        assert license_id
        policies.save(session, license_id, EXPORT_CREDITS, maximum=5, based_on=0, actor=OPERATOR, now=NOW)
        export_services.set_service(
            session,
            license_id,
            label="Export my film",
            url=f"{SERVICE}/in",
            actor=OPERATOR,
            hosts=Hosts(frozenset(), frozenset()),
            now=NOW,
        )
        return license_id


def arrive(client: FlaskClient, platform: FakePlatform, **who: Any) -> TestResponse:
    """A launch of the placed link, as far as it goes by itself."""
    answer = launch(client, platform, changes={"target_link_uri": STRAIGHT}, **who)
    assert answer.status_code == 303
    return client.get(answer.headers["Location"])


def test_the_picker_offers_it_where_there_is_one(client: FlaskClient, platform: FakePlatform, licensed: str) -> None:
    asked = launch(client, platform, role="Instructor", changes=picking())
    assert "Exporting service (Export my film)" in Page(asked).text
    [item] = sent(client, platform, choose(client, asked, "export"))[f"{DEEP_LINKING}content_items"]
    assert (item["type"], item["title"], item["url"]) == ("ltiResourceLink", "Export my film", STRAIGHT)
    assert item["window"] == {"targetName": "_blank"}


def test_without_one_it_is_neither_offered_nor_taken(client: FlaskClient, platform: FakePlatform) -> None:
    asked = launch(client, platform, role="Instructor", changes=picking())
    assert "Exporting service" not in Page(asked).text
    assert choose(client, asked, "export").status_code == 400


def test_a_student_is_handed_on_at_once(client: FlaskClient, platform: FakePlatform, licensed: str) -> None:
    answer = arrive(client, platform)
    [form] = Page(answer).forms
    assert (form.action, form.method) == (f"{SERVICE}/in", "post")
    [(_, token)] = form.fields
    assert jwt.decode(token, options={"verify_signature": False})["available"] == 5
    assert re.search(f"form-action 'self' {SERVICE};", answer.headers["Content-Security-Policy"])
    assert [found["src"].rpartition("/")[2] for found in Page(answer).find("script")] == ["send.js"]


def test_a_page_that_scripts_put_in_goes_by_way_of_ours(
    client: FlaskClient, platform: FakePlatform, licensed: str
) -> None:
    arrive(client, platform)
    answer = client.get("/student/export", headers={"HX-Request": "true"})
    [form] = Page(answer).forms
    assert form.action == "/hand-off"
    gone = client.post(form.action, data=dict(form.fields), headers={"Origin": TOOL})
    assert Page(gone).forms[0].action == f"{SERVICE}/in"


def test_a_student_who_has_nothing_sees_why(
    client: FlaskClient, platform: FakePlatform, licensed: str, books: Books
) -> None:
    with books() as session:
        policies.save(session, licensed, EXPORT_CREDITS, maximum=0, based_on=1, actor=OPERATOR, now=NOW)
    answer = launch(client, platform, changes={"target_link_uri": STRAIGHT})
    led = client.get(answer.headers["Location"])
    assert (led.status_code, led.headers["Location"]) == (303, "/student/")
    assert "No credits yet" in Page(client.get("/student/")).text


def test_staff_see_what_students_get(client: FlaskClient, platform: FakePlatform, licensed: str) -> None:
    page = Page(arrive(client, platform, role="Instructor", subject="teacher-1"))
    assert "This link takes students to “Export my film”" in page.text


def test_an_observer_is_shown_whom_they_look_after(client: FlaskClient, platform: FakePlatform, licensed: str) -> None:
    assert (
        "Export credits of those you look after" in Page(arrive(client, platform, role="Mentor", subject="parent")).text
    )


def test_a_link_whose_service_was_removed_shows_credits(
    client: FlaskClient, platform: FakePlatform, licensed: str, books: Books
) -> None:
    with books() as session:
        export_services.remove(session, licensed, actor=OPERATOR, now=NOW)
    answer = arrive(client, platform)
    assert answer.headers["Location"] == "/student/"
