"""What a driver truly sends to the database, beginning and end of transactions and all: on PostgreSQL, round trips.

libpq itself writes down what goes over the line, and each `Query` or `Sync` is one wait for an answer; on SQLite, where
nothing travels, SQLite names each statement that it runs.
"""

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

from psycopg.pq import Trace
from sqlalchemy import Engine, event

_WAITS = re.compile(r"^F\t\d+\t(Query|Sync)\b", re.MULTILINE)


class Wire:
    """What was sent in the block."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._ran: list[str] = []
        self._travelled = ""

    @property
    def trips(self) -> int:
        """Round trips to PostgreSQL; on SQLite, statements."""
        return len(_WAITS.findall(self._travelled)) or len(self._ran)

    @property
    def said(self) -> str:
        """All of it as text, to be shown where a count is wrong."""
        return self._travelled or "\n".join(self._ran)

    def read(self) -> None:
        """Takes in what libpq wrote down."""
        self._file.seek(0)
        self._travelled = self._file.read().decode()

    def begin(self, connection: Any) -> None:
        """Writes down what this driver's connection sends from now on."""
        if hasattr(connection, "pgconn"):
            connection.pgconn.trace(self._file.fileno())
            connection.pgconn.set_trace_flags(Trace.SUPPRESS_TIMESTAMPS)
        else:
            connection.set_trace_callback(self._note)

    def end(self, connection: Any) -> None:
        """Leaves it alone again."""
        if hasattr(connection, "pgconn"):
            connection.pgconn.untrace()
        else:
            connection.set_trace_callback(None)

    def _note(self, statement: str) -> None:
        if not statement.startswith("--"):  # what a trigger does
            self._ran.append(statement)


@contextmanager
def watched(engine: Engine) -> Iterator[Wire]:
    """Watches all that goes over the engine's connections in the block; to be asked after it."""

    with tempfile.TemporaryFile() as file:
        wire = Wire(file)
        with _listening(engine, wire):
            yield wire
        wire.read()


@contextmanager
def _listening(engine: Engine, wire: Wire) -> Iterator[None]:
    def begin(connection: Any, *_more: object) -> None:
        wire.begin(connection)

    def end(connection: Any, *_more: object) -> None:
        if connection is not None:
            wire.end(connection)

    event.listen(engine, "checkout", begin, insert=True)
    event.listen(engine, "checkin", end)
    yield
    event.remove(engine, "checkout", begin)
    event.remove(engine, "checkin", end)
