"""Damage that no statement of ours could do: rows changed with the database's guards taken away."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session


@contextmanager
def unguarded(engine: Engine) -> Iterator[Session]:
    """A session without triggers, foreign keys and (SQLite) checks; rolled back, guards and all, unless committed."""
    with engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        connection.detach()  # closed at the end: what is set here must not reach the next one
        if engine.dialect.name == "sqlite":
            driver.execute("PRAGMA foreign_keys = OFF")
            driver.execute("PRAGMA ignore_check_constraints = ON")
        with Session(connection) as session:
            if engine.dialect.name == "sqlite":
                for name in session.scalars(text("select name from sqlite_master where type = 'trigger'")).all():
                    session.execute(text(f"drop trigger {name}"))
            else:
                session.execute(text("set local session_replication_role = replica"))
            yield session


def forget(session: Session, constraint: str, table: str) -> None:
    """Takes a CHECK away from PostgreSQL; SQLite ignores them all in an unguarded session."""
    if session.connection().dialect.name == "postgresql":
        session.execute(text(f"alter table {table} drop constraint {constraint}"))
