"""A student whom the books know is let in by one statement, or by the long way with the very same effects."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from lti_tool.db import db
from lti_tool.ledger import policies
from lti_tool.ledger.movements import OPERATOR
from tests.conftest import Books
from tests.factories import EXPORT_CREDITS, NOW
from tests.lti_platform import CLAIM, FakePlatform, claims, id_token, launch, login, post
from tests.test_db import ON_POSTGRESQL
from tests.web.lti.conftest import give_license, post_at_once, rows
from tests.wire import Wire, watched

TOOL = "https://tool.test"
SQLITE_STEPS = 6

YEARS_AGO = "update contexts set last_launch_at = 1"
NOTHING_LEFT = "update accounts set balance = 0, used = 5, version = version + 1"
DROPPED = "update enrollments set active = false; update accounts set frozen = true"
ONCE_STAFF = "update enrollments set launch_role = 'teacher', role = 'teacher'"
LISTED_AS_STAFF = "update enrollments set roster_role = 'ta', role = 'ta'"
MARKED = "update enrollments set is_marked_staff = true, role = 'ta'"
UNBOUND = "delete from bindings where context_id is not null"

RENAMED = {"context": {"id": "context-1", "label": "CONTEXT-1", "title": "Renamed"}}
COPIED = {f"{CLAIM}custom": {"context_history": "older"}}

LONG_WAY: dict[str, tuple[str, dict[str, Any], str, object]] = {
    "a new name": ("", {"name": "Ada King"}, "select name, sort_name from people", ("Ada King", "ada king")),
    "a new e-mail": ("", {"email": "new@school.example"}, "select email from people", "new@school.example"),
    "a new title": ("", {"changes": RENAMED}, "select title from contexts", "Renamed"),
    "a roster": ("", {"memberships_url": "https://lms.test/m"}, "select memberships_url from contexts", ...),
    "a copy": ("", {"changes": COPIED}, "select copied_from from contexts", '["older"]'),
    "a course not seen lately": (YEARS_AGO, {}, "select last_launch_at > 1 from contexts", True),
    "nothing left": (NOTHING_LEFT, {}, "select balance, received from accounts", (5, 10)),
    "a return": (DROPPED, {}, "select active, frozen from enrollments, accounts", (True, False)),
    "staff before": (ONCE_STAFF, {}, "select launch_role, role from enrollments", ("teacher", "teacher")),
    "staff by the roster": (LISTED_AS_STAFF, {}, "select roster_role, role from enrollments", ("ta", "ta")),
    "marked as staff": (MARKED, {}, "select role from enrollments", "ta"),
    "a course without its own license": (UNBOUND, {}, "select count(*) from bindings where context_id > ''", 1),
    "another course": ("", {"context": "context-2"}, "select count(*) from enrollments", 2),
    "another person": ("", {"subject": "subject-2"}, "select count(*), sum(balance) from accounts", (2, 10)),
    "another role": ("", {"role": "Instructor"}, "select launch_role from enrollments", "teacher"),
}
"""What the books had changed to, what the launch says, and what is then to be found; `...` is what it said."""


@pytest.fixture
def student(client: FlaskClient, platform: FakePlatform, books: Books) -> FlaskClient:
    """The browser of a student who launched before, and has a bundle of 5."""
    give_license(books, platform)
    with books() as session:
        [license_id] = session.connection().exec_driver_sql("select id from licenses").scalars()
        policies.save(session, license_id, EXPORT_CREDITS, maximum=20, based_on=0, actor=OPERATOR, now=NOW)
    assert launch(client, platform).headers["Location"] == "/student/"
    return client


def relaunch(client: FlaskClient, platform: FakePlatform, **said: Any) -> Wire:
    """Launches once more; what went over the line meanwhile."""
    with client.application.app_context():
        engine = db.engine
    with watched(engine) as wire:
        assert launch(client, platform, **said).status_code == 303
    return wire


def test_one_write_lets_a_known_student_in(student: FlaskClient, platform: FakePlatform, engine: Engine) -> None:
    change(engine, "update enrollments set last_launch_at = 1")
    wire = relaunch(student, platform)
    assert wire.trips == (1 if engine.dialect.name == "postgresql" else SQLITE_STEPS), wire.said
    assert rows(engine, "select balance, received from accounts") == [(5, 5)]
    assert rows(engine, "select last_launch_at > 1 from enrollments") == [(1,)]
    assert rows(engine, "select code, carried_by from launches") == [("ok", "cookie")] * 2
    assert rows(engine, "select count(*) from spent_nonces") == [(2,)]
    assert "5" in student.get("/student/").text


@pytest.mark.parametrize("what", LONG_WAY)
def test_whatever_else_there_is_to_do_is_done(
    student: FlaskClient, platform: FakePlatform, engine: Engine, what: str
) -> None:
    changed, said, asks, expected = LONG_WAY[what]
    change(engine, changed)
    wire = relaunch(student, platform, **said)
    assert wire.trips > (2 if engine.dialect.name == "postgresql" else SQLITE_STEPS), wire.said
    [found] = rows(engine, asks)
    if expected is ...:
        [expected] = said.values()
    assert found == (expected if isinstance(expected, tuple) else (expected,))


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ("update platforms set status = 'disabled'", "LTI-PLATFORM-DISABLED"),
        ("update platforms set status = 'pending'", "LTI-PLATFORM-PENDING"),
        ("update deployments set status = 'pending'", "LTI-DEPLOYMENT-PENDING"),
    ],
)
def test_who_is_admitted_no_more_is_refused_at_once(
    student: FlaskClient, platform: FakePlatform, engine: Engine, changed: str, code: str
) -> None:
    begun = login(student, platform)
    change(engine, changed)
    token = id_token(platform, claims(platform, tool=TOOL, nonce=begun.nonce))
    answer = post(student, id_token=token, state=begun.state)
    assert (answer.status_code, code in answer.text) == (403, True)
    assert rows(engine, "select count(*) from spent_nonces") == [(1,)]


def test_of_many_posts_of_one_known_student_s_launch_one_is_let_in(
    student: FlaskClient, platform: FakePlatform, engine: Engine
) -> None:
    begun = login(student, platform)
    token = id_token(platform, claims(platform, tool=TOOL, nonce=begun.nonce))
    assert post_at_once(student, begun, token, times=16) == [303] + [401] * 15
    assert rows(engine, "select count(*) from launches where code = 'ok'") == [(2,)]


@ON_POSTGRESQL
def test_a_student_whom_a_roster_drops_in_this_moment_is_let_in_the_long_way(
    student: FlaskClient, platform: FakePlatform, engine: Engine
) -> None:
    with ThreadPoolExecutor(1) as pool, engine.begin() as roster:
        roster.exec_driver_sql("update enrollments set active = false")
        roster.exec_driver_sql("update accounts set frozen = true")
        answer = pool.submit(launch, student, platform)
        await_waiting(engine)
        roster.commit()
        assert answer.result().status_code == 303
    assert rows(engine, "select active, frozen from enrollments, accounts") == [(True, False)]
    assert rows(engine, "select count(*) from spent_nonces") == [(2,)]
    assert rows(engine, "select code from launches") == [("ok",)] * 2


def change(engine: Engine, statements: str) -> None:
    """Changes the books behind the tool's back."""
    with engine.begin() as connection:
        for statement in filter(None, statements.split("; ")):
            connection.exec_driver_sql(statement)


def await_waiting(engine: Engine) -> None:
    """Returns when somebody waits for a lock."""
    give_up = time.monotonic() + 20
    while rows(engine, "select count(*) from pg_stat_activity where wait_event_type = 'Lock'") == [(0,)]:
        assert time.monotonic() < give_up, "nobody waits"
