"""A good launch is let in exactly once, with all its effects or none, on both databases."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, event

from lti_tool.db import db
from lti_tool.lti import platforms, refusals
from lti_tool.lti.platforms import Deployment
from lti_tool.lti.refusals import LaunchRefused
from tests.conftest import Books
from tests.factories import NOW
from tests.lti_platform import FakePlatform, claims, id_token, launch, login, post
from tests.web.lti.conftest import give_license, post_at_once, rows

TOOL = "https://tool.test"


def test_any_number_of_launches_go_on_in_one_browser(client: FlaskClient, platform: FakePlatform) -> None:
    begun = [login(client, platform) for _ in range(12)]
    for one in reversed(begun):
        token = id_token(platform, claims(platform, tool=TOOL, nonce=one.nonce))
        assert post(client, id_token=token, state=one.state).status_code == 303


def test_a_launch_posted_again_is_refused(client: FlaskClient, platform: FakePlatform) -> None:
    begun = login(client, platform)
    token = id_token(platform, claims(platform, tool=TOOL, nonce=begun.nonce))
    assert post(client, id_token=token, state=begun.state).status_code == 303
    again = post(client, id_token=token, state=begun.state)
    assert again.status_code == 401
    assert "LTI-NONCE-USED" in again.text


def test_a_new_token_with_a_used_nonce_lets_nobody_in(
    client: FlaskClient, platform: FakePlatform, engine: Engine, books: Books
) -> None:
    give_license(books, platform)
    begun = login(client, platform)
    for subject in ("first", "second"):
        token = id_token(platform, claims(platform, tool=TOOL, nonce=begun.nonce, subject=subject))
        answer = post(client, id_token=token, state=begun.state)
    assert answer.status_code == 401
    assert rows(engine, "select subject from people") == [("first",)]


def test_reloading_a_launch_shows_the_visit_that_it_began(
    client: FlaskClient, platform: FakePlatform, books: Books, engine: Engine
) -> None:
    give_license(books, platform)
    begun = login(client, platform)
    token = id_token(platform, claims(platform, tool=TOOL, nonce=begun.nonce))
    post(client, id_token=token, state=begun.state)
    again = post(client, id_token=token, state=begun.state)
    assert (again.status_code, again.headers["Location"]) == (303, "/student/")
    assert len(rows(engine, "select * from spent_nonces")) == 1


def test_reloading_a_launch_does_not_show_the_visit_of_somebody_else(
    client: FlaskClient, platform: FakePlatform, books: Books
) -> None:
    give_license(books, platform)
    begun = login(client, platform)
    token = id_token(platform, claims(platform, tool=TOOL, nonce=begun.nonce, subject="first"))
    post(client, id_token=token, state=begun.state)
    launch(client, platform, subject="second")
    assert post(client, id_token=token, state=begun.state).status_code == 401


def test_of_fifty_posts_of_one_launch_at_once_one_is_let_in(
    client: FlaskClient, platform: FakePlatform, engine: Engine, books: Books
) -> None:
    give_license(books, platform)
    begun = login(client, platform)
    token = id_token(platform, claims(platform, tool=TOOL, nonce=begun.nonce))
    assert post_at_once(client, begun, token, times=50) == [303] + [401] * 49
    assert rows(engine, "select count(*) from spent_nonces") == [(1,)]
    assert rows(engine, "select count(*) from people") == [(1,)]
    assert rows(engine, "select kind, amount from transfers where kind = 'auto_allotment'") == []


def test_an_unknown_deployment_waits_until_it_is_approved(
    client: FlaskClient, platform: FakePlatform, books: Books, engine: Engine
) -> None:
    platform.deployment_id = "deployment-2"
    for _ in range(2):
        answer = launch(client, platform)
        assert answer.status_code == 403
        assert "LTI-DEPLOYMENT-PENDING" in answer.text
    assert rows(engine, "select deployment_id, status from deployments order by id") == [
        ("deployment-1", "active"),
        ("deployment-2", "pending"),
    ]
    assert rows(engine, "select * from contexts") == []
    with books() as session:
        found = platforms.find(session, platform.id)
        platforms.approve(session, found, deployment_id="deployment-2", now=found.created_at)
    assert launch(client, platform).status_code == 303


def test_a_failure_after_the_nonce_leaves_the_launch_usable(
    client: FlaskClient, platform: FakePlatform, books: Books, engine: Engine
) -> None:
    begun = login(client, platform)
    token = id_token(platform, claims(platform, tool=TOOL, nonce=begun.nonce))
    with books() as session:
        platforms.find(session, platform.id).status = "disabled"
    assert post(client, id_token=token, state=begun.state).status_code == 403
    assert rows(engine, "select * from spent_nonces") == []
    with books() as session:
        found = platforms.find(session, platform.id)
        platforms.approve(session, found, now=found.created_at)
    assert post(client, id_token=token, state=begun.state).status_code == 303


def test_a_new_launch_inherits_nothing_of_the_visit_before(
    client: FlaskClient, platform: FakePlatform, books: Books
) -> None:
    give_license(books, platform)
    launch(client, platform, role="Instructor", subject="teacher")
    assert client.get("/manager/").status_code == 200
    launch(client, platform, role="Learner", subject="student")
    assert client.get("/manager/").status_code == 403


@pytest.mark.parametrize(
    "changes", [{"deployment_id": "never seen"}, {"sub": None}, {"message_type": "LtiDeepLinkingRequest"}]
)
def test_a_launch_that_the_lms_signed_and_we_refuse_ends_the_visit_before(
    client: FlaskClient, platform: FakePlatform, books: Books, changes: dict[str, Any]
) -> None:
    give_license(books, platform)
    launch(client, platform, role="Instructor", subject="teacher")
    assert launch(client, platform, subject="somebody", changes=changes).status_code in (400, 401, 403)
    assert client.get("/manager/").status_code == 401


def test_a_launch_that_nobody_signed_ends_no_visit(client: FlaskClient, platform: FakePlatform, books: Books) -> None:
    give_license(books, platform)
    launch(client, platform, role="Instructor", subject="teacher")
    assert client.post("/lti/launch", data={"id_token": "a.b.c", "state": "x"}).status_code in (400, 401)
    assert client.get("/manager/").status_code == 200


def test_a_course_keeps_up_with_the_lms(client: FlaskClient, platform: FakePlatform, engine: Engine) -> None:
    launch(client, platform, memberships_url="https://lms.example/members")
    launch(client, platform, changes={"context": {"id": "context-1", "title": "Renamed"}})
    assert rows(engine, "select label, title, memberships_url from contexts") == [
        (None, "Renamed", "https://lms.example/members")
    ]


def test_courses_of_one_name_in_two_deployments_are_two(
    client: FlaskClient, platform: FakePlatform, books: Books, engine: Engine
) -> None:
    launch(client, platform)
    with books() as session:
        session.add(Deployment(id="d2", platform_id=platform.id, deployment_id="d2", status="active", created_at=NOW))
    platform.deployment_id = "d2"
    launch(client, platform)
    assert rows(engine, "select count(*) from contexts where context_id = 'context-1'") == [(2,)]


def test_a_warm_launch_asks_the_lms_nothing_and_the_database_little(
    app: Flask, client: FlaskClient, platform: FakePlatform, books: Books
) -> None:
    give_license(books, platform)
    launch(client, platform)
    asked: list[str] = []
    with app.app_context():
        listened = db.engine
    event.listen(listened, "before_cursor_execute", lambda *arguments: asked.append(arguments[2]))
    begun = login(client, platform)
    assert asked == []
    token = id_token(platform, claims(platform, tool=TOOL, nonce=begun.nonce))
    assert post(client, id_token=token, state=begun.state).status_code == 303
    assert platform.fetches == 1
    statements = [sql for sql in asked if not sql.startswith(("BEGIN", "PRAGMA"))]
    assert len(statements) <= 8, statements  # the last notes the launch in the log


def test_the_visit_is_kept_in_a_cookie_that_survives_in_a_frame(client: FlaskClient, platform: FakePlatform) -> None:
    [cookie] = launch(client, platform).headers.getlist("Set-Cookie")
    name, *attributes = cookie.split("; ")
    assert name.startswith("__Host-creditroll=")
    assert sorted(attributes) == ["HttpOnly", "Partitioned", "Path=/", "SameSite=None", "Secure"]


def test_every_code_is_there_once_and_says_what_to_do() -> None:
    named = [one for one in vars(refusals).values() if isinstance(one, type) and issubclass(one, LaunchRefused)]
    reasons = [one for one in named if "code" in vars(one)]
    assert len({reason.code for reason in reasons}) == len(reasons) > 30
    for reason in reasons:
        assert reason.code.startswith("LTI-")
        assert reason.says.endswith(".")
        assert all(step.endswith(".") for step in reason.steps)
        assert reason.status in (400, 401, 403, 429)
