"""Every page of a teacher and of a student in a class of 5,000 members, beside the same page in one of 50 (S13).

Both classes are in one database, and one process opens a page of one and of the other in turn, many times. A sample is
one opening, in CPU time of the process and of the database, to the nanosecond; the ratio is that of the two minima,
since whatever else the machine does makes an opening dearer, and never cheaper.
"""

import gc
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
from flask.testing import FlaskClient
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from bench.bulk import cookie_of
from bench.harness import servers
from bench.harness.table import Row
from lti_tool import schema
from lti_tool.app import create_app
from lti_tool.db import database_now, open_engine, writing
from lti_tool.ledger import closings, issuing, transfers
from lti_tool.ledger.accounts import Account
from lti_tool.ledger.movements import OPERATOR, SYSTEM
from lti_tool.ledger.transfers import Batch
from lti_tool.licenses.licenses import License
from lti_tool.lti.roles import Role
from lti_tool.members import requests
from lti_tool.members.people import Member, Person
from lti_tool.settings import load
from lti_tool.web.session import Visit
from tests import factories
from tests.filling import BUNDLE, FIRST, fill_course, fill_journal

MARKS = ("S13",)
SMALL, LARGE = 50, 5_000
AT_MOST, LARGEST_HTML = 1.5, 60_000
_OPENINGS = 12
"""How often a round opens a page of each class."""
_ROUNDS_OF_USE = 4
_FEWEST_WAITING = 45
"""So that lists of who waits are nearly as long in the smaller class: a page shows 50, and rows cost what they cost."""
_MEMBERS = "/manager/members"
PAGES = (
    ("teacher", "/manager/"),
    *(("teacher", f"{_MEMBERS}?show={show}") for show in ("active", "inactive", "all", "waiting")),
    *(
        ("teacher", f"{_MEMBERS}?sort={sign}{sort}")
        for sort in ("name", "course", "received", "used", "reserved", "available", "opened")
        for sign in ("", "-")
    ),
    ("teacher", f"{_MEMBERS}?search=student-7@school.test"),
    ("teacher", f"{_MEMBERS}?page=999"),
    ("teacher", f"{_MEMBERS}/roster"),
    ("teacher", f"{_MEMBERS}/add?only={{member}}"),
    ("teacher", f"{_MEMBERS}/add?all=1"),
    ("teacher", f"{_MEMBERS}/file"),
    ("teacher", "/manager/settings"),
    ("teacher", "/manager/history"),
    ("teacher", "/manager/history?date={day}"),
    ("teacher", "/manager/history?batch={class}"),
    ("teacher", "/manager/purchases"),
    ("teacher", "/manager/purchase"),
    ("teacher", "/manager/purchase/{order}"),
    ("teacher", "/manager/requests"),
    ("teacher", "/manager/pulse"),
    ("student", "/student/"),
)
"""Who opens what."""
EVERYBODY = ("teacher", f"{_MEMBERS}?search=student")
"""A search that finds all students: each is looked up by name and has their figures added up, the dearest of lists."""


@dataclass(frozen=True)
class _Class:
    """One license with its one course: what its addresses are filled in with, and the ways in."""

    ids: Mapping[str, str]
    visits: Mapping[str, Visit]


@dataclass
class _Page:
    """The cheapest opening so far in each class, in nanoseconds, and the length of the larger one's HTML."""

    small: int = 10**12
    large: int = 10**12
    length: int = 0

    @property
    def ratio(self) -> float:
        """How many times as long the larger class takes."""
        return self.large / self.small


def measure(rounds: int) -> list[Row]:
    """Two rows for each database."""
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows += _compared("SQLite", f"sqlite:///{folder / 'pages.db'}", folder, None, rounds)
        with servers.postgresql() as database:
            rows += _compared("PostgreSQL", database.create("pages"), folder, database.pid, rounds)
    return rows


def _compared(database: str, url: str, folder: Path, pid: int | None, rounds: int) -> list[Row]:
    now = datetime.now(UTC)
    classes = [_fill(url, size, now + timedelta(seconds=place)) for place, size in enumerate((SMALL, LARGE))]
    _settle(url)
    environment = servers.tool_settings(folder, url)
    client = create_app(load(environment)).test_client(use_cookies=False)
    gc.freeze()  # as `serve` does
    measured = {page: _Page() for page in (*PAGES, EVERYBODY)}
    ways = [{who: cookie_of(environment, visit) for who, visit in one.visits.items()} for one in classes]
    for _round in range(rounds):
        for (who, address), page in measured.items():
            small, large = ({"Cookie": way[who]} for way in ways)
            for _opening in range(_OPENINGS):
                page.small = min(page.small, _open(client, small, address.format(**classes[0].ids), pid)[0])
                took, page.length = _open(client, large, address.format(**classes[1].ids), pid)
                page.large = min(page.large, took)
    return _rows(database, measured)


def _rows(database: str, measured: dict[tuple[str, str], _Page]) -> list[Row]:
    slowest = sorted(measured, key=lambda page: -measured[page].ratio)
    for who, address in slowest:
        page = measured[who, address]
        print(
            f"{database} {page.ratio:5.2f}  {page.small / 1e6:6.2f} ms {page.large / 1e6:6.2f} ms"
            f"  {page.length / 1000:5.0f} KB  {address}"
        )
    everybody = measured.pop(EVERYBODY).ratio
    slowest.remove(EVERYBODY)
    worst = measured[slowest[0]].ratio
    note = "most: " + ", ".join(f"`{page[1]}` {measured[page].ratio:.2f}" for page in slowest[:4])
    longest = max(measured, key=lambda page: measured[page].length)
    length = measured[longest].length
    heaviest = f"`{longest[1]}`"
    what = f"{database}, slowest of {len(PAGES)} pages, {LARGE:,} members / {SMALL}, in time (minima)"
    return [
        Row("S13", what, "", f"{worst:.2f}", f"≤ {AT_MOST} times as long", worst <= AT_MOST, note),
        Row("S13", f"{database}, a search that finds everybody", "", f"{everybody:.2f}", "for orientation", True, ""),
        Row(
            "S13",
            f"{database}, longest HTML at {LARGE:,} members",
            f"{length / 1000:.0f} KB",
            None,
            "≤ 60 KB",
            length <= LARGEST_HTML,
            heaviest,
        ),
    ]


def _open(client: FlaskClient, headers: Mapping[str, str], address: str, pid: int | None) -> tuple[int, int]:
    """CPU nanoseconds of process and database, and how long the page is."""
    database = _database_ns(pid)
    before = time.process_time_ns()  # after the look at the database, which takes a while itself
    answer = client.get(address, headers=dict(headers), base_url="https://tool.test")
    took = time.process_time_ns() - before
    took += sum(ran - database.get(one, 0) for one, ran in _database_ns(pid).items())  # a backend may end meanwhile
    assert answer.status_code == 200, (address, answer.status_code, answer.get_data(as_text=True)[:300])
    return took, len(answer.get_data())


def _database_ns(pid: int | None) -> dict[int, int]:
    """What the kernel says that the server and each of its backends have run so far."""
    if pid is None:
        return {}
    ran = {}
    for one in (psutil.Process(pid), *psutil.Process(pid).children()):
        with suppress(FileNotFoundError):  # it ended just now
            ran[one.pid] = int(Path(f"/proc/{one.pid}/schedstat").read_text().split()[0])
    return ran


def _fill(url: str, size: int, now: datetime) -> _Class:
    """A class of so many members with a history; some have used all of it and wait, and most of these ask."""
    engine = open_engine(url)
    schema.upgrade(engine)
    resource = factories.EXPORT_CREDITS
    filled = size - 1  # and the teacher
    waiting = max(_FEWEST_WAITING, size // 10)
    with writing(engine) as session:
        deployment = factories.make_deployment(session)
        course = factories.make_context(session, deployment)
        license_ = factories.make_license(session, credits=0, deployment=deployment)
        # What is left is less than a bundle, so that whoever has nothing waits.
        credits_ = filled * (FIRST + _ROUNDS_OF_USE * BUNDLE) + BUNDLE - 1
        issuing.grant(session, license_.id, resource, amount=credits_, actor=OPERATOR, now=now)
        where = (license_.id, resource.name)
        at = now - timedelta(days=150)
        fill_course(session, *where, course.id, deployment.platform_id, count=filled, now=at)
        fill_journal(session, *where, rounds=_ROUNDS_OF_USE, until=now)
        teacher = factories.make_member(session, license_, course, role=Role.TEACHER, name="Tessa Teacher")
        _use_all(session, license_, waiting, now=database_now(session))
        first = select(Member.id).join(Person).where(Person.subject == "filled-1", Member.license_id == license_.id)
        one = session.scalars(first).one()
        ids = {
            "member": one,
            "order": factories.make_order(session, license_).id,
            "class": session.scalars(select(Batch.id).where(Batch.people > 1, Batch.license_id == license_.id)).one(),
            "day": (now - timedelta(days=30)).strftime("%Y-%m-%d"),
        }

        def visit(member: str, person: str | None, role: Role) -> Visit:
            return Visit(
                platform_id=deployment.platform_id,
                context_id=course.id,
                license_id=license_.id,
                person_id=person,
                member_id=member,
                role=role,
                manages=person is not None,
                mentored=(),
                locale="en",
                ends_at=now + timedelta(hours=8),
            )

        visits = {
            "teacher": visit(teacher.id, teacher.person_id, Role.TEACHER),
            "student": visit(one, None, Role.LEARNER),
        }
    _close(engine, now)
    engine.dispose()
    return _Class(ids, visits)


def _use_all(session: Session, license_: License, count: int, *, now: datetime) -> None:
    """So many students use whatever they have left; nine of ten ask for more."""
    resource = factories.EXPORT_CREDITS
    where = (Account.license_id == license_.id, Account.resource == resource.name, Account.balance > 0)
    rich = select(Account.member_id, Account.balance).where(*where).order_by(Account.member_id.desc()).limit(count)
    for place, (member, left) in enumerate(session.execute(rich).all()):
        transfers.post_spend(session, license_.id, resource.name, member, amount=left, actor=SYSTEM, now=now)
        if place % 10:
            now = database_now(session)
            requests.ask(session, license_.id, resource, member, reason="For the film", now=now)


def _close(engine: Engine, now: datetime) -> None:
    """The days that are over, as the sweeper closes them."""
    while True:
        with writing(engine) as session:
            due = closings.due(session, now=now)
            if not due:
                return
            closings.close(session, due)


def _settle(url: str) -> None:
    """Lets the planner know how much there is, as it does by itself in time."""
    engine = open_engine(url)
    with engine.connect() as connection:
        connection.execute(text("analyze"))
        connection.commit()
    engine.dispose()
