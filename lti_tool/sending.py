"""Statements that wait to be sent to PostgreSQL together: one round trip where nobody needs an answer in between.

What is sent stays in order, each statement sees what those before it did and what others committed until then, and an
error of one keeps those behind it, COMMIT too, from running: as if each had been sent alone.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

_KEY = "creditroll_waiting"
Row = tuple[Any, ...]

_STALE = frozenset({"0A000", "26000"})  # cached plan must not change result type; no such prepared statement


def is_stale(error: BaseException) -> bool:
    """Whether what the connection has prepared counts no more: after a migration, or behind a pooler of connections.

    psycopg would send it again for as long as the connection lives: reads on pages have no ROLLBACK to forget it with.
    """
    return getattr(error, "sqlstate", None) in _STALE


class Sent:
    """A statement that was sent, or waits to be: to ask for its rows sends it, with all that wait before it."""

    def __init__(self, rows: list[Row] | None = None, *, waiting: "Waiting | None" = None) -> None:
        self._rows = rows
        self._waiting = waiting

    def rows(self) -> list[Row]:
        """All its rows; none for a statement that returns none."""
        if self._rows is None:
            assert self._waiting is not None
            self._waiting.send()
        assert self._rows is not None, "it was rolled back before it was sent"
        return self._rows

    def first(self) -> Row | None:
        """Its first row."""
        return next(iter(self.rows()), None)

    def one(self) -> Row:
        """Its one row, which is always there."""
        [row] = self.rows()
        return row

    def take(self, rows: list[Row]) -> None:
        """What came back."""
        self._rows = rows


class Waiting:
    """The statements of one transaction that have yet to be sent, from its BEGIN on."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._driver: Any = connection.connection.dbapi_connection
        self._statements: list[tuple[str, Mapping[str, object] | None, Sent]] = [("begin", None, Sent())]
        self._is_begun = False

    def add(self, text: str, parameters: Mapping[str, object]) -> Sent:
        """The statement goes with the next that somebody wants an answer of, or with COMMIT."""
        sent = Sent(waiting=self)
        self._statements.append((text, parameters, sent))
        return sent

    def send(self, *, last: str | None = None) -> None:
        """Sends all that wait, and `last` behind them; one round trip. Raises what SQLAlchemy would."""
        statements, self._statements = self._statements, []
        if last is not None:
            statements.append((last, None, Sent()))
        dialect = self._connection.dialect
        try:
            with self._driver.pipeline():
                cursors = [self._execute(text, parameters) for text, parameters, _ in statements]
        except dialect.loaded_dbapi.Error as error:
            if is_lost := dialect.is_disconnect(error, self._driver, None) or is_stale(error):
                self._connection.invalidate(error)
                self._connection.engine.dispose()  # as SQLAlchemy does: the others were most likely cut off, too
            lost, base = {"connection_invalidated": is_lost}, dialect.loaded_dbapi.Error
            raise DBAPIError.instance(None, None, error, base, dialect=dialect, **lost) from error
        self._is_begun = True
        for (_, _, sent), cursor in zip(statements, cursors, strict=True):
            sent.take(cursor.fetchall() if cursor.description else [])

    def _execute(self, text: str, parameters: Mapping[str, object] | None) -> Any:
        if parameters is not None:  # whoever listens to the engine's statements hears of these, too
            self._connection.dispatch.before_cursor_execute(self._connection, None, text, parameters, None, False)
        return self._driver.execute(text, parameters)

    def catch_up(self) -> None:
        """Sends what waits before a statement that goes another way."""
        if self._statements:
            self.send()

    def finish(self) -> None:
        """Sends what waits together with COMMIT. Where nothing waits, SQLAlchemy's own COMMIT is as quick."""
        if len(self._statements) > (0 if self._is_begun else 1):
            self.send(last="commit")

    def forget(self) -> None:
        """What waits is rolled back before it was sent."""
        self._statements = []


def wait_on(connection: Connection) -> None:
    """Lets the connection's statements wait until its transaction ends."""
    connection.info[_KEY] = Waiting(connection)


def waiting_on(connection: Connection) -> Waiting | None:
    """What waits on the connection; None where nothing may."""
    found: Waiting | None = connection.info.get(_KEY)
    return found


def keep_order(engine: Engine) -> None:
    """Has all that waits sent before any statement of SQLAlchemy's own, as of the ORM, and no later than COMMIT."""

    @event.listens_for(engine, "before_cursor_execute")
    def send_first(connection: Connection, *_statement: object) -> None:
        if (waiting := waiting_on(connection)) is not None:
            waiting.catch_up()

    @event.listens_for(engine, "commit")
    def finish(connection: Connection) -> None:
        if (waiting := connection.info.pop(_KEY, None)) is not None:
            waiting.finish()

    @event.listens_for(engine, "rollback")
    def forget(connection: Connection) -> None:
        if not connection.invalidated and (waiting := connection.info.pop(_KEY, None)) is not None:
            waiting.forget()
