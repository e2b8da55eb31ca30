"""The database handle: what it sends, and what it makes of a connection that was cut off."""

from collections.abc import Callable
from contextlib import closing, suppress

import psycopg
import pytest
from flask import Flask
from sqlalchemy import Engine, event, make_url, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, ProgrammingError
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

from lti_tool.db import Sql, db, is_passing, snapshot, transaction, writing
from tests.factories import make_platform
from tests.wire import watched

ECHO = Sql("select :value")
SPEND = Sql(
    "insert into spent_nonces (nonce, expires_at) values (:nonce, 1) returning nonce",
)
SPENT = Sql("select count(*) from spent_nonces")
PLATFORMS = Sql("select count(*) from platforms")
KEPT = Sql("select value from kept")
ON_POSTGRESQL = pytest.mark.parametrize(
    "database_url", [pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True
)
"""On SQLite a statement alone only reads, and no connection is ever cut off."""


def test_a_statement_alone_is_one_round_trip(engine: Engine) -> None:
    ECHO.alone(engine, value="first")  # opens the connection
    with watched(engine) as wire:
        assert [tuple(row) for row in ECHO.alone(engine, value="again")] == [("again",)]
    assert wire.trips == 1, wire.said


def test_a_session_needs_two_more(engine: Engine) -> None:
    ECHO.alone(engine, value="first")
    with watched(engine) as wire, Session(engine) as session:
        assert ECHO.run(session, value="again").scalar_one() == "again"
    assert wire.trips == 3, wire.said


@ON_POSTGRESQL
def test_reads_of_pages_are_one_round_trip_each_and_parsed_no_more_when_they_come_often(app: Flask) -> None:
    with app.app_context():
        for _ in range(6):
            ECHO.run(db.session(), value="often")
            db.session.remove()
        with watched(db.engine) as wire:
            ECHO.run(db.session(), value="again")
            ECHO.run(db.session(), value="and again")
            db.session.remove()
    assert wire.trips == 2, wire.said
    assert "Parse" not in wire.said


@ON_POSTGRESQL
def test_a_read_of_any_size_comes_piece_by_piece(app: Flask) -> None:
    numbers = Sql("select value from generate_series(1, 5000) value")
    with app.app_context():
        assert [row[0] for row in numbers.stream(db.session())] == list(range(1, 5001))
        with transaction() as books:
            assert numbers.run(books).first() == (1,)


@ON_POSTGRESQL
def test_a_write_that_fails_half_way_leaves_nothing(app: Flask) -> None:
    with app.app_context():
        ECHO.alone(db.engine, value="the same connection")
        with suppress(ZeroDivisionError), transaction() as books:
            SPEND.run(books, nonce="n-1")
            raise ZeroDivisionError
        assert SPENT.run(db.session()).scalar_one() == 0


@ON_POSTGRESQL
def test_a_statement_alone_is_committed_or_refused_as_any_other(engine: Engine) -> None:
    SPEND.alone(engine, nonce="n-1")
    with pytest.raises(IntegrityError):
        SPEND.alone(engine, nonce="n-1")
    with pytest.raises(ProgrammingError):
        Sql("select nothing from nowhere").alone(engine)
    with writing(engine) as session:  # the connection is as it was
        SPEND.run(session, nonce="n-2")
        session.rollback()
    assert SPENT.alone(engine) == [(1,)]


@ON_POSTGRESQL
def test_who_is_cut_off_hears_of_it_once_and_the_next_is_served(engine: Engine) -> None:
    ECHO.alone(engine, value="first")
    _cut_off(engine)
    with pytest.raises(OperationalError):
        ECHO.alone(engine, value="lost")
    assert ECHO.alone(engine, value="served") == [("served",)]
    _cut_off(engine)
    with pytest.raises(OperationalError), Session(engine) as session:
        ECHO.run(session, value="lost")
    assert ECHO.alone(engine, value="served") == [("served",)]


@ON_POSTGRESQL
def test_nobody_notices_a_connection_that_was_cut_off_in_a_pause(engine: Engine) -> None:
    @event.listens_for(engine, "checkin")
    def a_minute_passes(_connection: object, entry: ConnectionPoolEntry) -> None:
        entry.info["answered_at"] = entry.info.get("answered_at", 0.0) - 60

    ECHO.alone(engine, value="first")
    _cut_off(engine)
    assert ECHO.alone(engine, value="served") == [("served",)]


def _alone() -> list[tuple[int]]:
    return KEPT.alone(db.engine)


def _on_a_page() -> list[tuple[int]]:
    try:
        return [(row[0],) for row in KEPT.run(db.session())]
    finally:
        db.session.remove()


@ON_POSTGRESQL
@pytest.mark.parametrize("read", [_alone, _on_a_page])
@pytest.mark.parametrize("change", [b"alter table kept alter value type bigint", b"deallocate all"])
def test_what_a_connection_has_prepared_may_come_to_count_no_more(
    app: Flask, read: Callable[[], list[tuple[int]]], change: bytes
) -> None:
    with app.app_context():
        with transaction() as books:
            books.execute(text("create table kept (value integer)"))
        for _ in range(8):
            assert read() == []
        with closing(db.engine.raw_connection()) as pooled:
            assert pooled.driver_connection is not None
            pooled.driver_connection.pgconn.exec_(change)  # past the driver, as a migration or a pooler would
        with pytest.raises(DBAPIError) as refused:
            read()
        assert is_passing(refused.value)
        assert read() == []


def _cut_off(engine: Engine) -> None:
    server = make_url(engine.url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid()"
        )


def test_a_snapshot_sees_one_moment(app: Flask, engine: Engine) -> None:
    with writing(engine) as session:
        make_platform(session)
    with app.app_context(), snapshot() as reads:
        assert PLATFORMS.run(reads).scalar_one() == 1
        with writing(engine) as session:
            make_platform(session, issuer="https://another.test")
        assert PLATFORMS.run(reads).scalar_one() == 1
    with Session(engine) as session:
        assert PLATFORMS.run(session).scalar_one() == 2


@ON_POSTGRESQL
def test_postgresql_compiles_no_statement_whatever_was_undone_before(engine: Engine) -> None:
    for _again in range(2):
        with Session(engine) as session:
            assert session.scalar(text("show jit")) == "off"
            session.rollback()
