"""Spends over HTTP on SQLite with four workers: how long the slowest of a hundred waits beside the usual one (S10)."""

import statistics
import tempfile
from http.client import HTTPConnection
from pathlib import Path

from bench import books
from bench.harness import servers
from bench.harness.driving import drive
from bench.harness.rounds import Ratio
from bench.harness.table import Row

MARKS = ("S10",)
ROUND_S = 3.0
CONNECTIONS = 8
AT_MOST = 8.0


def measure(rounds: int) -> list[Row]:
    """The row. That no answer was "database is locked" shows in that none was anything but 201."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        filled = books.build(f"sqlite:///{folder / 'bench.db'}", members=2_000)
        operations, tails, usual = 0, [], []

        def operate(connection: HTTPConnection, number: int) -> None:
            books.spend(connection, filled, number)

        with servers.tool(servers.tool_settings(folder, filled.url), workers=4) as tool:
            for number in range(rounds + 1):
                load = drive(tool.port, operate, connections=CONNECTIONS, for_s=ROUND_S, pids=(tool.pid,))
                operations += len(load.took_s)
                if number:  # the first warms up
                    usual.append(load.quantile_ms(50))
                    tails.append(load.quantile_ms(99) / load.quantile_ms(50))
        assert books.spent(filled.url) == operations
    ratio = Ratio(statistics.median(tails), min(tails), max(tails))
    note = f"p50 {statistics.median(usual):.1f} ms; no answer but 201"
    measured = f"SQLite, 4 workers, {CONNECTIONS} connections, spends: p99 / p50"
    return [Row("S10", measured, ratio, None, f"≤ {AT_MOST:.0f}", ratio.median <= AT_MOST, note)]
