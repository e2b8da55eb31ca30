"""`creditroll db`: migrations, run by the operator and never by the server."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import click
from sqlalchemy import Engine

from lti_tool import schema
from lti_tool.cli import json_option, show
from lti_tool.db import open_engine
from lti_tool.settings import load


@click.group()
def command() -> None:
    """Bring the database up to date, or see where it stands."""


@command.command()
def upgrade() -> None:
    """Run all migrations that the database does not have yet."""
    with _engine() as engine:
        before = schema.current(engine)
        schema.upgrade(engine)
        after = schema.current(engine)
    click.echo(f"The database is at {after}" + (", as before." if before == after else "."), err=True)


@command.command()
@json_option
def current(as_json: bool) -> None:
    """Show the database's migration and the newest one."""
    with _engine() as engine:
        found, newest = schema.current(engine), schema.newest()
    shape = {"current": found, "newest": newest, "up_to_date": found == newest}
    show(shape, as_json=as_json, lines=[f"{found or 'nothing yet'} (newest: {newest})"])


@contextmanager
def _engine() -> Iterator[Engine]:
    engine = open_engine(load(os.environ).database_url)
    try:
        yield engine
    finally:
        engine.dispose()
