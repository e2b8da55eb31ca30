"""Memory of a worker, what it gains over many launches, and how long a start takes: S11.

`CREDITROLL_BENCH_LAUNCHES` is how many launches a worker must bear without growing (100,000 unless set).
"""

import os
import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from functools import partial
from http.client import HTTPConnection
from pathlib import Path

import psutil

from bench import launches, school
from bench.harness import machine, servers
from bench.harness.driving import drive
from bench.harness.rounds import Contender, Ratio, Sample, faster, interleave
from bench.harness.servers import Server
from bench.harness.table import Row
from bench.school import TOOLS_OWN, Browser, known
from tests.lti_platform import FakePlatform

MARKS = ("S11",)
FEW = 1_000
MANY = int(os.environ.get("CREDITROLL_BENCH_LAUNCHES", "100000"))
MOST_MEMORY, MOST_GROWTH, LONGEST_START = 1.4, 1.1, 2.2
_BURST_S = 4.0
_MB = 1_000_000

Start = Callable[[], AbstractContextManager[Server]]


@dataclass(frozen=True)
class _Memory:
    """What a worker takes after a few launches and after many, in bytes of PSS."""

    after_few: int
    after_many: int
    launches: int


def measure(rounds: int) -> list[Row]:
    """The rows of memory, growth and start."""
    with ExitStack() as stack:
        platform = stack.enter_context(school.serving_lms())
        database = stack.enter_context(servers.postgresql())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        filled = school.fill(database.create("school"), platform, folder)
        own, floors = (database.create(name, like="school") for name in ("tool", "floor"))
        tool = partial(servers.tool, servers.tool_settings(folder, own))
        environment = launches.floor_environment(platform, filled, servers.dsn(floors))
        floor = partial(servers.floor, "bench.floors.launches:application", environment)
        memory = {name: _memory(start, platform) for name, start in (("tool", tool), ("floor", floor))}
        starts = interleave(
            [Contender(name, partial(_start, start)) for name, start in (("tool", tool), ("floor", floor))],
            rounds=rounds,
        )
    longer, _ = faster(starts, "floor", "tool")
    return [*_rows_memory(memory["tool"], memory["floor"]), _row_start(longer)]


def _memory(start: Start, platform: FakePlatform) -> _Memory:
    with start() as server:
        few = _launch(server, platform, FEW)
        after_few = _worker_bytes(server)
        many = _launch(server, platform, MANY - few)
        return _Memory(after_few, _worker_bytes(server), few + many)


def _launch(server: Server, platform: FakePlatform, least: int) -> int:
    browser, done = Browser(platform, TOOLS_OWN), 0

    def operate(connection: HTTPConnection, number: int) -> None:
        browser.launch(connection, known(number))

    while done < least:
        load = drive(server.port, operate, connections=launches.CONNECTIONS, for_s=_BURST_S, pids=())
        done += len(load.took_s)
    return done


def _worker_bytes(server: Server) -> int:
    """Of the process that answers: the one that the others, which only wait, have not kept as busy."""
    workers = psutil.Process(server.pid).children(recursive=True)
    busiest = max(workers, key=lambda one: sum(one.cpu_times()[:2]))
    return machine.pss_bytes(busiest.pid)


def _start(start: Start) -> Sample:
    began = time.perf_counter()
    with start():
        took_s = time.perf_counter() - began
    return Sample(1, took_s, 0.0)


def _rows_memory(tool: _Memory, floor: _Memory) -> list[Row]:
    beside, growth = tool.after_few / floor.after_few, tool.after_many / tool.after_few
    note = f"{tool.after_few / _MB:.0f} MB; floor {floor.after_few / _MB:.0f} MB"
    grown = f"{tool.after_many / _MB:.0f} MB; floor {floor.after_many / floor.after_few:.2f} times"
    after = f"after {tool.launches:,} launches / after {FEW:,}"
    return [
        Row("S11", "memory of a worker / floor app (PSS)", f"{beside:.2f}", None, "≤ 1.4", beside <= MOST_MEMORY, note),
        Row("S11", f"the same {after}", f"{growth:.2f}", None, "≤ 1.1", growth <= MOST_GROWTH, grown),
    ]


def _row_start(longer: Ratio) -> Row:
    return Row("S11", "start to first answer / floor app", longer, None, "≤ 2.2", longer.median <= LONGEST_START)
