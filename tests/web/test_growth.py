"""What a page costs the database: so many statements, however many members there are, and never a look through the
journal.

Exact counts, and the database's own word on how it finds the rows: of every statement of every page and API list.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Self

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, event, select, text

from lti_tool import clock
from lti_tool.db import db
from lti_tool.ledger.issuing import grant
from lti_tool.ledger.movements import OPERATOR
from lti_tool.ledger.transfers import Batch, Transfer
from lti_tool.licenses import api_keys
from lti_tool.licenses.licenses import License
from lti_tool.lti.roles import Role
from lti_tool.members.people import Member, Person
from tests.conftest import Books
from tests.factories import EXPORT_CREDITS, make_order
from tests.filling import fill_course, fill_journal
from tests.web.conftest import Enter, School

JOURNAL = ("transfers", "batches", "holds", "idempotency_keys")


@dataclass(frozen=True)
class Sent:
    """A statement as the driver got it."""

    statement: str
    parameters: Any


@dataclass(frozen=True)
class Grown:
    """A school with so many students more, and ways into it."""

    engine: Engine
    browsers: dict[str, FlaskClient]
    headers: dict[str, str]
    ids: dict[str, str]

    def open(self, who: str, address: str) -> list[Sent]:
        """Opens a page as "teacher", "student" or "program", and returns what was sent to the database."""
        browser = self.browsers.get(who, self.browsers["teacher"])
        with _recorded(self.engine) as sent:
            answer = browser.get(address.format(**self.ids), headers=self.headers if who == "program" else None)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return list(sent)


Grow = Callable[..., Grown]


@pytest.fixture
def grow(books: Books, school: School, app: Flask, enter: Enter) -> Grow:
    """Adds students with a journal, each with so many rounds of use."""

    def make(students: int, *, rounds: int) -> Grown:
        now = clock.now()
        with books() as session:
            grant(
                session,
                school.license,
                EXPORT_CREDITS,
                amount=(students + 4) * (10_000 + 5 * rounds),
                actor=OPERATOR,
                now=now,
            )
            where = (school.license, EXPORT_CREDITS.name, school.course, school.platform)
            fill_course(session, *where, count=students, now=now - timedelta(days=150))
            fill_journal(session, school.license, EXPORT_CREDITS.name, rounds=rounds, until=now)
            key = api_keys.create(session, name="Reader", scopes=("read",), license_id=school.license, now=now)[1]
            one = select(Member.id).join(Person, Person.id == Member.person_id).where(Person.subject == "filled-1")
            license_ = session.get_one(License, school.license)
            ids = {
                "license": school.license,
                "member": str(session.scalar(one)),
                "order": make_order(session, license_).id,
                "batch": str(session.scalar(select(Batch.id).where(Batch.people == 1).limit(1))),
                "class": str(session.scalar(select(Batch.id).where(Batch.people > 1).limit(1))),
                "transfer": str(session.scalar(select(Transfer.id).order_by(Transfer.id.desc()).limit(1))),
                "at": (now - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ"),
            }
        with app.app_context():
            engine = db.engine
        _learn(engine)
        browsers = {"teacher": app.test_client(), "student": app.test_client()}
        enter(browsers["teacher"], school.as_teacher)
        enter(browsers["student"], school.visit(ids["member"], Role.LEARNER))
        return Grown(engine, browsers, {"Authorization": f"Bearer {key}"}, ids)

    return make


PAGES = {
    ("teacher", "/manager/"): 31,
    ("teacher", "/manager/members"): 15,
    ("teacher", "/manager/members?sort=-used&page=2"): 15,
    ("teacher", "/manager/members?sort=course&show=all"): 15,
    ("teacher", "/manager/members?search=student"): 17,
    ("teacher", "/manager/requests"): 7,
    ("teacher", "/manager/members/roster"): 8,
    ("teacher", "/manager/pulse"): 2,
    ("teacher", "/manager/members/add?only={member}"): 9,
    ("teacher", "/manager/members/add?all=1"): 9,
    ("teacher", "/manager/settings"): 12,
    ("teacher", "/manager/history"): 12,
    ("teacher", "/manager/history?before=30"): 12,
    ("teacher", "/manager/history?batch={batch}"): 11,
    ("teacher", "/manager/history?batch={class}"): 11,
    ("teacher", "/manager/purchase"): 7,
    ("teacher", "/manager/purchases"): 11,
    ("teacher", "/manager/purchase/{order}"): 13,
    ("student", "/student/"): 1,
    ("student", "/student/?before=5"): 1,
    ("program", "/api/v1/licenses"): 3,
    ("program", "/api/v1/licenses/{license}"): 3,
    ("program", "/api/v1/licenses/{license}/members?limit=50"): 3,
    ("program", "/api/v1/licenses/{license}/transfers?limit=50"): 2,
    ("program", "/api/v1/licenses/{license}/transfers?after={transfer}"): 4,
    ("program", "/api/v1/members/{member}"): 3,
    ("program", "/api/v1/licenses/{license}?at={at}"): 5,
    ("program", "/api/v1/licenses/{license}/members?at={at}"): 5,
}
"""Who opens what, and how many statements it takes."""


@pytest.mark.parametrize("students", [60, 300])
def test_a_page_takes_as_many_statements_for_300_members_as_for_60(grow: Grow, students: int) -> None:
    grown = grow(students, rounds=2)
    # Opened twice: what a worker looks up now and then, as whose pages may frame ours, is no part of a page.
    assert {page: min(len(grown.open(*page)) for _ in range(2)) for page in PAGES} == PAGES


def test_no_page_and_no_list_looks_through_the_journal(grow: Grow) -> None:
    grown = grow(60, rounds=20)
    for who, address in PAGES:
        for sent in grown.open(who, address):
            for fault in _scans(grown.engine, sent):
                pytest.fail(f"{address}: {fault}\n{sent.statement}")


def test_the_test_knows_a_look_through_the_journal(grow: Grow) -> None:
    grown = grow(60, rounds=20)
    where = f"license_id = '{grown.ids['license']}'"
    for statement in (
        f"select sum(amount) from transfers where {where}",
        f"select count(*) from transfers t where t.{where} and t.resource = 'export-credits'",
        f"select max(at) from batches b where b.{where}",
        f"select count(*) from holds where {where}",
        "select count(*) from idempotency_keys",
    ):
        assert _scans(grown.engine, Sent(statement, ())), statement


@contextmanager
def _recorded(engine: Engine) -> Iterator[list[Sent]]:
    """What the driver sends during the block, whoever asks it to, but for the ends of transactions."""
    sent: list[Sent] = []

    def note(statement: str, parameters: Any = ()) -> None:
        # An idle connection is asked whether it lives, which has nothing to do with the page.
        if statement not in ("", "SELECT 1") and not statement.startswith(("BEGIN", "COMMIT", "ROLLBACK")):
            sent.append(Sent(statement, parameters))

    class Noting(psycopg.Cursor[Any]):
        def execute(self, query: Any, params: Any = None, **more: Any) -> Self:
            note(query, params)
            return super().execute(query, params, **more)

    def watch(connection: Any, _record: object, _proxy: object) -> None:
        if engine.dialect.name == "sqlite":
            connection.set_trace_callback(note)
        else:
            connection.cursor_factory = Noting

    event.listen(engine, "checkout", watch)
    yield sent
    event.remove(engine, "checkout", watch)


def _learn(engine: Engine) -> None:
    """Lets the planner know how much there is, as it does by itself in time."""
    with engine.connect() as connection:
        connection.execute(text("analyze"))
        connection.commit()


_OPEN = ("ix_holds_open", "ix_holds_overdue")
"""Indexes of what is open, which is little, however long the journal."""
_ENOUGH = {
    "transfers": ("id", "batch_id", "member_id", "hold_id"),
    "batches": ("id", "pool_version", "request_key"),
    "holds": ("id", "member_id"),
    "idempotency_keys": ("key", "at"),
}
"""By which columns few rows are found."""
_NEWEST = {"batches": "pool_version", "transfers": "id", "holds": "id"}
"""In which order the newest come first."""


def _scans(engine: Engine, sent: Sent) -> list[str]:
    """How the database would go through a table of the journal for this statement; empty if it would not."""
    if not sent.statement.lstrip().lower().startswith(("select", "with")):
        return []
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            rows = connection.exec_driver_sql(f"explain query plan {sent.statement}", sent.parameters)
            return _scans_of_sqlite([row[3] for row in rows], sent.statement)
        connection.exec_driver_sql("set local enable_seqscan = off")
        explained = connection.exec_driver_sql(f"explain (format json) {sent.statement}", sent.parameters)
        return list(_scans_of_postgresql(explained.scalar_one()[0]["Plan"], is_first=False))


def _scans_of_sqlite(plan: list[str], statement: str) -> list[str]:
    names = {name: name for name in JOURNAL}
    names |= {alias: name for name, alias in re.findall(rf"\b({'|'.join(JOURNAL)}) (?:as )?(\w+)", statement, re.I)}
    derived = {f"SCAN {line.split()[1]}" for line in plan if line.startswith(("CO-ROUTINE", "MATERIALIZE"))}
    found = []
    for line in plan:
        if line in derived:
            continue
        way = re.match(r"(SCAN|SEARCH) (\w+)(?: USING (?:COVERING )?INDEX (\w+) \((.*)\))?", line)
        if way is None or way[2] not in names or "AUTOMATIC" in line:
            continue
        columns = re.findall(r"(\w+)[=<>]", way[4] or "")
        # The newest rows are read in the order of the index, and no further than asked for.
        key = _NEWEST.get(names[way[2]], "")
        is_newest = columns in (["license_id"], ["license_id", "resource"])
        if way[1] == "SCAN" or not (
            way[3] in _OPEN
            or set(columns) & set(_ENOUGH[names[way[2]]])
            or (is_newest and re.search(rf"order by ({way[2]}\.)?{key} desc\s+limit", statement, re.I))
        ):
            found.append(line)
    return found


def _scans_of_postgresql(node: dict[str, Any], *, is_first: bool) -> Iterator[str]:
    """`is_first`: whether only the first rows of this node are asked for."""
    table = node.get("Relation Name", _table_of(node.get("Index Name", "")))
    if table in JOURNAL and node["Node Type"] != "Bitmap Heap Scan":
        condition = node.get("Index Cond", "")
        is_newest = is_first and table in _NEWEST
        if not (
            node.get("Index Name") in _OPEN
            or any(re.search(rf"\b{column}\b", condition) for column in _ENOUGH[table])
            or is_newest
        ):
            yield f"{node['Node Type']} on {table}: {condition or node.get('Filter', 'all of it')}"
    for part in node.get("Plans", ()):
        yield from _scans_of_postgresql(part, is_first=node["Node Type"] == "Limit")


def _table_of(index: str) -> str:
    return next((name for name in JOURNAL if re.match(rf"(ix_)?{name}_", index)), "")
