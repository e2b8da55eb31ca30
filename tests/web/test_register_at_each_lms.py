"""The administrator's test finds nothing wrong with the demo LMS in any of its families, once a teacher was there."""

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
import requests
from sqlalchemy import select

from lti_tool.app import create_app
from lti_tool.cli.demo import prepare
from lti_tool.db import db, open_engine, writing
from lti_tool.demo.courses import Part
from lti_tool.demo.families import FAMILIES
from lti_tool.demo.platform import LmsConfig, create_lms
from lti_tool.lti.platforms import Platform
from lti_tool.settings import load
from tests.demo_lms import TIMEOUT_S, Browser, serving


@pytest.fixture(params=FAMILIES)
def lms(request: pytest.FixtureRequest, sqlite_url: str, tmp_path: Path) -> Iterator[LmsConfig]:
    """The demo of one family, both its servers."""
    with serving("localhost") as lms_server, serving("127.0.0.1") as tool_server:
        lms = LmsConfig(url=lms_server.url, tool_url=tool_server.url, family=request.param)
        settings = load(
            {},
            database_url=sqlite_url,
            secret_key="a secret for tests, long enough for all",
            public_url=lms.tool_url,
            keys_dir=str(tmp_path / "keys"),
            allow_private_hosts=["localhost"],
        )
        prepare(settings, lms)
        tool = create_app(settings)
        lms_server.show(create_lms(lms))
        tool_server.show(tool)
        yield lms
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
