"""PostgreSQL killed with -9 under load and started again: all that was acknowledged is there, and the tool goes on."""

import os
import re
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import psutil
import pytest
import requests
from sqlalchemy import Engine

from lti_tool import schema
from lti_tool.client import Client
from lti_tool.db import open_engine, writing
from lti_tool.ledger.audit import audit
from lti_tool.licenses import api_keys
from tests import pgembed
from tests.cli.test_serve import Server, serving
from tests.factories import NOW
from tests.faults.acknowledging import Program, Programs, differences
from tests.ledger.a_class import open_class

KILLS = 20
CONNECTIONS = 6


@pytest.fixture
def postgresql(database_url: str) -> Iterator[pgembed.Running]:
    """A migrated server of this test's own, whose commits are on the disk; `database_url` knows if there can be one."""
    with pgembed.running() as running:
        engine = open_engine(running.url)
        schema.upgrade(engine)
        engine.dispose()
        yield running


@pytest.fixture
def durable(postgresql: pgembed.Running) -> Iterator[Engine]:
    """That server's database, as this process uses it."""
    engine = open_engine(postgresql.url)
    yield engine
    engine.dispose()


@pytest.fixture
def server(postgresql: pgembed.Running, tmp_path: Path) -> Iterator[Server]:
    """The production server with two workers on it."""
    environment = {
        **os.environ,
        "CREDITROLL_DATABASE_URL": postgresql.url,
        "CREDITROLL_SECRET_KEY": "x" * 40,
        "CREDITROLL_KEYS_DIR": str(tmp_path / "keys"),
        "CREDITROLL_API_RATE_LIMIT": "off",
        "CREDITROLL_LOG_LEVEL": "error",
    }
    with serving(environment) as server:
        yield server


@pytest.mark.slow
@pytest.mark.parametrize("database_url", [pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True)
def test_all_that_was_acknowledged_outlives_twenty_kills_and_the_tool_needs_no_restart(
    postgresql: pgembed.Running, durable: Engine, server: Server
) -> None:
    books = partial(writing, durable)
    class_ = open_class(books, credits=100_000, maximum=50_000)
    students = class_.students(10)
    with books() as session:
        _, key = api_keys.create(session, name="Exporter", scopes=("spend",), license_id=class_.license_id, now=NOW)
    workers = server.workers()
    everybody: list[Program] = []
    for kill in range(KILLS):
        programs = [
            Program(Client(server.url, key, tries=200, sleep=wait_a_little), students, seed=kill * CONNECTIONS + number)
            for number in range(CONNECTIONS)
        ]
        everybody += programs
        with Programs(programs) as load:
            load.go_on(2 * CONNECTIONS)
            postgresql.kill()
            postgresql.start_again()
            load.go_on(2 * CONNECTIONS)
        durable.dispose()  # its connections died, too
        with books() as session:
            assert differences(session, everybody) == {}
            assert audit(session) == []
    assert all(worker.is_running() and worker.status() != psutil.STATUS_ZOMBIE for worker in workers)
    answers = requests.get(f"{server.url}/metrics", timeout=30).text
    assert set(re.findall(r'creditroll_requests_total{.*status="(5\d\d)"}', answers)) <= {"503"}


def wait_a_little(_asked_s: float) -> None:
    """A program in a hurry."""
    time.sleep(0.2)
