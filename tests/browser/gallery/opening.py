"""A tool that serves the scene, and a way to any state of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, Response

from lti_tool import clock, schema
from lti_tool.app import create_app
from lti_tool.db import db
from lti_tool.settings import load
from lti_tool.simulation.virtual_time import VirtualTime
from lti_tool.web.session import HEADER
from tests.browser.gallery import more
from tests.browser.gallery.scene import Scene, build
from tests.browser.gallery.states import State
from tests.demo_lms import Serving


@dataclass(frozen=True)
class Gallery:
    """The scene at an address."""

    scene: Scene
    url: str
    visit_of_operator: list[Any] = field(default_factory=list)
    """The cookies of an operator who came in by a link; empty before the first."""

    def show(self, page: Page, state: State) -> Response:
        """Opens the state in the page; the answer is the last one that a page was made from."""
        path = state.path.format(**self.scene.ids, door=more.door(now=clock.now()))
        if state.is_operators:
            self._come_in(page)
        token = {HEADER: self.scene.token(state.visit(self.scene))} if state.visit else {}
        page.set_extra_http_headers(token)
        answers: list[Response] = []
        page.on("response", lambda one: answers.append(one) if "/static/" not in one.url else None)
        answer = page.goto(f"{self.url}{path}")
        assert answer
        page.evaluate("document.fonts.ready")
        if state.act:
            state.act(page)
            answer = next(one for one in reversed(answers) if one.headers["content-type"].startswith("text/html"))
        return answer

    def _come_in(self, page: Page) -> None:
        if self.visit_of_operator:
            page.context.add_cookies(self.visit_of_operator)
            return
        page.goto(f"{self.url}/operator/enter/{more.door(now=clock.now())}")
        page.get_by_role("button", name="Open").click()
        page.get_by_role("navigation", name="Operator").wait_for()
        self.visit_of_operator.extend(page.context.cookies())


@contextmanager
def opened(server: Serving, folder: Path, *, at: datetime | None = None) -> Iterator[Gallery]:
    """The scene on a SQLite of its own, served there; nothing runs beside it. `at` is when its database says it is."""
    database_url = f"sqlite:///{folder / 'gallery.db'}"
    settings = load(
        {},
        database_url=database_url,
        secret_key="a secret for tests, long enough for all",
        public_url=server.url,
        keys_dir=str(folder / "keys"),
        files_dir=str(folder / "files"),
        styleguide=True,
        stripe_secret_key="sk_test_gallery",  # cards are offered; no state goes there
        stripe_webhook_secrets=["whsec_gallery"],
        smtp_host="127.0.0.1",  # so that letters are offered; nobody listens at this port
        smtp_port=9,
        smtp_starttls=False,
        smtp_sender="creditroll@lincoln.example",
    )
    app = create_app(settings)
    with app.app_context():
        schema.upgrade(db.engine)
        if at:
            VirtualTime(db.engine, at)
    scene = build(app, now=at or clock.now())
    server.show(app)
    yield Gallery(scene, server.url)
    with app.app_context():
        db.engine.dispose()
