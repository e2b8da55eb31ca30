"""The database handle: typed models, one way to write, and SQL text that both databases understand."""

import os
import re
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import BigInteger, CursorResult, Engine, create_engine, event
from sqlalchemy.engine import Connection, Dialect, ExceptionContext, make_url
from sqlalchemy.exc import DBAPIError, InvalidatePoolError, OperationalError, SQLAlchemyError, TimeoutError
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection
from sqlalchemy.types import TypeDecorator

from lti_tool.sending import Sent, is_stale, keep_order, wait_on, waiting_on

if os.name == "posix":
    import fcntl

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_WRITES = "creditroll_writes"


class Base(DeclarativeBase):
    """Every model's parent. The migrations are the schema; models name foreign keys only to rooms they may import."""


db = SQLAlchemy(model_class=Base)


def reading() -> Session:
    """The request's session, opened by its first statement: for where hardly ever anything is asked."""
    return cast(Session, db.session)


def micros(moment: datetime) -> int:
    """The moment as whole microseconds since 1970 in UTC, the form in which the database keeps it."""
    return (moment - _EPOCH) // _MICROSECOND


def moment(microseconds: int) -> datetime:
    """The aware UTC datetime that `micros` made the number from."""
    return _EPOCH + microseconds * _MICROSECOND


class Instant(TypeDecorator[datetime]):
    """A moment in UTC, kept as an integer: the same in both databases, exact, and comparable in plain SQL."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else micros(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else moment(value)


class Sql:
    """SQL text for the hot paths: built once at import, run through the driver's own connection.

    Parameters are written `:name`. `postgresql` is given where the two dialects differ; else one text serves both.
    """

    def __init__(self, sqlite: str, *, postgresql: str | None = None) -> None:
        self._sqlite = sqlite
        text = sqlite if postgresql is None else postgresql
        self._postgresql = re.sub(r"(?<!:):([a-z_]\w*)", r"%(\1)s", text.replace("%", "%%"))

    @property
    def postgresql(self) -> str:
        """The text as psycopg takes it, with `%(name)s`."""
        return self._postgresql

    def run(self, session: Session, /, **parameters: object) -> CursorResult[*tuple[Any, ...]]:
        """Executes inside the session's transaction and returns the cursor's result."""
        connection = session.connection()
        return connection.exec_driver_sql(self._text(connection), parameters)

    def send(self, session: Session, /, **parameters: object) -> Sent:
        """As `run`, but on PostgreSQL together with the next whose answer somebody needs, or with COMMIT.

        So an error of it comes up there. What must be true for it is for the database to refuse, not for its row count.
        """
        connection = session.connection()
        waiting = waiting_on(connection)
        if waiting is not None:
            return waiting.add(self._postgresql, parameters)
        result = connection.exec_driver_sql(self._text(connection), parameters)
        return Sent([tuple(row) for row in result] if result.returns_rows else [])

    def stream(self, session: Session, /, **parameters: object) -> CursorResult[*tuple[Any, ...]]:
        """As `run`, for a read of any size: rows come from the database as they are asked for."""
        connection = session.connection()
        if connection.dialect.name == "postgresql" and waiting_on(connection) is None:
            _set_autocommit(connection.connection.dbapi_connection, False)  # a server's cursor lives in a transaction
        options = {"stream_results": True}
        return connection.exec_driver_sql(self._text(connection), parameters, execution_options=options)

    def alone(self, engine: Engine, /, **parameters: object) -> list[tuple[Any, ...]]:
        """Executes as a transaction of its own and returns the rows: on PostgreSQL one round trip, COMMIT and all.

        On SQLite only to read, since writers queue in `transaction()`. Raises what `run` raises.
        """
        with _driven(engine) as connection:
            if engine.dialect.name == "postgresql":
                _set_autocommit(connection, True)
            return connection.execute(self._text(engine), parameters).fetchall()  # type: ignore[no-any-return] # a driver's

    def _text(self, connection: Connection | Engine) -> str:
        return self._sqlite if connection.dialect.name == "sqlite" else self._postgresql


class Write:
    """A write to several tables that finds by itself whether there is anything to do.

    PostgreSQL does it by one statement; SQLite, to which each statement is only a call, by several steps: the first
    finds a row, or there is nothing to do.
    """

    def __init__(self, *sqlite: str, postgresql: str) -> None:
        self._steps = sqlite
        self._one = Sql(sqlite[0], postgresql=postgresql)

    def alone(self, engine: Engine, /, **parameters: object) -> list[tuple[Any, ...]]:
        """Writes as a transaction of its own, and returns the rows that the statement (SQLite: its first step) found.

        On SQLite the other steps know that row's columns by name, and each must find something to do, too. If there
        are no rows, nothing was done. Raises what `Sql.run` raises.
        """
        if engine.dialect.name != "sqlite":
            return self._one.alone(engine, **parameters)
        with _writers_turn(engine), _driven(engine) as connection:
            connection.execute("BEGIN IMMEDIATE")
            found = self._take(connection, parameters)
            connection.execute("COMMIT" if found else "ROLLBACK")
            return found

    def send(self, session: Session, /, **parameters: object) -> Sent:
        """As `Sql.send`, inside the session's transaction: where it found no row, nothing was done.

        On SQLite, too, the other steps know the found row's columns by name; none of them need find anything to do.
        """
        connection = session.connection()
        if connection.dialect.name != "sqlite":
            return self._one.send(session, **parameters)
        first, *others = self._steps
        row = connection.exec_driver_sql(first, parameters).mappings().first()
        if row is None:
            return Sent([])
        for step in others:
            connection.exec_driver_sql(step, parameters | dict(row))
        return Sent([tuple(row.values())])

    def _take(self, connection: sqlite3.Connection, known: dict[str, object]) -> list[tuple[Any, ...]]:
        first, *others = self._steps
        cursor = connection.execute(first, known)
        row = cursor.fetchone()
        if row is None:
            return []
        known = known | dict(zip((name for name, *_ in cursor.description), row, strict=True))
        return [row] if all(connection.execute(step, known).rowcount > 0 for step in others) else []


@contextmanager
def _driven(engine: Engine) -> Iterator[Any]:
    """A driver's own connection; its errors become what SQLAlchemy makes of them, and what is left open is undone."""
    dialect = engine.dialect
    pooled = _checked_out(engine)
    connection: Any = pooled.dbapi_connection
    try:
        yield connection
    except dialect.loaded_dbapi.Error as error:
        is_lost = dialect.is_disconnect(error, connection, None) or is_stale(error)
        if is_lost:
            pooled.invalidate(error)
            engine.dispose()  # as SQLAlchemy does: the others were most likely cut off, too
        raise DBAPIError.instance(
            None, None, error, dialect.loaded_dbapi.Error, connection_invalidated=is_lost, dialect=dialect
        ) from error
    finally:
        pooled.close()


def _checked_out(engine: Engine) -> PoolProxiedConnection:
    try:
        return engine.raw_connection()
    except engine.dialect.loaded_dbapi.Error as error:  # only `connect` would have made it an error of SQLAlchemy's
        dialect = engine.dialect
        raise DBAPIError.instance(None, None, error, dialect.loaded_dbapi.Error, dialect=dialect) from error


@contextmanager
def transaction() -> Iterator[Session]:
    """One write: everything in the block is committed together, or nothing is.

    On SQLite writers queue behind a file lock: BEGIN IMMEDIATE alone is not a queue and starves some of them.
    """
    # What the request has read is given back first: with two connections each, half a pool of requests would wait for
    # ever for the other half.
    db.session.close()
    with writing(db.engine) as session:
        yield session


@contextmanager
def snapshot() -> Iterator[Session]:
    """A read of many statements and any size: all of them see the books as they were at the first."""
    db.session.close()  # as for `transaction()`: one connection is enough
    with Session(db.engine) as session:
        if db.engine.dialect.name == "postgresql":  # SQLite reads so by itself
            session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        yield session


@contextmanager
def writing(engine: Engine) -> Iterator[Session]:
    """`transaction()` for a given engine: used by processes that have no Flask app."""
    with _writers_turn(engine), Session(engine, expire_on_commit=False) as session, session.begin():
        connection = session.connection(execution_options={_WRITES: True})
        if engine.dialect.name == "postgresql":
            _set_autocommit(connection.connection.dbapi_connection, True)  # BEGIN is sent with what comes first
            wait_on(connection)
        yield session


SQLITE_NOW = "cast((julianday('now') - 2440587.5) * 86400000000 as integer)"
POSTGRESQL_NOW = "(extract(epoch from clock_timestamp()) * 1000000)::bigint"
"""The database's own clock as a column, in the form of `micros`."""

_NOW = Sql(f"select {SQLITE_NOW}", postgresql=f"select {POSTGRESQL_NOW}")


def database_now(session: Session) -> datetime:
    """The database's own clock: the one that holds live by, so that no client's clock can stretch or cut them."""
    return moment(_NOW.run(session).scalar_one())


_SQLITE_PASSES = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_READONLY,  # a disk that was mounted so after a fault
}


def is_passing(error: SQLAlchemyError) -> bool:
    """Whether the error says that the database cannot answer now, rather than that we asked what has no answer."""
    if isinstance(error, TimeoutError):  # all connections are in use
        return True
    if not isinstance(error, DBAPIError):
        return False
    if isinstance(error.orig, sqlite3.Error):
        # The driver calls a table that is not there an operational error, too; errors without a code are its own.
        return getattr(error.orig, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF in _SQLITE_PASSES
    return isinstance(error, OperationalError) or error.connection_invalidated


def engine_options(url: str) -> Mapping[str, object]:
    """What `create_engine` needs for this address; a hot row gets slower with more than 8 connections a worker.

    The connection that was given back last is taken first: its process in PostgreSQL still has all at hand.
    """
    if make_url(url).get_backend_name() == "sqlite":
        return {"connect_args": {"timeout": 30}, "hide_parameters": True}  # or an error would log names and notes
    return {"hide_parameters": True, "pool_size": 8, "max_overflow": 0, "pool_use_lifo": True}


def open_engine(url: str) -> Engine:
    """An engine outside Flask, prepared as the app's own is."""
    return prepare(create_engine(url, **engine_options(url)))


def prepare(engine: Engine, *, reads_alone: bool = False) -> Engine:
    """Makes transactions mean the same on both databases; call once for each engine.

    With `reads_alone` PostgreSQL is told of no transaction but those of `transaction()`: others would show no more at
    READ COMMITTED, and cost two round trips; and with each ROLLBACK psycopg forgets all that it has prepared.
    """
    if engine.dialect.name == "sqlite":
        if engine.url.database:
            Path(engine.url.database).parent.mkdir(parents=True, exist_ok=True)
        event.listen(engine, "connect", _configure_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        event.listen(engine, "connect", _configure_postgresql)
        _begin_on_postgresql(engine, reads_alone=reads_alone)
        _check_after_a_pause(engine)
        _leave_stale_connections(engine)
        keep_order(engine)
    return engine


def _leave_stale_connections(engine: Engine) -> None:
    @event.listens_for(engine, "handle_error")
    def judge(context: ExceptionContext) -> None:
        if is_stale(context.original_exception):
            context.is_disconnect = True


_PAUSE_S = 1.0


def _check_after_a_pause(engine: Engine) -> None:
    """Asks a connection whether it is alive, but not where it answered a moment ago: SQLAlchemy's own pre-ping costs
    each request a round trip. Who finds one dead has the pool make all of them anew.
    """

    @event.listens_for(engine, "connect")
    @event.listens_for(engine, "checkin")
    def note(_connection: Any, entry: ConnectionPoolEntry) -> None:
        entry.info["answered_at"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def check(connection: Any, entry: ConnectionPoolEntry, _proxy: object) -> None:
        if time.monotonic() - entry.info["answered_at"] > _PAUSE_S:
            try:
                engine.dialect.do_ping(connection)
            except engine.dialect.loaded_dbapi.Error as error:
                raise InvalidatePoolError() from error


def _configure_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver must not begin transactions of its own
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "recursive_triggers=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _configure_postgresql(connection: Any, _record: object) -> None:
    # Where it is built with LLVM, it would compile what lists a large class, at each request and for longer than that
    # takes: a page of 5,000 members took three times as long.
    _set_autocommit(connection, True)  # or the first ROLLBACK undid it
    connection.execute("SET jit = off")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _begin_on_postgresql(engine: Engine, *, reads_alone: bool) -> None:
    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        asked = connection.get_execution_options()
        only_reads = reads_alone and _WRITES not in asked and "isolation_level" not in asked
        _set_autocommit(connection.connection.dbapi_connection, only_reads)


def _set_autocommit(connection: Any, wanted: bool) -> None:
    if connection.autocommit is not wanted:  # else it stays as its last user left it
        connection.autocommit = wanted


@contextmanager
def _writers_turn(engine: Engine) -> Iterator[None]:
    path = engine.url.database if engine.dialect.name == "sqlite" else None
    if not path or path == ":memory:":
        yield
        return
    with _locked(f"{path}-writer"):
        yield


@contextmanager
def _locked(path: str) -> Iterator[None]:
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)  # less what the umask takes away, as `open` makes files
    try:
        if os.name == "posix":
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)  # which frees the lock, also when the process is killed
