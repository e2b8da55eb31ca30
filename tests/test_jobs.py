"""Background work: rosters are read while nobody waits, by whoever is alive, and lost work is found again."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event
from time import monotonic, sleep

import pytest
from sqlalchemy import Engine, func, select, text, update
from werkzeug.wrappers import Request, Response

from lti_tool import clock
from lti_tool.jobs import Jobs, RosterReader
from lti_tool.lti.contexts import Context
from lti_tool.members import roster_reads
from lti_tool.members.people import Enrollment
from lti_tool.members.roster_reads import LEASE, RosterRead
from lti_tool.settings import Settings
from tests.conftest import Books
from tests.factories import make_context, make_deployment, make_license, make_platform
from tests.roster_lms import RosterLms, person, roster_page, serving_roster

PATIENCE_S = 30
COUNTED = {"people", "members", "enrollments", "accounts"}


@dataclass
class School:
    """A course whose roster is on `lms`, and the jobs that read it."""

    books: Books
    settings: Settings
    engine: Engine
    lms: RosterLms
    context_id: str

    @property
    def reader(self) -> RosterReader:
        """Waits for nobody."""
        return RosterReader(self.settings, self.engine, sleep=lambda _: None)

    @property
    def jobs(self) -> Jobs:
        return Jobs(self.settings, self.engine, reader=self.reader)

    def ask(self, *, confirm: bool = False) -> bool:
        with self.books() as session:
            return roster_reads.request_read(
                session, self.context_id, requested_by=None, now=clock.now(), confirm=confirm
            )

    def read(self, *, confirm: bool = False) -> RosterRead:
        """A whole reading, here and now."""
        self.ask(confirm=confirm)
        self.reader.read(self.context_id)
        return self.row()

    def row(self) -> RosterRead:
        with self.books() as session:
            row = roster_reads.progress(session, self.context_id)
            assert row is not None
            return row

    def active(self) -> int:
        with self.books() as session:
            wanted = select(func.count()).select_from(Enrollment).where(Enrollment.active)
            return session.scalar(wanted) or 0

    def until(self, is_so: Callable[[RosterRead], bool]) -> RosterRead:
        """The row, once it is so."""
        ends_at = monotonic() + PATIENCE_S
        while not is_so(row := self.row()):
            assert monotonic() < ends_at, f"still {row.status} after {PATIENCE_S} s"
            sleep(0.02)
        return row

    def lease_ends(self) -> None:
        """The lease of whoever read is over."""
        with self.books() as session:
            session.execute(update(RosterRead).values(touched_at=clock.now() - LEASE))


@pytest.fixture
def school(books: Books, settings: Settings, engine: Engine) -> Iterator[School]:
    with serving_roster(checks_assertions=False) as lms:
        with books() as session:
            platform = make_platform(session, issuer=lms.url, client_id=lms.client_id)
            platform.auth_token_url = lms.token_url
            context = make_context(session, make_deployment(session, platform), memberships_url=lms.memberships_url)
            make_license(session, context=context)
        yield School(books, settings, engine, lms, context.id)


def a_class(people: int) -> list[dict[str, object]]:
    return [person(f"s-{n}", name=f"Student {n}") for n in range(people)]


def test_a_roster_of_five_thousand_is_read_and_applied(school: School) -> None:
    school.lms.members = a_class(5_000)

    row = school.read()

    assert (row.status, row.people_read, row.pages_read, row.added) == ("done", 5_000, 5, 5_000)
    assert school.active() == 5_000


@pytest.mark.parametrize("people", [600, 40])
def test_after_a_large_roster_postgresql_knows_how_many_there_are(school: School, people: int) -> None:
    school.lms.members = a_class(people)

    school.read()

    is_told = people == 600 and school.engine.dialect.name == "postgresql"  # SQLite reads the same lists well without
    assert _known_to_planner(school) == (COUNTED if is_told else set())


def test_a_job_reads_what_was_asked_for(school: School) -> None:
    school.lms.members = a_class(3)
    jobs = school.jobs
    school.ask()
    jobs.read_roster(school.context_id)

    jobs.work_off()

    assert school.row().status == "done"


def test_a_job_that_comes_twice_reads_once(school: School) -> None:
    jobs = school.jobs
    school.ask()
    jobs.read_roster(school.context_id)
    jobs.read_roster(school.context_id)

    jobs.work_off()

    assert len(school.lms.pages) == 1


def test_a_job_may_be_queued_by_one_process_and_done_by_another(school: School) -> None:
    school.ask()
    school.jobs.read_roster(school.context_id)

    school.jobs.work_off()

    assert school.row().status == "done"


def test_processes_that_start_at_once_share_the_queue(school: School) -> None:
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: school.jobs.read_roster(school.context_id), range(4)))

    school.ask()
    school.jobs.work_off()
    assert school.row().status == "done"


def test_threads_of_a_consumer_do_the_jobs_and_end_in_order(school: School) -> None:
    school.lms.members = a_class(3)
    with school.jobs.working() as working:
        school.ask()
        school.jobs.read_roster(school.context_id)
        row = school.until(lambda row: row.status == "done")

    assert row.added == 3
    assert not any(thread.is_alive() for _, thread in working.consumer.worker_threads)


def test_progress_is_seen_while_a_roster_is_read(school: School) -> None:
    school.lms.members = a_class(4)
    school.lms.page_size = 2
    go_on = Event()

    def late(_: Request) -> Response:
        assert go_on.wait(PATIENCE_S)
        return roster_page(school.lms.members[2:])

    school.lms.plant("page", roster_page(school.lms.members[:2], link="<?Bookmark=At-2>; rel=next"), late)
    with ThreadPoolExecutor(1) as thread:
        school.ask()
        reading = thread.submit(school.read)
        row = school.until(lambda row: row.pages_read == 1)
        assert (row.status, row.people_read) == ("reading", 2)
        assert school.active() == 0
        go_on.set()
        assert reading.result().status == "done"


@pytest.mark.parametrize(
    ("where", "answers", "code"),
    [
        ("token", [Response("no", 400)], "token_refused"),
        ("page", [Response(status=403)], "forbidden"),
        ("page", [Response(status=404)], "not_found"),
        ("page", [Response(status=429, headers={"Retry-After": "600"})], "throttled"),
        ("page", [Response(status=500)] * 3, "unavailable"),
        ("page", [Response("{")], "incomplete"),
        ("page", [roster_page([person("s-1")], link="</x>; rel=next"), Response("{")], "incomplete"),
        ("page", [roster_page([person("s-1")], link="<http://evil.test/>; rel=next")], "foreign_link"),
        ("page", [roster_page([], link="<>; rel=next")] * 9, "loop"),
    ],
)
def test_a_reading_that_fails_says_why_and_changes_nobody(
    school: School, where: str, answers: list[Response], code: str
) -> None:
    school.lms.members = a_class(3)
    school.read()
    complete_at = school.row().complete_at
    school.lms.plant(where, *answers)

    reader = school.reader  # a fresh one has no token yet
    school.ask()
    reader.read(school.context_id)

    row = school.row()
    assert (row.status, row.error_code) == ("failed", code)
    assert row.complete_at == complete_at
    assert school.active() == 3


@pytest.mark.parametrize(("missing", "code"), [("url", "no_url"), ("license", "no_license")])
def test_a_course_that_has_no_roster_says_why(school: School, missing: str, code: str) -> None:
    with school.books() as session:
        if missing == "url":
            session.execute(update(Context).values(memberships_url=None))
        else:
            school.context_id = make_context(session).id

    row = school.read()

    assert (row.status, row.error_code) == ("failed", code)


def test_a_private_address_that_the_operator_did_not_name_is_not_called(school: School) -> None:
    school.settings = Settings(**vars(school.settings) | {"allow_private_hosts": frozenset()})

    assert school.read().error_code == "private_address"
    assert school.lms.forms == []


def test_a_roster_that_lost_most_of_a_class_waits_for_the_teacher(school: School) -> None:
    school.lms.members = a_class(20)
    school.read()
    school.lms.members = a_class(4)

    row = school.read()
    assert (row.status, row.dropped) == ("to_confirm", 16)
    assert school.active() == 20

    row = school.read(confirm=True)
    assert (row.status, row.dropped) == ("done", 16)
    assert school.active() == 4


def test_an_overtaken_reading_changes_nothing(school: School) -> None:
    school.lms.members = a_class(3)
    go_on = Event()

    def late(_: Request) -> Response:
        school.ask()
        school.reader.read(school.context_id, take_over=True)
        go_on.set()
        return roster_page([person("ghost")])

    school.lms.plant("page", late)
    school.read()

    assert go_on.is_set()
    assert school.row().added == 3
    assert school.active() == 3


def test_a_teacher_may_launch_while_their_courses_roster_takes_effect(school: School) -> None:
    school.lms.members = [person("s-0")]
    school.read()
    school.lms.members = [person("s-0", roles=["Instructor"]), *a_class(3)[1:]]
    school.ask()

    with ThreadPoolExecutor(1) as thread:
        with school.books() as session:
            session.execute(update(Enrollment).values(last_launch_at=clock.now()))  # as a launch locks it
            reading = thread.submit(school.reader.read, school.context_id)
            wait([reading], 1)
            roster_reads.request_read(session, school.context_id, requested_by=None, now=clock.now())
        reading.result()

    assert school.active() == 3


def test_no_transaction_is_open_while_the_lms_is_asked(school: School) -> None:
    school.lms.members = a_class(2)
    wrote: list[str] = []

    def write(_: Request) -> Response:
        with school.books() as session:  # on SQLite this would wait for ever behind an open write
            wrote.append(make_context(session).id)
        return roster_page(school.lms.members)

    school.lms.plant("page", write)

    assert school.read().status == "done"
    assert wrote


@pytest.mark.slow
def test_a_killed_consumer_loses_nothing(school: School) -> None:
    school.lms.members = a_class(3)
    asked, never = Event(), Event()

    def hang(_: Request) -> Response:
        asked.set()
        never.wait(PATIENCE_S)
        return Response(status=500)

    school.lms.plant("page", hang)
    school.ask()
    school.jobs.read_roster(school.context_id)
    with _consumer_process(school) as first:
        assert asked.wait(PATIENCE_S)
        first.kill()
    never.set()
    assert school.row().status == "reading"
    school.lease_ends()

    with _consumer_process(school) as second:
        row = school.until(lambda row: row.status == "done")
        second.terminate()
        assert second.wait(PATIENCE_S) == 0

    assert row.added == 3


@pytest.mark.slow
def test_a_consumer_does_not_outlive_the_process_that_started_it(school: School) -> None:
    with _consumer_process(school, parent=1) as consumer:
        assert consumer.wait(PATIENCE_S) == 0


@contextmanager
def _consumer_process(school: School, *, parent: int | None = None) -> "Iterator[subprocess.Popen[bytes]]":
    settings = school.settings
    given = {
        "CREDITROLL_DATABASE_URL": settings.database_url,
        "CREDITROLL_KEYS_DIR": str(settings.keys_dir),
        "CREDITROLL_ALLOW_PRIVATE_HOSTS": "localhost",
    }
    command = [sys.executable, "-m", "lti_tool.jobs", str(parent or os.getpid())]
    with subprocess.Popen(command, env={**os.environ, **given}) as process:
        try:
            yield process
        finally:
            process.kill()


def test_a_reading_that_ends_in_an_unforeseen_error_has_failed_and_says_so(
    school: School, caplog: pytest.LogCaptureFixture
) -> None:
    def break_off(people: int, pages: int) -> None:
        raise RuntimeError(f"{people} people, {pages} page")

    school.lms.members = a_class(3)
    school.ask()
    school.reader.read(school.context_id, on_page=break_off)

    row = school.row()
    assert (row.status, row.error_code) == ("failed", "internal_error")
    assert "RuntimeError: 3 people, 1 page" in caplog.text
    assert school.read().status == "done"


def _known_to_planner(school: School) -> set[str]:
    if school.engine.dialect.name == "sqlite":
        return set()
    with school.books() as session:
        return COUNTED & set(session.scalars(text("select tablename from pg_stats")))
