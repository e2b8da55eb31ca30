"""Damage that no statement of ours could do: rows changed with the database's guards taken away."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine

Execute = Callable[[str], object]


@contextmanager
def unguarded(engine: Engine) -> Iterator[Execute]:
    """Yields a way to run SQL without triggers, foreign keys and (SQLite) checks, and puts the guards back."""
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("set session_replication_role = replica")
            yield connection.exec_driver_sql
            connection.exec_driver_sql("set session_replication_role = origin")
            connection.commit()
            return
        with _without_sqlite_guards(connection):
            yield connection.exec_driver_sql


@contextmanager
def _without_sqlite_guards(connection: Connection) -> Iterator[None]:
    rows = connection.exec_driver_sql("select name, sql from sqlite_master where type = 'trigger'").all()
    connection.commit()
    driver = connection.connection.driver_connection
    assert driver is not None
    driver.execute("PRAGMA foreign_keys = OFF")
    driver.execute("PRAGMA ignore_check_constraints = ON")
    for name, _ in rows:
        connection.exec_driver_sql(f"drop trigger {name}")
    yield
    for _, sql in rows:
        connection.exec_driver_sql(sql)
    connection.commit()
    driver.execute("PRAGMA foreign_keys = ON")
    driver.execute("PRAGMA ignore_check_constraints = OFF")
