"""`creditroll api-key`: keys for programs that read and spend; the secret is shown once."""

import click

from lti_tool import clock
from lti_tool.cli import books, json_option, show
from lti_tool.db import db, transaction
from lti_tool.licenses import api_keys
from lti_tool.licenses.api_keys import ApiKey


@click.group()
def command() -> None:
    """Make and revoke keys of the machine API."""


@command.command()
@click.option("--name", required=True, help="What the key is for, to know it again.")
@click.option("--license", "license_id", metavar="ID", help="The one license it reaches; all if not given.")
@click.option(
    "--scope",
    "scopes",
    type=click.Choice(api_keys.SCOPES),
    multiple=True,
    default=(api_keys.READ,),
    show_default=True,
    help="May be repeated; spend includes read.",
)
@json_option
def create(name: str, license_id: str | None, scopes: tuple[str, ...], as_json: bool) -> None:
    """Make a key and show it, this once."""
    with books():
        with transaction() as session:
            key, secret = api_keys.create(session, name=name, scopes=scopes, license_id=license_id, now=clock.now())
        show(_shape(key) | {"key": secret}, as_json=as_json, lines=[_line(key), f"    {secret}"])
        click.echo("Keep the key now: it cannot be shown again.", err=True)


@command.command("list")
@json_option
def list_(as_json: bool) -> None:
    """Show all keys, without their secrets."""
    with books():
        keys = api_keys.every(db.session())
        shapes = [_shape(key) | {"revoked_at": key.revoked_at and key.revoked_at.isoformat()} for key in keys]
        show(shapes, as_json=as_json, lines=[_line(key) for key in keys] or ["None yet."])


@command.command()
@click.argument("key_id", metavar="ID")
@json_option
def revoke(key_id: str, as_json: bool) -> None:
    """End a key at once and for good."""
    with books():
        with transaction() as session:
            key = api_keys.revoke(session, key_id, now=clock.now())
        show(_shape(key), as_json=as_json, lines=[_line(key)])


def _shape(key: ApiKey) -> dict[str, object]:
    return {"id": key.id, "name": key.name, "scopes": key.scopes.split(), "license": key.license_id}


def _line(key: ApiKey) -> str:
    state = "revoked" if key.revoked_at else "in force"
    return f"{key.id}  {state:8}  {key.scopes:10}  license {key.license_id or 'any'}  {key.name}"
