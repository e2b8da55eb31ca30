"""A database whose own clock is the story's: asked for the time, it tells what the story says.

The product's statements stay as they are; only the function that they ask (`julianday` in SQLite, `clock_timestamp` in
PostgreSQL) is another on these connections.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, event

from lti_tool.db import micros

_UNIX_EPOCH = 2_440_587.5
"""As a Julian day number."""
_DAY_US = 86_400_000_000

_CLOCK = (
    "create schema if not exists simulation",
    "create table if not exists simulation.clock (now timestamptz not null)",
    "delete from simulation.clock",
    "insert into simulation.clock values ('-infinity')",
    "create or replace function simulation.clock_timestamp() returns timestamptz language sql volatile"
    " as 'select now from simulation.clock'",
)


class VirtualTime:
    """The one clock of a story; nothing but the story moves it."""

    def __init__(self, engine: Engine, start: datetime) -> None:
        self._engine = engine
        self.now = start
        if engine.dialect.name == "postgresql":
            with engine.begin() as connection:
                for statement in _CLOCK:
                    connection.exec_driver_sql(statement)
        event.listen(engine, "connect", self._tell)
        engine.dispose()  # connections that were opened before ask the real clock
        self.move(timedelta(0))

    def move(self, by: timedelta) -> None:
        """Time passes."""
        self.now += by
        if self._engine.dialect.name == "postgresql":
            with self._engine.begin() as connection:
                connection.exec_driver_sql("update simulation.clock set now = %s", (self.now,))

    def _tell(self, connection: Any, _record: object) -> None:
        if self._engine.dialect.name == "sqlite":
            connection.create_function("julianday", 1, self._julian_day)
            return
        # What is named first is found first: pg_catalog would otherwise be, though nobody names it.
        connection.execute("set search_path to simulation, public, pg_catalog")
        connection.commit()

    def _julian_day(self, _text: str) -> float:
        return _UNIX_EPOCH + micros(self.now) / _DAY_US
