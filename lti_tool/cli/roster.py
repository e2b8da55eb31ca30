"""`creditroll roster`: reads the rosters of courses now, with a bar that moves."""

from dataclasses import asdict, dataclass

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from lti_tool import clock
from lti_tool.cli import Failed, books, json_option, show
from lti_tool.db import db, writing
from lti_tool.jobs import RosterReader
from lti_tool.licenses.bindings import Binding
from lti_tool.licenses.licenses import License
from lti_tool.lti.contexts import Context
from lti_tool.members.roster_faults import why
from lti_tool.members.roster_reads import progress, request_read

_NO_COURSES = "No course belongs to a license yet."


@dataclass(frozen=True)
class _Read:
    """How one course's reading ended; the shape that `--json` prints."""

    course: str
    title: str
    license: str
    status: str
    people: int
    added: int
    dropped: int
    error: str | None
    detail: str | None


@click.group()
def command() -> None:
    """Read course rosters now."""


@command.command()
@click.option("--license", "license_id", metavar="ID", help="Only the courses of this license.")
@json_option
def sync(license_id: str | None, as_json: bool) -> None:
    """Read the rosters of all courses. Or of one license's; exit code 1 if any failed.

    Where a reading fails, nothing is written for that course and nobody is dropped.
    """
    with books() as settings:
        reads = _read_all(RosterReader(settings, db.engine), db.engine, _courses(license_id))
    lines = [_line(each) for each in reads if each.error is None]
    show([asdict(each) for each in reads], as_json=as_json, lines=lines if reads else [_NO_COURSES])
    failed = [each for each in reads if each.error is not None]
    for each in failed:
        click.echo(f"creditroll: {each.title}: {each.detail}", err=True)
    if failed:
        raise SystemExit(1)


def _courses(license_id: str | None) -> list[tuple[str, str, str]]:
    """id, title and licence of every course that belongs to a licence."""
    if license_id is not None and db.session.get(License, license_id) is None:
        raise Failed(f"There is no license {license_id}; `creditroll license list` shows all.")
    wanted = (
        select(Context, Binding.license_id)
        .join(Binding, (Binding.context_id == Context.id))
        .order_by(Context.first_seen_at, Context.id)
    )
    if license_id is not None:
        wanted = wanted.where(Binding.license_id == license_id)
    found = [
        (context.id, context.title or context.label or context.context_id, license_)
        for context, license_ in db.session.execute(wanted)
    ]
    db.session.remove()  # nothing may stay open while LMSs are called
    return found


def _read_all(reader: RosterReader, engine: Engine, courses: list[tuple[str, str, str]]) -> list[_Read]:
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[people]} people"),
        console=Console(stderr=True),
        transient=True,
    )
    reads = []
    with bar:
        task = bar.add_task("Reading rosters", total=len(courses), people=0)
        for context_id, title, license_id in courses:
            bar.update(task, description=title, people=0)
            with writing(engine) as session:
                request_read(session, context_id, requested_by=None, now=clock.now())
            reader.read(
                context_id, take_over=True, on_page=lambda people, pages: bar.update(task, people=f"{people:,}")
            )
            with writing(engine) as session:
                reads.append(_result(session, context_id, title, license_id))
            bar.advance(task)
    return reads


def _result(session: Session, context_id: str, title: str, license_id: str) -> _Read:
    row = progress(session, context_id)
    assert row is not None
    error = row.error_code if row.status == "failed" else row.status if row.status != "done" else None
    detail = why(error, dropped=row.dropped) if error else None
    return _Read(
        context_id, title, license_id, row.status, row.people_read, row.added, row.dropped, error=error, detail=detail
    )


def _line(read: _Read) -> str:
    return f"{read.title}: {read.people:,} people read, {read.added:,} added, {read.dropped:,} inactive"
