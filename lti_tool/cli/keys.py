"""`creditroll keys`: the tool's signing keys, shown to LMSs before they sign and after."""

import os
from datetime import datetime
from pathlib import Path

import click

from lti_tool import clock
from lti_tool.cli import json_option, show
from lti_tool.lti import keyring
from lti_tool.lti.signing_keys import ALWAYS, Keyring, SigningKey, Status
from lti_tool.settings import load


@click.group()
def command() -> None:
    """Show, rotate and retire the tool's signing keys."""


@command.command("list")
@json_option
def list_(as_json: bool) -> None:
    """Show all keys, oldest first. Which one signs, which waits, which may go; never their private halves."""
    keys, now = keyring.read_keyring(_folder()), clock.now()
    lines = [_line(keys, key, now) for key in keys.keys] or ["None yet: the first start makes one."]
    show([_shape(keys, key, now) for key in keys.keys], as_json=as_json, lines=lines)


@command.command()
@click.option("--now", "at_once", is_flag=True, help="Sign with it at once: for when a key may have been seen.")
@json_option
def rotate(at_once: bool, as_json: bool) -> None:
    """Make a new key. LMSs are shown it from now on; it signs after a day, when they have had time to read it."""
    now = clock.now()
    made = keyring.rotate(_folder(), now=now, at_once=at_once)
    keys = keyring.read_keyring(_folder())
    show(_shape(keys, made, now), as_json=as_json, lines=[_line(keys, made, now)])
    if at_once:
        click.echo("It signs already: an LMS may refuse our calls until it has read our keys again.", err=True)


@command.command()
@click.argument("kid", metavar="KID")
@click.option("--now", "though_needed", is_flag=True, help="Though what it signed may still be under way.")
@json_option
def retire(kid: str, though_needed: bool, as_json: bool) -> None:
    """Remove an old key, or one that waits. The signing key stays until another one signs."""
    gone = keyring.retire(_folder(), kid, now=clock.now(), though_needed=though_needed)
    show({"kid": gone.kid, "status": "retired"}, as_json=as_json, lines=[f"{gone.kid}  retired"])
    if though_needed:
        click.echo("LMSs refuse from now on what it signed.", err=True)


def _folder() -> Path:
    return load(os.environ).keys_dir


def _shape(keys: Keyring, key: SigningKey, now: datetime) -> dict[str, str | None]:
    status = keys.status(key, now)
    needed_until = keys.needed_until(key) if status is Status.OLD else None
    return {
        "kid": key.kid,
        "status": status,
        "signs_from": None if key.signs_from == ALWAYS else key.signs_from.isoformat(),
        "needed_until": needed_until.isoformat() if needed_until else None,
    }


def _line(keys: Keyring, key: SigningKey, now: datetime) -> str:
    status, needed_until = keys.status(key, now), keys.needed_until(key)
    if status is Status.WAITING:
        more = f"signs from {_time(key.signs_from)}"
    elif status is Status.SIGNING:
        more = "since the first start" if key.signs_from == ALWAYS else f"since {_time(key.signs_from)}"
    else:
        more = f"needed until {_time(needed_until)}" if needed_until and needed_until > now else "may be retired"
    return f"{key.kid}  {status:7}  {more}"


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
