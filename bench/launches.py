"""How long login and launch take in one process on SQLite, the LMS's own signing included."""

import secrets
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from flask import Flask

from lti_tool import logs, schema
from lti_tool.app import create_app
from lti_tool.db import db, open_engine, writing
from lti_tool.ledger import issuing
from lti_tool.ledger.transfers import OPERATOR
from lti_tool.licenses import bindings, licenses
from lti_tool.lti import platforms
from lti_tool.settings import Settings, load
from tests.lti_platform import FakePlatform, launch, register, serving_platform

STUDENTS = 200


def main() -> None:
    """Prints a line for first launches and one for repeated ones."""
    with tempfile.TemporaryDirectory() as folder, serving_platform() as platform:
        settings = _settings(Path(folder))
        logs.configure(settings.log_level)
        _prepare(settings, platform)
        app = create_app(settings)
        _measure("first launch", lambda number: _launch(app, platform, number))
        _measure("launch again", lambda number: _launch(app, platform, number))
        with app.app_context():
            db.engine.dispose()


def _settings(folder: Path) -> Settings:
    return load(
        {},
        database_url=f"sqlite:///{folder / 'bench.db'}",
        secret_key=secrets.token_hex(32),
        public_url="https://tool.test",
        keys_dir=str(folder / "keys"),
        allow_private_hosts=["localhost", "127.0.0.1"],
        launch_rate_limit="off",
        log_level="error",
    )


def _prepare(settings: Settings, platform: FakePlatform) -> None:
    engine = open_engine(settings.database_url)
    schema.upgrade(engine)
    now = datetime.now(UTC)
    with writing(engine) as session:
        added = register(session, platform)
        made = licenses.create(session, name="Bench", now=now)
        issuing.grant(session, made.id, settings.resource, amount=10 * STUDENTS, actor=OPERATOR, now=now)
        [deployment] = platforms.deployments(session, added)
        bindings.bind(session, made.id, deployment.id, None, now=now)
    engine.dispose()


def _launch(app: Flask, platform: FakePlatform, number: int) -> None:
    answer = launch(app.test_client(), platform, subject=f"student-{number}", name=f"Student {number}")
    assert answer.status_code == 303, answer.text


def _measure(what: str, act: Callable[[int], None]) -> None:
    taken = []
    for number in range(STUDENTS):
        began = time.perf_counter()
        act(number)
        taken.append((time.perf_counter() - began) * 1000)
    worst = statistics.quantiles(taken, n=100)[98]
    print(f"{what}: median {statistics.median(taken):.1f} ms, p99 {worst:.1f} ms, {STUDENTS} students")


if __name__ == "__main__":
    main()
