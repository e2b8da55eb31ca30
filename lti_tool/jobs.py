"""Background work: rosters are read, LMSs asked for notices, what is overdue tidied, without anybody waiting for it.

A job carries ids only and may run twice or be lost: the database says what is to be done, the queue only wakes somebody
up, and a sweep every minute finds what a crash left behind. No transaction is open during a network call.
"""

import gc
import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from threading import Event
from typing import Any

from huey import Huey, PostgresHuey, SqliteHuey, crontab
from huey.consumer import Consumer
from sqlalchemy import Engine, text

from lti_tool import clock, logs
from lti_tool.auditor import Auditor
from lti_tool.db import open_engine, writing
from lti_tool.errors import Refusal
from lti_tool.lti import notice_handlers
from lti_tool.lti.families import FAMILIES
from lti_tool.lti.keyring import open_keyring
from lti_tool.lti.names_roles import NamesRoles, RosterMember
from lti_tool.lti.notice_handlers import NoticeHandlers
from lti_tool.lti.service_calls import Patience, ServiceFault
from lti_tool.lti.service_tokens import ServiceTokens
from lti_tool.mailer import Mailer
from lti_tool.members import roster, roster_reads
from lti_tool.members.roster import Course
from lti_tool.members.roster_reads import Superseded, Turn
from lti_tool.outbound import Outbound
from lti_tool.postman import Postman
from lti_tool.settings import Settings, load
from lti_tool.sweeper import Sweeper
from lti_tool.unforeseen import CODE, outlived

JOBS = "creditroll_jobs"
"""The name under which an app keeps its `Jobs`."""

_WORKERS = 2
_IDLE_S = 0.5
"""The longest an idle worker looks away from the queue."""
_LAST_S = 10
"""What jobs under way may still take at the end; the sweeper starts a cut one again."""
_PARENT_S = 2.0
"""How often we look whether the process that started us still lives."""
_ASKED_S = 10.0
"""How long a worker waits in all for an LMS that is asked for notices: rosters wait behind it."""
_SHOW_EVERY = timedelta(seconds=0.5)
"""How often a reading writes its progress: often enough to be seen to move, too seldom to slow anybody."""
_TABLES_LOCK = 7_306_021
"""Number of the PostgreSQL advisory lock under which the queue's tables are made."""

_log = logging.getLogger(__name__)


class RosterReader:
    """Reads a course's roster from its LMS and applies it; one for a process, for any number of threads."""

    def __init__(
        self,
        settings: Settings,
        engine: Engine,
        *,
        now: Callable[[], datetime] = clock.now,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._engine = engine
        self._now = now
        self._sleep = sleep
        outbound = Outbound(settings.allow_private_hosts)
        self._services = NamesRoles(outbound, _tokens(settings, outbound))

    def read(
        self, context_id: str, *, take_over: bool = False, on_page: Callable[[int, int], None] | None = None
    ) -> None:
        """Does the reading that was asked for, if it still is to be done; its row says how it ended.

        `take_over` ends a reading that is under way elsewhere. `on_page` hears people and pages read so far.
        """
        with writing(self._engine) as session:
            turn = roster_reads.claim(session, context_id, now=self._now(), take_over=take_over)
        if turn is None:
            return
        reading = _Reading(self._engine, self._now, turn, on_page)
        with outlived(f"reading the roster of {context_id}") as piece:
            self._read(context_id, reading)
        if piece.fault:
            reading.fail(CODE)

    def _read(self, context_id: str, reading: "_Reading") -> None:
        try:
            with writing(self._engine) as session:
                course = roster.course(session, context_id, now=self._now())
            reading.apply(course, self._fetch(course, reading))
        except (ServiceFault, Refusal) as fault:
            _log.warning("roster of %s was not read: %s", context_id, fault.code)
            reading.fail(fault.code)
        except Superseded:
            _log.info("roster of %s is read by somebody else", context_id)

    def _fetch(self, course: Course, reading: "_Reading") -> list[RosterMember]:
        def wait(pause_s: float) -> None:
            self._sleep(pause_s)
            reading.touch()

        patience = Patience(self._now, wait)
        return self._services.read(
            course.account,
            course.memberships_url,
            patience=patience,
            on_page=reading.show,
            own_roles=FAMILIES[course.family].roles,
        )


class _Reading:
    """One reading under way: its row, its right to write there, and who else wants to hear of it."""

    def __init__(
        self,
        engine: Engine,
        now: Callable[[], datetime],
        turn: Turn,
        on_page: Callable[[int, int], None] | None,
    ) -> None:
        self._engine = engine
        self._now = now
        self._turn = turn
        self._on_page = on_page
        self._people, self._pages = 0, 0

    def show(self, people: int, pages: int) -> None:
        """After each page. Raises Superseded."""
        self._people, self._pages = people, pages
        if self._on_page:
            self._on_page(people, pages)
        if pages == 1 or self._now() - self._turn.touched_at >= _SHOW_EVERY:
            self.touch()

    def touch(self) -> None:
        """A sign of life. Raises Superseded."""
        with writing(self._engine) as session:
            self._turn = roster_reads.touch(
                session, self._turn, people_read=self._people, pages_read=self._pages, now=self._now()
            )

    def apply(self, course: Course, people: list[RosterMember]) -> None:
        """What was read completely takes effect together with the row that says so. Raises Superseded."""
        self._people = len(people)
        self.touch()
        with writing(self._engine) as session:
            # This reading's row comes last, as in a teacher's launch, which locks its own enrolment first.
            outcome = roster.apply(
                session,
                course,
                people,
                began_at=self._turn.began_at,
                now=self._now(),
                confirm=self._turn.confirmed,
            )
            roster_reads.finish(
                session,
                self._turn,
                status="to_confirm" if outcome.is_to_confirm else "done",
                added=outcome.added,
                dropped=outcome.dropped,
                now=self._now(),
            )
        with writing(self._engine) as session:
            roster.tell_planner(session, outcome)

    def fail(self, code: str) -> None:
        """Nobody was dropped and nothing changed; the row says why, unless somebody else reads by now."""
        with suppress(Superseded), writing(self._engine) as session:
            roster_reads.finish(session, self._turn, status="failed", error_code=code, now=self._now())


class NoticeAsker:
    """Asks an LMS to tell us of copied courses, where a launch found that it does; one for a process."""

    def __init__(self, settings: Settings, engine: Engine) -> None:
        self._engine = engine
        self._handler = f"{settings.public_url}/lti/notices"
        outbound = Outbound(settings.allow_private_hosts)
        self._service = NoticeHandlers(outbound, _tokens(settings, outbound))

    def ask(self, deployment_id: str) -> None:
        """Does what `notice_handlers.request` noted; where the LMS refuses, a launch after a day begins anew."""
        with writing(self._engine) as session:
            asking = notice_handlers.find(session, deployment_id)
        if asking is None:
            return
        try:
            self._service.ask(asking, self._handler, patience=Patience(clock.now, time.sleep, left_s=_ASKED_S))
        except (ServiceFault, Refusal) as fault:
            _log.warning("deployment %s will not tell of copied courses: %s", deployment_id, fault.code)
            with writing(self._engine) as session:
                notice_handlers.note_refused(session, asking)


def _tokens(settings: Settings, outbound: Outbound) -> ServiceTokens:
    def sign(claims: dict[str, Any], at: datetime) -> str:
        return open_keyring(settings.keys_dir).sign(claims, at)

    return ServiceTokens(outbound, sign)


class Jobs:
    """The queue: tables of the PostgreSQL database, or a file beside the SQLite one; opened when first used."""

    def __init__(self, settings: Settings, engine: Engine, *, reader: RosterReader | None = None) -> None:
        self._settings = settings
        self._engine = engine
        self._given_reader = reader

    def read_roster(self, context_id: str) -> None:
        """Wakes a worker to do the reading that `request_read` asked for; call it after the commit."""
        self._queue.read_roster(context_id)
        self._close()

    def ask_for_notices(self, deployment_id: str) -> None:
        """Has a worker ask the LMS for notices; call it after the commit of `notice_handlers.request`."""
        self._queue.ask_for_notices(deployment_id)
        self._close()

    def audit(self) -> None:
        """Has a worker do the audit that `last_audit.ask` asked for; call it after the commit."""
        self._queue.audit()
        self._close()

    def waiting(self) -> int:
        """How many jobs wait for a worker."""
        count: int = self._queue.huey.pending_count()
        self._close()
        return count

    def work_off(self) -> None:
        """Does all that waits now, here and at once: for tests, and where no consumer runs."""
        huey = self._queue.huey
        while task := huey.dequeue():
            huey.execute(task)
        self._close()

    @contextmanager
    def working(self) -> Iterator["Working"]:
        """During the block a consumer works in threads of this process, which keeps its signals."""
        self._queue.sweep()  # what an earlier process left behind need not wait for the minute
        # Threads alone, since Consumer.start() takes the process's signals for itself.
        consumer = Consumer(self._queue.huey, workers=_WORKERS, max_delay=_IDLE_S, shutdown_timeout=_LAST_S)
        consumer.scheduler.start()
        for _, thread in consumer.worker_threads:
            thread.start()
        try:
            postman, mailer = Postman(self._settings, self._engine), Mailer(self._settings, self._engine)
            with postman.at_work() as is_sending, mailer.at_work() as is_writing:
                yield Working(consumer, lambda: is_sending() and is_writing())
        finally:
            consumer.stop(graceful=True)
            self._close()

    def run(self, *, parent: int) -> None:
        """A consumer that is this process, until SIGTERM, SIGINT or the end of the process `parent`.

        Ends with 1 where a thread that sends webhooks or letters was lost: whoever started the process starts it again.
        """
        ended = Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: ended.set())
        with self.working() as working:
            while os.getppid() == parent and not ended.wait(_PARENT_S):
                working.consumer.check_worker_health()
                if not working.is_sending():
                    _log.critical("a thread that sends webhooks or letters was lost; the jobs end, to be started again")
                    sys.exit(1)

    def sweep(self) -> None:
        """Tidies now, here and at once."""
        self._sweeper.sweep()

    @cached_property
    def _reader(self) -> RosterReader:
        return self._given_reader or RosterReader(self._settings, self._engine)

    @cached_property
    def _sweeper(self) -> Sweeper:
        return Sweeper(self._settings, self._engine, read_roster=self.read_roster)

    @cached_property
    def _asker(self) -> NoticeAsker:
        return NoticeAsker(self._settings, self._engine)

    @cached_property
    def _queue(self) -> "_Queue":
        huey = _open_queue(self._engine)

        def read_roster(context_id: str) -> None:
            self._reader.read(context_id)

        def ask_for_notices(deployment_id: str) -> None:
            self._asker.ask(deployment_id)

        def audit() -> None:
            Auditor(self._engine).audit()

        def sweep() -> None:
            self.sweep()

        # Queued and done under one name: where this module is the process's own, it is called "__main__".
        for task in (read_roster, ask_for_notices, audit, sweep):
            task.__module__ = "lti_tool.jobs"
        every_minute = huey.periodic_task(crontab(minute="*"))
        queued = huey.task()
        return _Queue(huey, queued(read_roster), queued(ask_for_notices), queued(audit), every_minute(sweep))

    def _close(self) -> None:
        """Keeps no connection for the rare next time; threads that are in the middle of something open theirs again."""
        self._queue.huey.storage.close()


@dataclass(frozen=True)
class Working:
    """Threads of this process at work: those of the queue, and whether all that send webhooks and letters live."""

    consumer: Consumer
    is_sending: Callable[[], bool]


@dataclass(frozen=True)
class _Queue:
    huey: Huey
    read_roster: Callable[[str], object]
    ask_for_notices: Callable[[str], object]
    audit: Callable[[], object]
    sweep: Callable[[], object]


def _open_queue(engine: Engine) -> Huey:
    if engine.dialect.name == "sqlite":
        return SqliteHuey("creditroll", results=False, filename=f"{engine.url.database}-jobs")
    dsn = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    # Not `blocking`: a connection more for each worker would save half a second of a reading that takes several.
    queue = PostgresHuey("creditroll", results=False, dsn=dsn, create_tables=False, blocking=False)
    with writing(engine) as session:
        # "create table if not exists" of two processes at once fails in one of them.
        session.execute(text("select pg_advisory_xact_lock(:number)"), {"number": _TABLES_LOCK})
        for statement in queue.storage.ddl:
            session.execute(text(statement))
    return queue


def main() -> None:
    """The consumer as a process of its own; the first argument is the id of the process that it is not to outlive."""
    work(int(sys.argv[1]) if sys.argv[1:] else os.getppid())


def work(parent: int) -> None:
    """This process becomes the consumer, until it is told to end or the process `parent` has ended."""
    settings = load(os.environ)
    logs.configure(settings.log_level)
    gc.freeze()  # what was imported stays: it need not be looked through again with each thousand people of a roster
    Jobs(settings, open_engine(settings.database_url)).run(parent=parent)


if __name__ == "__main__":
    main()
