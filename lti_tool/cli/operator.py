"""`creditroll operator`: a way to the operator's pages for whoever has this command line."""

import click

from lti_tool import clock, operator_link
from lti_tool.cli import books, json_option, show
from lti_tool.settings import require_secret


@click.group()
def command() -> None:
    """Open the operator's pages: what needs you, and doing it."""


@command.command()
@json_option
def link(as_json: bool) -> None:
    """Print an address that opens the operator's pages, once and within ten minutes."""
    with books() as settings:
        require_secret(settings)
        now = clock.now()
        token = operator_link.make(settings.secret_key, now=now)
    address = f"{settings.public_url}/operator/enter/{token}"
    ends_at = (now + operator_link.LASTS).isoformat(timespec="seconds").replace("+00:00", "Z")
    show({"address": address, "ends_at": ends_at}, as_json=as_json, lines=[address])
    click.echo("It opens once, within ten minutes, for whoever has it: keep it to yourself.", err=True)
