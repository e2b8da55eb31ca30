"""Launches and spends over many connections while workers are killed: at the end the books hold all that was told.

    python -m bench.storm --minutes 10 --connections 64

A durable PostgreSQL, `creditroll serve` with two workers on it, and every ten seconds one of them is killed with -9. A
quarter of the connections are browsers that launch, the others programs that spend, hold, capture and release; whoever
has no answer tries again, programs with the same key.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from itertools import count
from pathlib import Path
from threading import Event, Thread

import psutil
from sqlalchemy import text
from sqlalchemy.orm import Session

from bench import school
from bench.harness import machine, servers
from bench.school import TOOLS_OWN, Browser, School
from lti_tool.client import Client
from lti_tool.db import open_engine
from tests.faults.acknowledging import Program, differences

WORKERS = 2
KILL_EVERY_S = 10.0
_TRIES = 60
_LONGEST_PAUSE_S = 1.0
_BUNDLE = 5

_newcomers = count()


@dataclass
class Told:
    """What one connection saw: seconds of each operation that was acknowledged, and how often it had to ask again."""

    took_s: list[float] = field(default_factory=list)
    retried: int = 0
    newcomers: list[str] = field(default_factory=list)
    """Students whose first launch was acknowledged."""
    launches: int = 0
    failure: BaseException | None = None

    def wait(self, asked_s: float) -> None:
        """Before a program asks again."""
        self.retried += 1
        time.sleep(min(asked_s, _LONGEST_PAUSE_S))


def main(arguments: list[str]) -> None:
    """Makes the storm and prints its figures; exits with 1 if anything is not as it was told."""
    parser = argparse.ArgumentParser(prog="python -m bench.storm")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--connections", type=int, default=64)
    asked = parser.parse_args(arguments)
    machine.pin_driver()
    with ExitStack() as stack:
        platform = stack.enter_context(school.serving_lms())
        database = stack.enter_context(servers.postgresql())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        built = school.fill(database.create("storm"), platform, folder)
        settings = servers.tool_settings(folder, built.url)
        tool = stack.enter_context(servers.tool(settings, workers=WORKERS))
        told, programs = _prepare(built, tool.port, asked.connections)
        browsers = [Browser(platform, TOOLS_OWN) for _ in range(asked.connections - len(programs))]
        began = time.monotonic()
        kills = _storm(told, programs, browsers, tool, until=began + 60 * asked.minutes)
        lasted_s = time.monotonic() - began
        faults = _faults(built, told, programs) + _audit(settings)
    _print(told, programs, kills, lasted_s)
    for fault in faults:
        print(fault)
    print("audit and journal: " + ("NOT as acknowledged" if faults else "clean, and as acknowledged"))
    if faults or any(one.failure for one in told):
        raise SystemExit(1)


def _prepare(built: School, port: int, connections: int) -> tuple[list[Told], list[Program]]:
    """What each connection will be told, those of the programs first, and the programs."""
    engine = open_engine(built.url)
    with Session(engine) as session:
        members = list(session.scalars(text("select id from members order by id")))
    engine.dispose()
    told = [Told() for _ in range(connections)]
    programs = []
    for number in range(connections * 3 // 4):
        client = Client(f"http://127.0.0.1:{port}", built.api_key, tries=_TRIES, sleep=told[number].wait)
        programs.append(Program(client, members, seed=number))
    return told, programs


def _storm(
    told: list[Told], programs: list[Program], browsers: list[Browser], tool: servers.Server, *, until: float
) -> int:
    """Lets everybody go on until that moment, and kills; returns how often."""
    stop = Event()
    threads = [
        *(Thread(target=_spend, args=(program, told[number], stop)) for number, program in enumerate(programs)),
        *(
            Thread(target=_launch, args=(browser, tool.port, told[len(programs) + number], stop))
            for number, browser in enumerate(browsers)
        ),
    ]
    for thread in threads:
        thread.start()
    kills = 0
    while (left_s := until - time.monotonic()) > KILL_EVERY_S:
        time.sleep(min(left_s, KILL_EVERY_S))
        kills += _kill_one(tool.pid, kills)
    time.sleep(max(0.0, until - time.monotonic()))
    stop.set()
    for thread in threads:
        thread.join()
    return kills


def _kill_one(server: int, number: int) -> int:
    """Kills one of the server's workers, in turns; 0 if none was there."""
    with suppress(psutil.Error, ProcessLookupError):
        workers = [one for one in psutil.Process(server).children() if _answers_requests(one)]
        workers[number % len(workers)].kill()
        return 1
    return 0


def _answers_requests(child: psutil.Process) -> bool:
    is_jobs = os.getsid(child.pid) == child.pid  # a session of their own, which keeps Ctrl-C from them
    return not is_jobs and "resource_tracker" not in " ".join(child.cmdline())


def _spend(program: Program, told: Told, stop: Event) -> None:
    began = time.perf_counter()

    def done() -> None:
        nonlocal began
        ended = time.perf_counter()
        told.took_s.append(ended - began)
        began = ended

    program.work(stop, done)
    told.failure = program.failure


def _launch(browser: Browser, port: int, told: Told, stop: Event) -> None:
    """Launches of known students and of new ones in turns; who has no answer opens Creditroll again."""
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        for number in count():
            if stop.is_set():
                return
            newcomer = f"newcomer-{next(_newcomers)}"
            subject = newcomer if number % 2 else school.known(number)
            began = time.perf_counter()
            while not _came(browser, connection, subject):
                told.retried += 1
                connection.close()
                time.sleep(0.1)
            told.took_s.append(time.perf_counter() - began)
            told.launches += 1
            told.newcomers += [subject] if subject == newcomer else []
    except BaseException as error:  # noqa: BLE001 # carried over to the thread that waits
        told.failure = error
    finally:
        connection.close()


def _came(browser: Browser, connection: HTTPConnection, subject: str) -> bool:
    try:
        browser.launch(connection, subject)
    except (OSError, HTTPException):
        return False
    return True


_BUNDLES = text(
    """
    select p.subject, sum(t.amount), count(*)
      from people p
      join members m on m.person_id = p.id
      join transfers t on t.license_id = m.license_id and t.member_id = m.id and t.kind = 'auto_allotment'
     where p.subject like 'newcomer-%'
     group by p.subject
    """
)


def _faults(built: School, told: list[Told], programs: list[Program]) -> list[str]:
    """What a connection was told and the books have not, and what the books have and nobody was told."""
    faults = [f"connection {number}: {one.failure!r}" for number, one in enumerate(told) if one.failure]
    engine = open_engine(built.url)
    with Session(engine) as session:
        found = differences(session, programs)
        faults += [f"{what} differ: {_shown(pair)}" for what, pair in found.items()]
        bundles = {subject: (units, times) for subject, units, times in session.execute(_BUNDLES)}
    engine.dispose()
    for subject in (subject for one in told for subject in one.newcomers):
        if bundles.get(subject) != (_BUNDLE, 1):
            faults.append(f"{subject} came and has {bundles.get(subject)}")
    return faults


def _shown(pair: tuple[object, object]) -> str:
    books, acknowledged = pair
    if isinstance(books, dict) and isinstance(acknowledged, dict):
        books, acknowledged = set(books.items()), set(acknowledged.items())
    if isinstance(books, set) and isinstance(acknowledged, set):
        return f"only in the books {sorted(books - acknowledged)[:5]}, only told {sorted(acknowledged - books)[:5]}"
    return f"{books} and {acknowledged}"


def _audit(settings: Mapping[str, str]) -> list[str]:
    """`creditroll audit`, as an operator runs it."""
    command = [str(Path(sys.executable).with_name("creditroll")), "audit"]
    done = subprocess.run(command, env=dict(settings), capture_output=True, text=True, check=False)
    print(done.stdout.strip())
    return [] if done.returncode == 0 else [f"creditroll audit: {done.stderr.strip()}"]


def _print(told: list[Told], programs: list[Program], kills: int, lasted_s: float) -> None:
    took = sorted(second for one in told for second in one.took_s)
    acknowledged = sum(program.acknowledged for program in programs)
    launches, newcomers = sum(one.launches for one in told), sum(len(one.newcomers) for one in told)
    cuts = statistics.quantiles(took, n=1000)
    print(f"{machine.described()}; {len(told)} connections, {WORKERS} workers, {lasted_s:.0f} s")
    print(
        f"acknowledged: {acknowledged:,} operations of programs ({sum(len(one.spent) for one in programs):,} spends,"
        f" {sum(len(one.held) for one in programs):,} holds, {sum(len(one.captured) for one in programs):,} captures,"
        f" {sum(len(one.released) for one in programs):,} releases), {launches:,} launches ({newcomers:,} first)"
    )
    print(f"refused: {sum(one.refused for one in programs):,}; asked again: {sum(one.retried for one in told):,}")
    print(f"workers killed with -9: {kills}; operations and launches a second: {len(took) / lasted_s:.0f}")
    figures = {"median": cuts[499], "p95": cuts[949], "p99": cuts[989], "p99.9": cuts[998], "most": took[-1]}
    print("latency, asking again included: " + ", ".join(f"{name} {s * 1000:.0f} ms" for name, s in figures.items()))


if __name__ == "__main__":
    main(sys.argv[1:])
