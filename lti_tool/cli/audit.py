"""`creditroll audit`: proves that the books balance, or names each fault, however many there are."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from itertools import chain

import click
from sqlalchemy.exc import SQLAlchemyError

from lti_tool import clock
from lti_tool.cli import Failed, books, json_option
from lti_tool.db import db, transaction
from lti_tool.ledger.audit import Audited, Fault, faults, size
from lti_tool.licenses import licenses
from lti_tool.purchasing import audit as purchases
from lti_tool.purchasing import last_audit
from lti_tool.purchasing.last_audit import CHECKS, Tally


@click.command()
@click.option("--license", "license_id", metavar="ID", help="Only this license; all of them if not given.")
@json_option
def command(license_id: str | None, as_json: bool) -> None:
    """Prove that the books balance: exit code 1 and a line for each fault if they do not."""
    with books():
        session = db.session()
        if license_id is not None:
            licenses.find(session, license_id)
        began_at, tally = clock.now(), Tally()
        found = tally.watch(chain(faults(session, license_id), purchases.faults(session, license_id)))
        audited = size(session, license_id)
        number = _print_json(found, audited) if as_json else _print_lines(found)
        if license_id is None:
            _keep(tally, audited, began_at)
    if number:
        raise Failed(f"{_count(number, 'fault')} found; the books do not balance. See docs/ledger.md for each code.")
    if not as_json:
        parts = (_count(audited.licenses, "license"), _count(audited.accounts, "account"))
        click.echo(f"The books balance: {', '.join(parts)}, {_count(audited.transfers, 'transfer')}.")


def _keep(tally: Tally, audited: Audited, began_at: datetime) -> None:
    """For the operator's pages; a copy that takes no writes can be audited all the same."""
    try:
        with transaction() as session:
            last_audit.keep(
                session, tally, done=len(CHECKS), audited=audited, is_over=True, began_at=began_at, now=clock.now()
            )
    except SQLAlchemyError:
        click.echo("This result could not be kept for the operator's pages.", err=True)


def _print_lines(found: Iterator[Fault]) -> int:
    number = 0
    for fault in found:
        number += 1
        click.echo(f"{fault.code}: license {fault.license_id or 'none'}: {fault.detail}")
    return number


def _print_json(found: Iterator[Fault], audited: Audited) -> int:
    # Written piece by piece: the faults of a damaged database may be many.
    number = 0
    click.echo('{"faults": [', nl=False)
    for number, fault in enumerate(found, start=1):
        shape = {"code": fault.code, "license": fault.license_id, "detail": fault.detail}
        click.echo(("," if number > 1 else "") + json.dumps(shape), nl=False)
    click.echo("], " + json.dumps({"balanced": number == 0} | asdict(audited))[1:])
    return number


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
