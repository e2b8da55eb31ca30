"""A class of 10,000 given credits over HTTP, beside the same statements as raw SQL, and beside a loop (S7)."""

import json
import re
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import flask
import psycopg
from flask.sessions import SecureCookieSessionInterface

from bench.harness import machine, servers
from bench.harness.rounds import Contender, Sample, cpu_ms, faster, interleave
from bench.harness.servers import Server
from bench.harness.table import Row
from lti_tool import schema
from lti_tool.app import create_app
from lti_tool.db import open_engine, writing
from lti_tool.ids import new_id
from lti_tool.ledger import audit
from lti_tool.lti.roles import Role
from lti_tool.members.people import Member
from lti_tool.settings import load
from lti_tool.web import session as visits
from lti_tool.web.session import Visit
from tests import factories
from tests.filling import fill_course

MARKS = ("S7",)
PEOPLE = 10_000
EACH = 2
TOOL, RAW, LOOP = "tool", "raw SQL", "loop"
_CREDITS = 1_000_000_000


@dataclass(frozen=True)
class Class:
    """A database with one course of 10,000 students and their teacher."""

    url: str
    license_id: str
    visit: Visit
    students: Sequence[str]


def measure(rounds: int) -> list[Row]:
    """The two rows; each contender has a database of its own."""
    with ExitStack() as stack:
        database = stack.enter_context(servers.postgresql())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        classes = {name: _build(database.create(name.replace(" ", "_"))) for name in (TOOL, RAW, LOOP)}
        environment = servers.tool_settings(folder, classes[TOOL].url)
        tool = stack.enter_context(servers.tool(environment))
        cookie = cookie_of(environment, classes[TOOL].visit)
        acts: dict[str, Callable[[], Sample]] = {
            TOOL: partial(_over_http, tool, database.pid, cookie),
            RAW: partial(_in_process, _give_raw, classes[RAW], database.pid),
            LOOP: partial(_in_process, _give_in_loop, classes[LOOP], database.pid),
        }
        measured = interleave([Contender(name, act) for name, act in acts.items()], rounds=rounds)
        for one in classes.values():
            _require_given(one, (rounds + 1) * EACH)
    rows = []
    for other, target, least in ((RAW, "≤ 2 times as long", 0.5), (LOOP, "≥ 15 times faster", 15.0)):
        wall, cpu = faster(measured, TOOL, other)
        note = ", ".join(f"{name} {cpu_ms(measured[name]):.0f} ms CPU" for name in (TOOL, other))
        # A loop's price is its round trips, which CPU time does not show.
        decides = wall if other == LOOP else cpu
        rows.append(Row("S7", f"10,000 given over HTTP / {other}", wall, cpu, target, decides.median >= least, note))
    return rows


def _build(url: str) -> Class:
    engine = open_engine(url)
    schema.upgrade(engine)
    now = datetime.now(UTC)
    with writing(engine) as session:
        deployment = factories.make_deployment(session)
        course = factories.make_context(session, deployment)
        license_ = factories.make_license(session, credits=_CREDITS, deployment=deployment)
        teacher = factories.make_member(session, license_, course, role=Role.TEACHER)
        resource = factories.EXPORT_CREDITS.name
        fill_course(session, license_.id, resource, course.id, deployment.platform_id, count=PEOPLE, now=now)
        students = [one.id for one in session.query(Member).where(Member.id != teacher.id).order_by(Member.id)]
        visit = Visit(
            platform_id=deployment.platform_id,
            context_id=course.id,
            license_id=license_.id,
            person_id=teacher.person_id,
            member_id=teacher.id,
            role=Role.TEACHER,
            manages=True,
            mentored=(),
            locale="en",
            ends_at=now + timedelta(hours=8),
        )
        made = Class(url, license_.id, visit, students)
    engine.dispose()
    with psycopg.connect(servers.dsn(url), autocommit=True) as connection:
        connection.execute("vacuum analyze")
    return made


def cookie_of(environment: dict[str, str], visit: Visit) -> str:
    """The cookie of a visit that a launch would have begun."""
    app = create_app(load(environment))
    assert isinstance(app.session_interface, SecureCookieSessionInterface)
    signing = app.session_interface.get_signing_serializer(app)
    assert signing is not None
    with app.test_request_context():
        visits.begin(visit)
        return f"{app.config['SESSION_COOKIE_NAME']}={signing.dumps(dict(flask.session))}"


_ALL = "/manager/members/add?all=1&search=student"


def _over_http(tool: Server, database: int, cookie: str) -> Sample:
    """The form that a browser would send; only its way is measured, not how it came."""
    connection = HTTPConnection("127.0.0.1", tool.port, timeout=120)
    headers = {"Host": "tool.test", "X-Forwarded-Proto": "https", "Cookie": cookie}
    connection.request("GET", _ALL, headers=headers)
    answer = connection.getresponse()
    page = answer.read().decode()
    assert answer.status == 200, page[:500]
    if sent := answer.headers.get("Set-Cookie"):
        headers["Cookie"] += f"; {sent.partition(';')[0]}"
    form = re.search(r'<form id="add".*?</form>', page, re.DOTALL)
    assert form is not None
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form[0]))
    assert len(fields["members"].split()) == PEOPLE
    body = urlencode(fields | {"amount": str(EACH), "note": ""})
    headers |= {"Content-Type": "application/x-www-form-urlencoded"}
    cpu, began = machine.cpu_s(tool.pid, database), time.perf_counter()
    connection.request("POST", "/manager/members/add", body, headers)
    answer = connection.getresponse()
    said = answer.read()
    sample = Sample(1, time.perf_counter() - began, machine.cpu_s(tool.pid, database) - cpu)
    assert answer.status == 303, said[:500]
    connection.close()
    return sample


def _in_process(give: Callable[[Any, Class], None], one: Class, database: int) -> Sample:
    with psycopg.connect(servers.dsn(one.url)) as connection:
        cpu, own, began = machine.cpu_s(database), time.process_time(), time.perf_counter()
        give(connection, one)
        connection.commit()
        took = time.perf_counter() - began
        return Sample(1, took, machine.cpu_s(database) - cpu + time.process_time() - own)


_POOL = """
    update pools set balance = balance - %(total)s, version = version + 1
     where license_id = %(license)s and resource = %(resource)s and balance >= %(total)s returning balance, version
"""
_BATCH = """
    insert into batches (license_id, id, resource, kind, pool_version, pool_balance_after, amount_each, people, total,
                         actor_kind, at)
    values (%(license)s, %(batch)s, %(resource)s, 'manual_allotment', %(version)s, %(balance)s, %(each)s, %(people)s,
            %(total)s, 'operator', 1)
"""
_JOURNAL = """
    insert into transfers (license_id, id, resource, kind, amount, member_id, member_version, member_balance_after,
                           batch_id, actor_kind, at)
"""


def _begun(connection: Any, one: Class) -> dict[str, object]:
    people = len(one.students)
    where = {"license": one.license_id, "resource": factories.EXPORT_CREDITS.name, "batch": new_id(), "each": EACH}
    where |= {"people": people, "total": people * EACH}
    balance, version = connection.execute(_POOL, where).fetchone()
    where |= {"balance": balance, "version": version}
    connection.execute(_BATCH, where)
    return where


def _give_raw(connection: Any, one: Class) -> None:
    ids = json.dumps(one.students)
    lock = """
        select count(*) from (select 1 from accounts where license_id = %s and resource = %s and not frozen
           and member_id in (select value from json_array_elements_text(cast(%s as json)))
         order by member_id for update) locked
    """
    found = connection.execute(lock, (one.license_id, factories.EXPORT_CREDITS.name, ids)).fetchone()
    assert found[0] == len(one.students)
    where = _begun(connection, one) | {"ids": ids}
    connection.execute(
        """
        update accounts set balance = balance + %(each)s, received = received + %(each)s, version = version + 1
         where license_id = %(license)s and resource = %(resource)s
           and member_id in (select value from json_array_elements_text(cast(%(ids)s as json)))
        """,
        where,
    )
    where |= {"pairs": json.dumps([[student, new_id()] for student in one.students])}
    connection.execute(
        f"""
        {_JOURNAL}
        select a.license_id, m.value ->> 1, a.resource, 'manual_allotment', %(each)s, a.member_id, a.version, a.balance,
               %(batch)s, 'operator', 1
          from json_array_elements(cast(%(pairs)s as json)) m
          join accounts a on a.license_id = %(license)s and a.resource = %(resource)s and a.member_id = m.value ->> 0
        """,
        where,
    )


def _give_in_loop(connection: Any, one: Class) -> None:
    where = _begun(connection, one)
    for student in one.students:
        where |= {"member": student, "id": new_id()}
        row = connection.execute(
            """
            update accounts set balance = balance + %(each)s, received = received + %(each)s, version = version + 1
             where license_id = %(license)s and resource = %(resource)s and member_id = %(member)s
            returning version, balance
            """,
            where,
        ).fetchone()
        where |= {"member_version": row[0], "after": row[1]}
        connection.execute(
            f"""
            {_JOURNAL}
            values (%(license)s, %(id)s, %(resource)s, 'manual_allotment', %(each)s, %(member)s, %(member_version)s,
                    %(after)s, %(batch)s, 'operator', 1)
            """,
            where,
        )


def _require_given(one: Class, each: int) -> None:
    """Everybody has what every round gave, and the books balance."""
    engine = open_engine(one.url)
    with writing(engine) as session:
        faults = audit.audit(session)
        assert not faults, faults[:3]
        least = "select count(*) from accounts where received = %s"
        got = session.connection().exec_driver_sql(least, (each,)).scalar_one()
        assert got == PEOPLE, got
    engine.dispose()
