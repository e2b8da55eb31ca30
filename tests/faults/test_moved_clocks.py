"""Clocks that are moved by a day and back during holds: the database's decides, and what it ended stays ended (R19).

What is moved is the database's clock, against the application's, which holds never look at. On SQLite both are the
machine's: there the test moves what SQL sees of it, and so the database's alone.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, event, make_url, text

from lti_tool.db import db
from lti_tool.ids import new_id
from lti_tool.ledger import expiry
from lti_tool.licenses import api_keys
from tests.conftest import Books
from tests.factories import NOW
from tests.ledger.a_class import Class
from tests.ledger.conftest import OpenClass

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
_EPOCH_JULIAN = 2440587.5

_POSTGRESQL_CLOCK = (
    "create schema clocks",
    "create table clocks.moved (by_how_much interval not null)",
    "insert into clocks.moved values ('0')",
    "create function clocks.clock_timestamp() returns timestamptz language sql volatile as"
    " 'select pg_catalog.clock_timestamp() + by_how_much from clocks.moved'",
    "alter database {name} set search_path = clocks, pg_catalog, public",
)
"""A function of that name in a schema that comes first: what every statement of the tool then calls."""

Move = Callable[[timedelta], None]


@pytest.fixture
def move(app: Flask, engine: Engine, database_url: str) -> Move:
    """Sets the clock of the tool's database so far from the true time."""
    moved = timedelta()

    def julianday(_now: str) -> float:
        return (datetime.now(UTC) + moved).timestamp() / 86_400 + _EPOCH_JULIAN

    def give_clock(connection: Any, _record: object) -> None:
        connection.create_function("julianday", 1, julianday)

    def set_to(by: timedelta) -> None:
        nonlocal moved
        moved = by
        if engine.dialect.name == "postgresql":
            with engine.begin() as connection:
                connection.execute(text("update clocks.moved set by_how_much = :by"), {"by": by})

    with app.app_context():
        if engine.dialect.name == "sqlite":
            event.listen(db.engine, "connect", give_clock)
        else:
            with engine.begin() as connection:
                for statement in _POSTGRESQL_CLOCK:
                    connection.execute(text(statement.format(name=make_url(database_url).database)))
        db.engine.dispose()
    return set_to


class Exporter:
    """A program with a hold of 3 of a student's 5 credits."""

    def __init__(self, app: Flask, class_: Class, key: str) -> None:
        self._client, self._key = app.test_client(), key
        self.student = class_.student(has=5)
        self.hold: str = self.post(f"/members/{self.student}/holds", amount=3, resource="export-credits")[1]["id"]

    def post(self, path: str, **body: object) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {self._key}", "Idempotency-Key": new_id()}
        answer = self._client.post(f"/api/v1{path}", headers=headers, json=body)
        return answer.status_code, answer.get_json()

    def spend(self, amount: int) -> int:
        return self.post(f"/members/{self.student}/spends", amount=amount, resource="export-credits")[0]

    def end(self, how: str) -> int:
        return self.post(f"/holds/{self.hold}/{how}")[0]

    def status(self) -> str:
        headers = {"Authorization": f"Bearer {self._key}"}
        return str(self._client.get(f"/api/v1/holds/{self.hold}", headers=headers).get_json()["status"])


@pytest.fixture
def new_exporter(app: Flask, new_class: OpenClass, books: Books, move: Move) -> Callable[[], Exporter]:
    """Begins programs of one class, each for a student of its own."""
    class_ = new_class()
    with books() as session:
        _, key = api_keys.create(session, name="Exporter", scopes=("spend",), license_id=None, now=NOW)
    move(timedelta())
    return lambda: Exporter(app, class_, key)


def test_a_clock_that_goes_back_ends_no_hold_early(new_exporter: Callable[[], Exporter], move: Move) -> None:
    captured, released = new_exporter(), new_exporter()
    for by in (-DAY, -HOUR, -DAY):
        move(by)
        assert captured.status() == "held"
        assert captured.spend(3) == 409, "what is held is not free"
    assert (captured.end("capture"), released.end("release")) == (200, 200)


def test_a_hold_lasts_to_its_hour_and_no_longer(new_exporter: Callable[[], Exporter], move: Move) -> None:
    exporter = new_exporter()
    move(HOUR - timedelta(minutes=1))
    assert (exporter.status(), exporter.spend(3)) == ("held", 409)
    move(HOUR)
    assert (exporter.status(), exporter.end("capture"), exporter.spend(5)) == ("expired", 409, 201)


@pytest.mark.parametrize("seen_by", ["capture", "release", "spend", "sweeper"])
def test_what_has_ended_by_a_clock_that_was_ahead_is_not_revived_when_it_goes_back(
    new_exporter: Callable[[], Exporter], move: Move, books: Books, seen_by: str
) -> None:
    exporter = new_exporter()
    move(DAY)
    if seen_by == "sweeper":
        with books() as session:
            assert expiry.sweep(session, now=datetime.now(UTC) + DAY) == 1
    elif seen_by == "spend":
        assert exporter.spend(5) == 201
    else:
        assert exporter.end(seen_by) == 409
    for by in (timedelta(), -DAY):
        move(by)
        assert exporter.status() == "expired"
        assert (exporter.end("capture"), exporter.end("release")) == (409, 409)
    assert exporter.spend(5) == (409 if seen_by == "spend" else 201)
