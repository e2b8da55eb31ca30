"""A roster of 10,000 over NRPS into the books, the first time and once more, beside its floor; and memory (S8).

A reading is what a job does: asked for, claimed, a token, 100 pages with their progress, and everything applied.
"""

import gc
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from bench import large_course
from bench.floors import rosters as floor
from bench.harness import machine, servers
from bench.harness.rounds import Contender, Rounds, Sample, cpu_ms, faster, interleave
from bench.harness.servers import Database, dsn
from bench.harness.table import Row
from lti_tool import schema
from lti_tool.db import Sql, open_engine, writing
from lti_tool.jobs import RosterReader
from lti_tool.ledger import audit
from lti_tool.lti import keyring
from lti_tool.members import roster_reads
from lti_tool.settings import Settings, load
from tests import factories

MARKS = ("S8",)
PEOPLE = 10_000
TOOL, AGAIN, FLOOR, FLOOR_AGAIN = "tool", "tool again", "floor", "floor again"
_SIZES = (1_000, 10_000, 50_000)


@dataclass(frozen=True)
class _Prepared:
    """A database with the course and nobody in it, to be copied; `pid` is the database server's, if it has one."""

    course: floor.Course
    fresh: Callable[[], str]
    """Makes one more copy, and returns its URL."""
    pid: int | None

    def cpu_s(self) -> float:
        """CPU seconds of this process and of the database's."""
        return time.process_time() + (machine.cpu_s(self.pid) if self.pid else 0.0)


def measure(rounds: int) -> list[Row]:
    """The rows of both databases."""
    rows = []
    gc.freeze()  # as the process of the jobs does
    with large_course.serving() as lms, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with servers.postgresql() as database:
            prepared = _on_postgresql(database, lms)
            rows += _compared("PostgreSQL", prepared, folder, lms, rounds)
            rows.append(_memory(prepared, folder))
        rows += _compared("SQLite", _on_sqlite(folder, lms), folder, lms, rounds)
    return rows


def _compared(database: str, prepared: _Prepared, folder: Path, lms: str, rounds: int) -> list[Row]:
    tool, bare = _Tool(prepared, folder), _Floor(prepared, large_course.roster_url(lms, PEOPLE))
    acts = {TOOL: tool.first, AGAIN: tool.again, FLOOR: bare.first, FLOOR_AGAIN: bare.again}
    measured = interleave([Contender(name, act) for name, act in acts.items()], rounds=rounds)
    assert _left_by(tool.url) == _left_by(bare.url)
    return [*_rows(database, measured)]


def _rows(database: str, measured: Rounds) -> Iterator[Row]:
    for one, other, at_most, said in (
        (TOOL, FLOOR, 1.8, "≤ 1.8 times as long"),
        (AGAIN, TOOL, 0.7, "≤ 0.7 times as long"),
        (AGAIN, FLOOR_AGAIN, None, "for orientation"),
    ):
        wall, cpu = faster(measured, other, one)
        figures = ", ".join(f"{name} {cpu_ms(measured[name]):.0f} ms CPU" for name in (one, other))
        measure = f"{database}, roster of {PEOPLE:,}: {one} / {other}, in time"
        yield Row("S8", measure, wall, cpu, said, at_most is None or cpu.median <= at_most, figures)


class _Tool:
    """Readings by the tool, each first one of a database of its own."""

    def __init__(self, prepared: _Prepared, folder: Path) -> None:
        self.url = ""
        self._prepared = prepared
        self._folder = folder

    def first(self) -> Sample:
        self.url = self._prepared.fresh()
        return self._read(added=PEOPLE)

    def again(self) -> Sample:
        return self._read(added=0)

    def _read(self, *, added: int) -> Sample:
        with _opened(self._folder, self.url) as (settings, engine):
            cpu, began = self._prepared.cpu_s(), time.perf_counter()
            read(settings, engine, self._prepared.course.context_id)
            sample = Sample(1, time.perf_counter() - began, self._prepared.cpu_s() - cpu)
            with Session(engine) as session:
                ended = roster_reads.progress(session, self._prepared.course.context_id)
                assert ended is not None
                told = (ended.status, ended.people_read, ended.pages_read, ended.added, ended.dropped)
                assert told == ("done", PEOPLE, PEOPLE // large_course.PAGE, added, 0), told
                faults = audit.audit(session)
                assert not faults, faults[:3]
        return sample


class _Floor:
    """Readings by the floor, each first one of a database of its own."""

    def __init__(self, prepared: _Prepared, roster_url: str) -> None:
        self.url = ""
        self._prepared = prepared
        self._roster_url = roster_url

    def first(self) -> Sample:
        self.url = self._prepared.fresh()
        return self.again()

    def again(self) -> Sample:
        where, course = self._roster_url, self._prepared.course
        cpu, began = self._prepared.cpu_s(), time.perf_counter()
        if self._prepared.pid:
            floor.on_postgresql(dsn(self.url), where, course)
        else:
            floor.on_sqlite(self.url.removeprefix("sqlite:///"), where, course)
        return Sample(1, time.perf_counter() - began, self._prepared.cpu_s() - cpu)


def read(settings: Settings, engine: Engine, context_id: str) -> None:
    """What a teacher's click and the job that it wakes do."""
    with writing(engine) as session:
        assert roster_reads.request_read(session, context_id, requested_by=None, now=datetime.now(UTC))
    RosterReader(settings, engine).read(context_id)


def _on_postgresql(database: Database, lms: str) -> _Prepared:
    empty = database.create("empty")
    course = _build(empty, lms, PEOPLE)
    numbers = count(1)
    return _Prepared(course, lambda: database.create(f"course_{next(numbers)}", like="empty"), database.pid)


def _on_sqlite(folder: Path, lms: str) -> _Prepared:
    empty = folder / "empty.db"
    course = _build(f"sqlite:///{empty}", lms, PEOPLE)
    numbers = count(1)

    def fresh() -> str:
        copied = shutil.copyfile(empty, folder / f"course-{next(numbers)}.db")
        return f"sqlite:///{copied}"

    return _Prepared(course, fresh, None)


def _build(url: str, lms: str, people: int) -> floor.Course:
    """Makes the database: a license whose course, of so many students, nobody has opened yet."""
    engine = open_engine(url)
    schema.upgrade(engine)
    with writing(engine) as session:
        platform = factories.make_platform(session, issuer=lms)
        deployment = factories.make_deployment(session, platform)
        context = factories.make_context(session, deployment, memberships_url=large_course.roster_url(lms, people))
        license_ = factories.make_license(session, context=context)
        course = floor.Course(platform.id, license_.id, context.id, factories.EXPORT_CREDITS.name)
    engine.dispose()
    return course


@contextmanager
def _opened(folder: Path, url: str) -> Iterator[tuple[Settings, Engine]]:
    settings = load(servers.tool_settings(folder, url))
    keyring.open_keyring(settings.keys_dir)  # making the key is no part of a reading
    engine = open_engine(url)
    try:
        yield settings, engine
    finally:
        engine.dispose()


_LEFT = {
    "people": "select subject, name, sort_name, email from people order by subject",
    "members": """
        select p.subject, m.sort_name, m.lower_email from members m join people p on p.id = m.person_id
         order by p.subject
    """,
    "accounts": """
        select p.subject, a.resource, a.balance, a.version, a.frozen
          from accounts a join members m on m.id = a.member_id join people p on p.id = m.person_id order by p.subject
    """,
    "enrollments": """
        select p.subject, e.context_id, e.launch_role, e.roster_role, e.role, e.active
          from enrollments e join members m on m.id = e.member_id join people p on p.id = m.person_id
         order by p.subject
    """,
}


def _left_by(url: str) -> dict[str, Sequence[Any]]:
    engine = open_engine(url)
    with Session(engine) as session:
        left = {table: Sql(query).run(session).all() for table, query in _LEFT.items()}
    engine.dispose()
    assert {len(rows) for rows in left.values()} == {PEOPLE}
    return left


def _memory(prepared: _Prepared, folder: Path) -> Row:
    """The most that a process held while it read a course of each size for the first time."""
    peaks = {people: _peak(prepared, folder, people) for people in _SIZES}
    least, most = peaks[_SIZES[0]], peaks[_SIZES[-1]]
    figures = ", ".join(f"{people:,} people {peak / 1_000_000:.0f} MB" for people, peak in peaks.items())
    measure = f"PostgreSQL, most memory of a reader: {_SIZES[-1]:,} people / {_SIZES[0]:,}"
    return Row("S8", measure, f"{most / least:.2f}", None, "flat: ≤ 1.5", most <= 1.5 * least, figures)


def _peak(prepared: _Prepared, folder: Path, people: int) -> int:
    url = prepared.fresh()
    engine = open_engine(url)
    with writing(engine) as session:
        Sql("update contexts set memberships_url = replace(memberships_url, :usual, :wanted)").run(
            session, usual=f"/{PEOPLE}/", wanted=f"/{people}/"
        )
    engine.dispose()
    context = get_context("spawn")
    answers = context.Queue()
    reader = context.Process(target=_read_alone, args=(folder, url, prepared.course.context_id, answers))
    reader.start()
    peak, found = answers.get(timeout=300)
    reader.join()
    assert found == people
    return int(peak)


def _read_alone(folder: Path, url: str, context_id: str, answers: Any) -> None:
    gc.freeze()
    with _opened(folder, url) as (settings, engine):
        read(settings, engine, context_id)
        with Session(engine) as session:
            found = Sql("select count(*) from enrollments where active").run(session).scalar_one()
    answers.put((machine.peak_bytes(), found))
