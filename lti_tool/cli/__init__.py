"""The command `creditroll`: a file a command group; refusals are one line on stderr and exit code 1."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import click
from sqlalchemy.exc import OperationalError

from lti_tool.errors import Refusal
from lti_tool.settings import Settings, SettingsError, load

COMMANDS = {
    "demo": "Try it: the tool and a small LMS on this machine.",
    "serve": "Run the production server.",
    "db": "Bring the database up to date.",
    "platform": "Register LMSs and admit their deployments.",
    "launches": "See the last launches, and why one was refused.",
    "license": "Create licenses, grant credits, bind courses.",
    "keys": "Show, rotate and retire the tool's signing keys.",
    "api-key": "Make and revoke keys of the machine API.",
    "webhook": "Tell programs what happens, by signed webhooks.",
    "order": "See and approve what schools buy, record payments.",
    "operator": "Open the operator's pages.",
    "roster": "Read course rosters now.",
    "audit": "Prove that the books balance.",
    "simulate": "Replay seeded school terms against a plain model.",
}


class Failed(click.ClickException):
    """Refused: what, and how to mend it; exit code 1."""

    def show(self, file: Any = None) -> None:
        """One line, on stderr."""
        click.echo(f"creditroll: {self.message}", err=True)


class _Commands(click.Group):
    """Loads a command's file when it is asked for: `creditroll --help` needs none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        found: click.Command = import_module(f"lti_tool.cli.{cmd_name.replace('-', '_')}").command
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> Any:
        with plain_faults():
            return super().invoke(ctx)


@contextmanager
def plain_faults() -> Iterator[None]:
    """Turns the faults that people can mend into one line; any other is a bug and keeps its traceback."""
    try:
        yield
    except SettingsError as error:
        raise Failed(str(error)) from error
    except Refusal as refusal:
        raise Failed(refusal.detail) from refusal
    except OperationalError as error:
        raise Failed(f"The database does not answer: {str(error.orig).splitlines()[0]}") from error


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="creditroll", message="%(version)s")
def main() -> None:
    """Creditroll manages a class's credit license from inside the LMS."""


@contextmanager
def books() -> Iterator[Settings]:
    """The database for a command, inside the app's context. Raises Failed if it needs `db upgrade` first."""
    from lti_tool import schema
    from lti_tool.app import create_books
    from lti_tool.db import db

    settings = load(os.environ)
    with create_books(settings).app_context():
        try:
            if schema.current(db.engine) != schema.newest():
                raise Failed("The database is not up to date: run `creditroll db upgrade` first.")
            yield settings
        finally:
            db.session.remove()
            db.engine.dispose()


json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")


def show(shape: object, *, as_json: bool, lines: list[str]) -> None:
    """Prints the thing as JSON, or as the lines made for people."""
    if as_json:
        json.dump(shape, sys.stdout, ensure_ascii=False, indent=2)
        click.echo()
    else:
        click.echo("\n".join(lines))
