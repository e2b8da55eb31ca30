"""The administrator's test finds nothing wrong with the demo LMS in any of its families, once a teacher was there."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from pathlib import Path

import pytest
import requests
from sqlalchemy import select

from lti_tool import clock
from lti_tool.app import create_app
from lti_tool.cli.demo import prepare
from lti_tool.db import db, open_engine, writing
from lti_tool.demo.courses import Part
from lti_tool.demo.families import FAMILIES
from lti_tool.demo.platform import LmsConfig, create_lms
from lti_tool.lti import platforms
from lti_tool.lti.families import FAMILIES as OURS
from lti_tool.lti.platforms import Platform
from lti_tool.settings import Settings, load
from tests.demo_lms import TIMEOUT_S, Browser, serving


@pytest.fixture(params=FAMILIES)
def lms(request: pytest.FixtureRequest, sqlite_url: str, tmp_path: Path) -> Iterator[LmsConfig]:
    """The demo of one family, both its servers, registered as `creditroll demo` does it."""
    with serving_demo(request.param, sqlite_url, tmp_path) as (lms, settings):
        prepare(settings, lms)
        yield lms


@contextmanager
def serving_demo(family: str, database_url: str, folder: Path) -> Iterator[tuple[LmsConfig, Settings]]:
    """Both servers, and nothing registered."""
    with serving("localhost") as lms_server, serving("127.0.0.1") as tool_server:
        lms = LmsConfig(url=lms_server.url, tool_url=tool_server.url, family=family)
        settings = load(
            {},
            database_url=database_url,
            secret_key="a secret for tests, long enough for all",
            public_url=lms.tool_url,
            keys_dir=str(folder / "keys"),
            allow_private_hosts=["localhost"],
        )
        tool = create_app(settings)
        lms_server.show(create_lms(lms))
        tool_server.show(tool)
        yield lms, settings
        with tool.app_context():
            db.engine.dispose()


def a_teacher(lms: LmsConfig) -> tuple[str, str]:
    """A course, and somebody who teaches it."""
    courses = lms.shape.timetable().values()
    return next((course.key, one.person) for course in courses for one in course.roster if one.part is Part.TEACHER)


def steps(page: requests.Response) -> dict[str, str]:
    """Each step's title, and how it ended."""
    assert page.status_code == 200
    found = re.findall(r"<h3>(.*?) <span class=\"pill ?\w*\">(.*?)</span></h3>", page.text)
    return {unescape(title): ended for title, ended in found}


def test_every_step_works_after_the_first_launch(lms: LmsConfig, sqlite_url: str) -> None:
    engine = open_engine(sqlite_url)
    with writing(engine) as session:
        address = f"{lms.tool_url}/register/{session.scalars(select(Platform.id)).one()}"
    engine.dispose()
    before = steps(requests.post(address, timeout=TIMEOUT_S))
    assert before.pop("Course roster") == "not yet"
    assert set(before.values()) == {"works"}
    Browser().launch(lms.url, *a_teacher(lms))
    assert set(steps(requests.post(address, timeout=TIMEOUT_S)).values()) == {"works"}


@pytest.mark.parametrize("name", [name for name in FAMILIES if not OURS[FAMILIES[name].registered_as].constant])
def test_what_an_administrator_types_by_hand_is_enough(name: str, sqlite_url: str, tmp_path: Path) -> None:
    with serving_demo(name, sqlite_url, tmp_path) as (lms, settings):
        family = OURS[lms.shape.registered_as]
        shown = {
            "issuer": lms.issuer,
            "client_id": lms.client_id,
            "deployment_id": next(iter(lms.shape.schools.values())),
            "jwks_url": lms.jwks_url,
            "auth_token_url": lms.auth_token_url,
            "auth_login_url": lms.auth_login_url,
            "auth_audience": lms.auth_audience,
        }
        typed = {asked.field: shown[asked.field] for asked in family.guide.asks}
        answer = requests.post(
            f"{lms.tool_url}/register",
            data={"lms": family.name, "name": "Lincoln High"} | typed,
            allow_redirects=False,
            timeout=TIMEOUT_S,
        )
        assert answer.status_code == 303, answer.text
        address = f"{lms.tool_url}{answer.headers['Location'].partition('?')[0]}"
        assert steps(requests.post(address, timeout=TIMEOUT_S))["Approval"] == "to be mended"
        engine = open_engine(settings.database_url)
        with writing(engine) as session:
            platforms.approve(session, session.scalars(select(Platform)).one(), now=clock.now())
        engine.dispose()
        Browser().launch(lms.url, *a_teacher(lms))
        assert set(steps(requests.post(address, timeout=TIMEOUT_S)).values()) == {"works"}


def test_a_class_list_without_the_class_is_worth_a_look(sqlite_url: str, tmp_path: Path) -> None:
    with serving_demo("brightspace", sqlite_url, tmp_path) as (lms, settings):
        prepare(settings, lms)
        requests.post(f"{lms.url}/admin/roster", data={"everybody": "no"}, timeout=TIMEOUT_S).raise_for_status()
        Browser().launch(lms.url, *a_teacher(lms))
        engine = open_engine(settings.database_url)
        with writing(engine) as session:
            address = f"{lms.tool_url}/register/{session.scalars(select(Platform.id)).one()}"
        engine.dispose()
        page = requests.post(address, timeout=TIMEOUT_S).text
    assert "<strong>It works.</strong> One thing is worth a look." in page
    assert "Classlist including users not known to this deployment" in page
