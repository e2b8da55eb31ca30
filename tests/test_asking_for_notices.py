"""A launch of staff has the LMS asked, beside it and seldom, to tell us of copied courses."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Request, Response

from lti_tool.jobs import JOBS, NoticeAsker
from lti_tool.lti import notice_handlers
from lti_tool.lti.notice_handlers import SCOPE
from lti_tool.lti.platforms import Deployment, Platform
from lti_tool.settings import Settings
from tests.conftest import Books
from tests.factories import NOW, make_deployment, make_platform
from tests.lti_platform import CLAIM, FakePlatform, launch, register, serving_platform
from tests.roster_lms import RosterLms, serving_roster

URL = "https://lms.test/api/lti/notice-handlers/106"


@dataclass
class Lms:
    """An LMS with the service; what was put there, and how it answers."""

    serving: RosterLms
    deployment: str
    puts: list[tuple[str, object]] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    status: int = 200

    def put(self, request: Request) -> Response:
        """Takes one request."""
        self.puts.append((request.method, json.loads(request.get_data())))
        self.tokens.append(request.headers["Authorization"].removeprefix("Bearer "))
        return Response("{}", status=self.status)

    def expect(self, times: int = 1) -> None:
        """So many requests are taken."""
        self.serving.plant("page", *[self.put] * times)


@pytest.fixture
def lms(books: Books) -> Iterator[Lms]:
    with serving_roster(checks_assertions=False, scope=SCOPE) as serving:
        with books() as session:
            platform = make_platform(session, issuer=serving.url, client_id=serving.client_id)
            platform.auth_token_url = serving.token_url
            deployment = make_deployment(session, platform).id
            notice_handlers.request(session, deployment, f"{serving.url}/notice-handlers/106", now=NOW)
        yield Lms(serving, deployment)


def kept_url(books: Books) -> str | None:
    with books() as session:
        return session.scalars(select(Deployment.notices_url)).one()


def test_the_lms_is_asked_with_a_token_for_that_alone(
    lms: Lms, settings: Settings, engine: Engine, books: Books
) -> None:
    lms.expect()
    NoticeAsker(settings, engine).ask(lms.deployment)
    wanted = {"notice_type": "LtiContextCopyNotice", "handler": "https://tool.test/lti/notices"}
    assert lms.puts == [("PUT", wanted)]
    assert [form["scope"] for form in lms.serving.forms] == [SCOPE]
    assert lms.tokens == list(lms.serving.tokens)
    assert kept_url(books) is not None


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_an_lms_that_refuses_is_asked_again_after_a_day(
    lms: Lms, settings: Settings, engine: Engine, books: Books, status: int
) -> None:
    lms.status = status
    lms.expect()
    NoticeAsker(settings, engine).ask(lms.deployment)
    assert kept_url(books) is None
    for later, is_due in ((timedelta(hours=23), False), (timedelta(days=1), True)):
        with books() as session:
            assert notice_handlers.request(session, lms.deployment, URL, now=NOW + later) is is_due


def test_an_lms_without_the_scope_stops_no_worker(lms: Lms, settings: Settings, engine: Engine, books: Books) -> None:
    lms.serving.scope = "another"
    NoticeAsker(settings, engine).ask(lms.deployment)
    assert (lms.puts, kept_url(books)) == ([], None)


def switch_off(session: Session) -> None:
    session.scalars(select(Platform)).one().status = "disabled"


def suspend(session: Session) -> None:
    session.scalars(select(Deployment)).one().status = "pending"


@pytest.mark.parametrize("change", [switch_off, suspend])
def test_an_lms_that_is_not_admitted_any_more_is_not_asked(
    lms: Lms, settings: Settings, engine: Engine, books: Books, change: Callable[[Session], None]
) -> None:
    with books() as session:
        change(session)
    NoticeAsker(settings, engine).ask(lms.deployment)
    assert lms.puts == []


def test_an_installation_is_asked_about_once_a_month(session: Session) -> None:
    deployment = make_deployment(session).id

    def ask(at: datetime, url: str = URL) -> bool:
        return notice_handlers.request(session, deployment, url, now=at)

    assert [ask(NOW), ask(NOW), ask(NOW + timedelta(days=29))] == [True, False, False]
    assert ask(NOW + timedelta(hours=1), f"{URL}/hostile") is False
    assert ask(NOW + timedelta(days=2), f"{URL}/moved") is True
    assert ask(NOW + timedelta(days=32), f"{URL}/moved") is True


@pytest.fixture
def platform(books: Books) -> Iterator[FakePlatform]:
    with serving_platform() as platform:
        with books() as session:
            register(session, platform)
        yield platform


def offering(*types: str) -> dict[str, object]:
    """The claim of an LMS that sends such notices."""
    service = {"platform_notification_service_url": URL, "notice_types_supported": list(types)}
    return {f"{CLAIM}platformnotificationservice": service}


def asked(client: FlaskClient) -> list[str]:
    """The installations that wait in the queue to be asked."""
    huey = client.application.extensions[JOBS]._queue.huey
    waiting = huey.pending()
    huey.storage.close()
    return [task.args[0] for task in waiting if task.name == "ask_for_notices"]


def test_the_first_launch_of_staff_has_the_lms_asked(client: FlaskClient, platform: FakePlatform) -> None:
    told = offering("LtiHelloWorldNotice", "LtiContextCopyNotice")
    launch(client, platform, role="Learner", changes=told)
    assert asked(client) == []
    for subject in ("teacher-1", "teacher-2"):
        launch(client, platform, role="Instructor", subject=subject, changes=told)
    assert len(asked(client)) == 1


@pytest.mark.parametrize("claim", [{}, offering("LtiHelloWorldNotice"), {f"{CLAIM}platformnotificationservice": 7}])
def test_an_lms_that_tells_of_no_copies_is_not_asked(
    client: FlaskClient, platform: FakePlatform, claim: dict[str, object]
) -> None:
    assert launch(client, platform, role="Instructor", changes=claim).status_code in (200, 303)
    assert asked(client) == []


def test_a_launch_calls_nobody_and_its_job_does(
    client: FlaskClient, app: Flask, platform: FakePlatform, books: Books
) -> None:
    launch(client, platform, role="Instructor", changes=offering("LtiContextCopyNotice"))
    assert kept_url(books) == URL
    app.extensions[JOBS].work_off()  # nothing answers at that address
    assert kept_url(books) is None
