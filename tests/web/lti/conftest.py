"""One LMS for the whole file, registered with the tool of each test."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from lti_tool.lti import platforms
from tests.conftest import Books
from tests.factories import make_license
from tests.lti_platform import FakePlatform, Login, post, register, serving_platform
from tests.registering_lms import RegisteringLms, serving_lms


@pytest.fixture(scope="package")
def lms() -> Iterator[FakePlatform]:
    """The LMS, serving its key set."""
    with serving_platform() as platform:
        yield platform


@pytest.fixture
def platform(lms: FakePlatform, books: Books) -> FakePlatform:
    """The LMS as it should be, registered, with its deployment admitted."""
    fresh = FakePlatform(url=lms.url)
    vars(lms).update(vars(fresh))
    with books() as session:
        register(session, lms)
    return lms


@pytest.fixture
def moodle() -> Iterator[RegisteringLms]:
    """An LMS that we do not know yet: a Moodle, as it was observed."""
    with serving_lms() as serving:
        yield serving


def give_license(books: Books, platform: FakePlatform) -> None:
    """A licence for everything in the platform's deployment."""
    with books() as session:
        [deployment] = platforms.deployments(session, platforms.find(session, platform.id))
        make_license(session, deployment=deployment)


def post_at_once(client: FlaskClient, begun: Login, token: str, *, times: int) -> list[int]:
    """One browser posts the same launch so often at the same moment; the statuses of the answers, lowest first."""
    [cookie] = begun.response.headers.getlist("Set-Cookie")
    name, _, value = cookie.partition(";")[0].partition("=")
    start = Barrier(times)

    def one(_: int) -> int:
        browser = client.application.test_client()
        browser.set_cookie(name, value, domain="tool.test")
        start.wait()
        return post(browser, id_token=token, state=begun.state).status_code

    with ThreadPoolExecutor(times) as pool:
        return sorted(pool.map(one, range(times)))


def rows(engine: Engine, sql: str) -> list[tuple[Any, ...]]:
    """What the database answers, read beside the tool."""
    with engine.connect() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(sql)]
