"""The tool as the story needs it: the whole application on a database of its own, with a clock that can be moved."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from lti_tool import schema
from lti_tool.app import create_app
from lti_tool.db import db, writing
from lti_tool.settings import Settings
from lti_tool.simulation.crashes import Crashes
from lti_tool.simulation.virtual_time import VirtualTime


@dataclass(frozen=True)
class Answer:
    """What the machine API answered."""

    status: int
    text: str
    is_replayed: bool


class Tool:
    """The application and its database, newest schema; close it when the story is over."""

    def __init__(self, settings: Settings, start: datetime) -> None:
        self.settings = settings
        self._app = create_app(settings)
        with self._app.app_context():
            self.engine = db.engine
        schema.upgrade(self.engine)
        self.time = VirtualTime(self.engine, start)
        self.crashes = Crashes(self.engine)

    @property
    def now(self) -> datetime:
        """The moment of the story."""
        return self.time.now

    def write(self) -> AbstractContextManager[Session]:
        """One transaction, as an edge opens it."""
        return writing(self.engine)

    def read(self) -> Session:
        """A look at the books, which nothing changes."""
        return Session(self.engine)

    def post(self, address: str, secret: str, key: str, body: dict[str, Any]) -> Answer:
        """A program calls the machine API."""
        headers = {"Authorization": f"Bearer {secret}", "Idempotency-Key": key}
        answer = self._app.test_client().post(
            f"/api/v1{address}", base_url=self.settings.public_url, headers=headers, json=body
        )
        return Answer(answer.status_code, answer.text, "Idempotency-Replayed" in answer.headers)

    def restart(self) -> None:
        """A new process: what the old one had open is gone."""
        with self._app.app_context():
            db.session.remove()
        self.engine.dispose()

    def close(self) -> None:
        """Lets go of the database."""
        self.restart()
