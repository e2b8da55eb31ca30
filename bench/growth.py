"""Spends, launches, every page and every list with a journal of 10,000,000 transfers, beside one of 100,000 (S9).

`BENCH_TRANSFERS` sets the longer one's size. Both have the same people; only what happened to them differs.
"""

import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from http.client import HTTPConnection
from pathlib import Path

import psycopg
from sqlalchemy import select
from sqlalchemy.orm import Session

from bench import books, school
from bench.books import Books
from bench.bulk import cookie_of
from bench.harness import machine, servers
from bench.harness.driving import Operation, drive
from bench.harness.rounds import Contender, Ratio, Sample, cpu_ms, faster, interleave, rate
from bench.harness.servers import Database, Server, dsn
from bench.harness.table import Row
from bench.school import TOOLS_OWN, Browser
from lti_tool import schema
from lti_tool.db import open_engine, writing
from lti_tool.ledger import audit, issuing
from lti_tool.ledger.movements import OPERATOR
from lti_tool.ledger.transfers import Batch, Transfer
from lti_tool.licenses import api_keys, bindings, licenses
from lti_tool.lti import contexts, platforms
from lti_tool.lti.contexts import Context
from lti_tool.lti.roles import Role
from lti_tool.members.people import Member, Person
from lti_tool.web.session import Visit
from tests import factories
from tests.filling import BUNDLE, FIRST, USED, fill_course, fill_journal
from tests.lti_platform import FakePlatform, register
from tests.web.test_growth import PAGES

MARKS = ("S9",)
SHORT_TRANSFERS = 100_000
LONG_TRANSFERS = int(os.environ.get("BENCH_TRANSFERS", "10_000_000"))
MEMBERS = 2_000
CONNECTIONS = 8
ROUND_S = 3.0
_OPENED = 25
"""How often a page is opened for one sample: CPU time is counted in hundredths of a second."""
_JOURNAL = ("transfers", "batches", "holds")


@dataclass(frozen=True)
class Filled:
    """A database with a journal, its ids by what test_growth.py calls them, and everybody's way in."""

    books: Books
    transfers: int
    ids: Mapping[str, str]
    platform: FakePlatform
    teacher: Visit
    student: Visit


@dataclass(frozen=True)
class _Running:
    """A tool on a filled database, and the headers of who opens pages."""

    filled: Filled
    server: Server
    pids: tuple[int, ...]
    headers: Mapping[str, Mapping[str, str]]

    @property
    def name(self) -> str:
        """As its samples are called."""
        return f"{self.filled.transfers:,} transfers"


def measure(rounds: int) -> list[Row]:
    """The rows; both tools run all the time, and whose turn it is not waits."""
    with ExitStack() as stack:
        platform = stack.enter_context(school.serving_lms())
        database = stack.enter_context(servers.postgresql())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        filled = [
            _fill(database.create(name), platform, size)
            for name, size in (("short", SHORT_TRANSFERS), ("long", LONG_TRANSFERS))
        ]
        for one in filled:
            _settle(one.books.url)
        scans = [_scans(one.books.url) for one in filled]
        with ExitStack() as tools:
            short, long = (_start(tools, one, folder, database) for one in filled)
            rows = [
                _rate_row("spends", short, long, _spending, rounds),
                _rate_row("launches", short, long, _launching, rounds),
                _page_row(short, long, rounds),
            ]
        time.sleep(1)  # a backend that ends reports what it did within the second
        scanned = sum(_scans(one.books.url) - before for one, before in zip(filled, scans, strict=True))
        for one in filled:
            _require_balanced(one.books.url)
    rows.append(Row("S9", "times that the journal was looked through meanwhile", str(scanned), None, "0", scanned == 0))
    return rows


def _rate_row(what: str, short: _Running, long: _Running, doing: Callable[[_Running], Operation], rounds: int) -> Row:
    def act(one: _Running) -> Sample:
        return drive(one.server.port, doing(one), connections=CONNECTIONS, for_s=ROUND_S, pids=one.pids).sample

    measured = interleave([Contender(one.name, partial(act, one)) for one in (short, long)], rounds=rounds)
    wall, cpu = faster(measured, long.name, short.name)
    note = "; ".join(f"{one.name}: {rate(measured[one.name]):.0f}/s" for one in (short, long))
    return Row("S9", f"{what} a second, {long.name} / {short.name}", wall, cpu, "≥ 0.85", cpu.median >= 0.85, note)


def _page_row(short: _Running, long: _Running, rounds: int) -> Row:
    """The page or list that suffers most."""
    ratios: dict[str, tuple[Ratio, Ratio]] = {}
    took: dict[str, str] = {}
    for who, address in PAGES:
        contenders = [Contender(one.name, partial(_open, one, who, address)) for one in (short, long)]
        measured = interleave(contenders, rounds=rounds)
        ratios[address] = faster(measured, short.name, long.name)
        took[address] = f"{cpu_ms(measured[long.name]):.0f} ms"
    worst = sorted(ratios, key=lambda address: ratios[address][1].median, reverse=True)
    wall, cpu = ratios[worst[0]]
    note = "most: " + ", ".join(f"`{one}` {ratios[one][1].median:.2f} ({took[one]})" for one in worst[:4])
    measure = f"slowest of {len(PAGES)} pages and lists, {long.name} / {short.name}, in time"
    return Row("S9", measure, wall, cpu, "≤ 2 times as long", cpu.median <= 2, note)


def _spending(one: _Running) -> Operation:
    return lambda connection, number: books.spend(connection, one.filled.books, number)


def _launching(one: _Running) -> Operation:
    browser = Browser(one.filled.platform, TOOLS_OWN)
    return lambda connection, number: browser.launch(connection, f"filled-{number % MEMBERS + 1}")


def _open(one: _Running, who: str, address: str) -> Sample:
    connection = HTTPConnection("127.0.0.1", one.server.port, timeout=120)
    connection.connect()
    cpu, began = machine.cpu_s(*one.pids), time.perf_counter()
    for _ in range(_OPENED):
        connection.request("GET", address.format(**one.filled.ids), headers=dict(one.headers[who]))
        answer = connection.getresponse()
        page = answer.read()
        assert answer.status == 200, (address, answer.status, page[:300])
    sample = Sample(_OPENED, time.perf_counter() - began, machine.cpu_s(*one.pids) - cpu)
    connection.close()
    return sample


def _start(stack: ExitStack, filled: Filled, folder: Path, database: Database) -> _Running:
    environment = servers.tool_settings(folder, filled.books.url)
    server = stack.enter_context(servers.tool(environment))
    as_host = {"Host": "tool.test", "X-Forwarded-Proto": "https"}
    headers = {
        "teacher": as_host | {"Cookie": cookie_of(environment, filled.teacher)},
        "student": as_host | {"Cookie": cookie_of(environment, filled.student)},
        "program": {"Authorization": f"Bearer {filled.books.keys[0]}"},
    }
    return _Running(filled, server, (server.pid, database.pid), headers)


def _fill(url: str, platform: FakePlatform, transfers: int) -> Filled:
    """Makes the database with its journal, and requires that its books balance."""
    engine = open_engine(url)
    schema.upgrade(engine)
    now = datetime.now(UTC)
    resource = factories.EXPORT_CREDITS
    rounds = max(1, round((transfers / MEMBERS - 1) / (USED + 1)))
    with writing(engine) as session:
        added = register(session, platform)
        license_ = licenses.create(session, name="Bench", now=now)
        credits_ = (MEMBERS + 1) * (FIRST + rounds * BUNDLE)
        issuing.grant(session, license_.id, resource, amount=credits_, actor=OPERATOR, now=now)
        [deployment] = platforms.deployments(session, added)
        bindings.bind(session, license_.id, deployment.id, None, now=now)
        course = contexts.name_beforehand(session, deployment.id, "context-1", now=now)
        teacher = factories.make_member(session, license_, session.get_one(Context, course.id), role=Role.TEACHER)
        where = (license_.id, resource.name)
        fill_course(session, *where, course.id, added.id, count=MEMBERS, now=now - timedelta(days=150))
        key, secret = api_keys.create(session, name="bench", scopes=["spend"], license_id=license_.id, now=now)
        written = fill_journal(session, *where, rounds=rounds, until=now, key_id=key.id)
        found = [*_students(session)]
        order = factories.make_order(session, license_).id
        ids = _ids(session, now) | {"license": license_.id, "member": found[0], "order": order}

    engine.dispose()

    def visit(member_id: str, role: Role, *, manages: bool = False) -> Visit:
        return Visit(
            platform_id=added.id,
            context_id=course.id,
            license_id=license_.id,
            person_id=teacher.person_id if manages else None,
            member_id=member_id,
            role=role,
            manages=manages,
            mentored=(),
            locale="en",
            ends_at=now + timedelta(hours=8),
        )

    _require_balanced(url)
    return Filled(
        Books(url, [license_.id], found, [secret] * len(found)),
        written,
        ids,
        platform,
        visit(teacher.id, Role.TEACHER, manages=True),
        visit(found[0], Role.LEARNER),
    )


def _students(session: Session) -> Iterator[str]:
    query = select(Member.id).join(Person, Person.id == Member.person_id).where(Person.subject.like("filled-%"))
    yield from session.scalars(query.order_by(Member.id))


def _ids(session: Session, now: datetime) -> dict[str, str]:
    return {
        "batch": str(session.scalar(select(Batch.id).where(Batch.people == 1).limit(1))),
        "class": str(session.scalar(select(Batch.id).where(Batch.people > 1).limit(1))),
        "transfer": str(session.scalar(select(Transfer.id).order_by(Transfer.id.desc()).limit(1))),
        "at": (now - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def _settle(url: str) -> None:
    """What a database does by itself in time; without it, what is measured is the fill's own aftermath."""
    with psycopg.connect(dsn(url), autocommit=True) as connection:
        connection.execute("vacuum (analyze)")
        connection.execute("checkpoint")


def _scans(url: str) -> int:
    """How often a table of the journal was read from one end to the other so far."""
    wanted: Sequence[str] = list(_JOURNAL)
    with psycopg.connect(dsn(url)) as connection:
        row = connection.execute(
            "select sum(seq_scan) from pg_stat_user_tables where relname = any(%s)", (wanted,)
        ).fetchone()
    assert row is not None
    return int(row[0])


def _require_balanced(url: str) -> None:
    engine = open_engine(url)
    with Session(engine) as session:
        faults = audit.audit(session)
    engine.dispose()
    assert not faults, faults[:3]
