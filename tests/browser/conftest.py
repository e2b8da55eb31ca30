"""A tool and a demo LMS on two sites, a fresh class for each test, and a browser that blocks third-party cookies."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests
from flask import Flask
from playwright.sync_api import BrowserContext, Playwright, expect, sync_playwright
from sqlalchemy.orm import Session

from lti_tool.app import create_app
from lti_tool.cli.demo import prepare
from lti_tool.db import db, writing
from lti_tool.demo.platform import LmsConfig, create_lms
from lti_tool.jobs import JOBS
from lti_tool.ledger import policies
from lti_tool.ledger.movements import OPERATOR
from lti_tool.licenses import licenses
from lti_tool.settings import load
from tests.browser import chromium
from tests.browser.seat import Seat
from tests.browser.walking import Walk, read_tasks
from tests.demo_lms import TIMEOUT_S, Serving, serving

Sit = Callable[..., Seat]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of this folder needs Chromium."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """Playwright's driver. It waits for words on a page as long as for a click: a busy machine is no fault of ours."""
    expect.set_options(timeout=20_000)
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def executable(playwright: Playwright) -> str:
    """The browser; without one these tests are skipped, or fail where CREDITROLL_REQUIRE_BROWSER=1 wants them."""
    found = chromium.find(playwright)
    if found is not None:
        return found
    missing = "no Chromium: install chromium, or name one by CREDITROLL_CHROMIUM"
    if os.environ.get("CREDITROLL_REQUIRE_BROWSER") == "1":
        pytest.fail(f"CREDITROLL_REQUIRE_BROWSER=1, but {missing}")
    pytest.skip(missing)


@pytest.fixture(scope="session")
def browser(
    playwright: Playwright, executable: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[BrowserContext]:
    """One browser for all tests: its cookies are cleared between them."""
    with chromium.profile(playwright, executable, tmp_path_factory.mktemp("profile")) as context:
        yield context


@pytest.fixture(scope="module")
def scriptless(
    playwright: Playwright, executable: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[BrowserContext]:
    """A browser that runs no scripts."""
    with chromium.profile(playwright, executable, tmp_path_factory.mktemp("bare"), scripts=False) as context:
        yield context


@pytest.fixture(scope="module")
def touching(
    playwright: Playwright, executable: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[BrowserContext]:
    """A browser without a mouse."""
    with chromium.profile(playwright, executable, tmp_path_factory.mktemp("touch"), touch=True) as context:
        yield context


@pytest.fixture(scope="session")
def servers() -> Iterator[tuple[Serving, Serving]]:
    """The addresses of LMS and tool, the same for all tests. localhost and 127.0.0.1 are two sites to a browser."""
    with serving("localhost") as lms, serving("127.0.0.1") as tool:
        yield lms, tool


@pytest.fixture(scope="session")
def lms_key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the LMS's key is kept: making one takes a moment."""
    return tmp_path_factory.mktemp("lms") / "key.pem"


@dataclass(frozen=True)
class School:
    """Lincoln High on its first day: a licence of 300, and nobody has opened the tool yet."""

    lms: LmsConfig
    tool: Flask

    def control(self, path: str, **body: object) -> None:
        """Changes something in the LMS."""
        requests.post(f"{self.lms.services_url}/control/{path}", json=body, timeout=TIMEOUT_S).raise_for_status()

    def write(self, act: Callable[[Session], None]) -> None:
        """Does something in the books, as a program beside the browser."""
        with self.tool.app_context():
            engine = db.engine
        with writing(engine) as session:
            act(session)


@pytest.fixture
def family() -> str:
    """What the LMS behaves like; a test may be parametrized with others."""
    return "canvas"


@pytest.fixture
def is_decided() -> bool:
    """Whether somebody has saved that nothing comes by itself; else a manager's first launch asks for it."""
    return True


@pytest.fixture
def lms(servers: tuple[Serving, Serving], family: str, lms_key: Path) -> LmsConfig:
    """Where both are, and how the LMS behaves."""
    lms_server, tool_server = servers
    return LmsConfig(url=lms_server.url, tool_url=tool_server.url, family=family, key_path=lms_key, control=True)


@pytest.fixture
def school(
    servers: tuple[Serving, Serving], lms: LmsConfig, sqlite_url: str, tmp_path: Path, is_decided: bool
) -> Iterator[School]:
    """Both sites with their jobs, prepared as `creditroll demo` does it."""
    lms_server, tool_server = servers
    with opened(lms, sqlite_url, tmp_path, is_decided=is_decided) as school:
        lms_server.show(create_lms(lms))
        tool_server.show(school.tool)
        yield school


def _decide(session: Session) -> None:
    for one in licenses.every(session):
        policies.save(session, one.id, load({}).resource, maximum=0, based_on=0, actor=OPERATOR, now=datetime.now(UTC))


@contextmanager
def opened(lms: LmsConfig, database_url: str, folder: Path, *, is_decided: bool = True) -> Iterator[School]:
    """A school whose tool is at the address that the LMS knows, with its jobs running; nothing serves it yet."""
    settings = load(
        {},
        database_url=database_url,
        secret_key="a secret for tests, long enough for all",
        public_url=lms.tool_url,
        keys_dir=str(folder / "keys"),
        files_dir=str(folder / "files"),
        allow_private_hosts=["localhost"],
        styleguide=True,
        smtp_host="127.0.0.1",  # offered; nobody listens at this port
        smtp_port=9,
        smtp_starttls=False,
        smtp_sender="creditroll@lincoln.example",
    )
    prepare(settings, lms)
    tool = create_app(settings)
    with tool.extensions[JOBS].working():
        school = School(lms, tool)
        if is_decided:
            school.write(_decide)
        yield school
    with tool.app_context():
        db.engine.dispose()


@pytest.fixture
def sit(browser: BrowserContext, school: School) -> Iterator[Sit]:
    """Opens pages in the browser; at the end none of them may have complained."""
    with sitting(browser, school) as open_page:
        yield open_page


@contextmanager
def sitting(browser: BrowserContext, school: School) -> Iterator[Sit]:
    """Opens pages at that school, by default in that browser; at the end none of them may have complained."""
    seats: list[Seat] = []

    def open_page(context: BrowserContext = browser) -> Seat:
        seat = Seat(context.new_page(), school.lms.url, school.lms.tool_url)
        seats.append(seat)
        return seat

    browser.clear_cookies()
    yield open_page
    for seat in seats:
        seat.page.close()
    assert [line for seat in seats for line in seat.complaints] == []


@pytest.fixture
def seat(sit: Sit) -> Seat:
    """The one page that most tests need."""
    return sit()


@pytest.fixture
def hand() -> str:
    """What presses are made with; a test may be parametrized with "touch"."""
    return "mouse"


@pytest.fixture
def walk(request: pytest.FixtureRequest, sit: Sit, hand: str) -> Iterator[Walk]:
    """The task that names this test, for somebody to walk."""
    [task] = [task for task in read_tasks() if task.test == request.function.__name__]
    touches = hand == "touch"
    walk = Walk(task, sit(request.getfixturevalue("touching")) if touches else sit(), touches=touches)
    yield walk
    assert walk.has_begun
