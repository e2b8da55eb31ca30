"""Spends over HTTP beside a floor app (S2), and on one license beside a hundred (S3)."""

import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from http.client import HTTPConnection
from pathlib import Path

from bench import books
from bench.books import Books
from bench.harness import servers
from bench.harness.driving import drive
from bench.harness.rounds import Contender, Rounds, Sample, cpu_ms, faster, interleave, rate
from bench.harness.servers import Database
from bench.harness.table import Row

MARKS = ("S2", "S3")
ROUND_S = 3.0
MEMBERS = 2_000
TOOL, FLOOR, ONE, MANY = "tool", "floor", "one license", "100 licenses"


def measure(rounds: int) -> list[Row]:
    """The rows of both."""
    with ExitStack() as stack:
        database = stack.enter_context(servers.postgresql())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        return [*_beside_floor(database, folder, rounds), *_beside_many(database, folder, rounds)]


def _beside_floor(database: Database, folder: Path, rounds: int) -> list[Row]:
    filled = {name: books.build(database.create(name), members=MEMBERS) for name in (TOOL, FLOOR)}
    application = "bench.floors.spends:application"
    environment = {"FLOOR_DATABASE": servers.dsn(filled[FLOOR].url)}
    rows = []
    with (
        servers.tool(servers.tool_settings(folder, filled[TOOL].url)) as tool,
        servers.floor(application, environment) as floor,
    ):
        for connections in (8, 32):
            before = {name: books.spent(one.url) for name, one in filled.items()}
            contenders = [
                Contender(TOOL, partial(_round, filled[TOOL], tool.port, (tool.pid, database.pid), connections)),
                Contender(FLOOR, partial(_round, filled[FLOOR], floor.port, (floor.pid, database.pid), connections)),
            ]
            measured = interleave(contenders, rounds=rounds)
            _require_spent(filled, before, measured)
            text = f"spend over HTTP / floor app, {connections} connections"
            rows.append(_row("S2", text, measured, (TOOL, FLOOR), least=0.75))
    return rows


def _beside_many(database: Database, folder: Path, rounds: int) -> list[Row]:
    """The same tool on two databases: what the one license of the first costs is the second's gain."""
    filled = {
        ONE: books.build(database.create("one"), members=MEMBERS),
        MANY: books.build(database.create("many"), licenses_=100, members=MEMBERS),
    }
    with ExitStack() as stack:
        contenders = []
        for name, one in filled.items():
            tool = stack.enter_context(servers.tool(servers.tool_settings(folder, one.url)))
            contenders.append(Contender(name, partial(_round, one, tool.port, (tool.pid, database.pid), 8)))
        before = {name: books.spent(one.url) for name, one in filled.items()}
        measured = interleave(contenders, rounds=rounds)
        _require_spent(filled, before, measured)
    return [_row("S3", "spends on one license / over 100 licenses", measured, (ONE, MANY), least=0.9)]


def _round(filled: Books, port: int, pids: tuple[int, ...], connections: int) -> Sample:
    def operate(connection: HTTPConnection, number: int) -> None:
        books.spend(connection, filled, number)

    return drive(port, operate, connections=connections, for_s=ROUND_S, pids=pids).sample


def _require_spent(filled: Mapping[str, Books], before: Mapping[str, int], measured: Rounds) -> None:
    """Every answer that was counted is in the journal; the rounds that warmed up are there besides."""
    for name, one in filled.items():
        assert books.spent(one.url) - before[name] > _operations(measured[name])


def _operations(samples: Sequence[Sample]) -> int:
    return sum(sample.operations for sample in samples)


def _row(mark: str, measure: str, rounds: Rounds, pair: tuple[str, str], *, least: float) -> Row:
    wall, cpu = faster(rounds, *pair)
    note = "; ".join(f"{name} {rate(rounds[name]):.0f}/s, {cpu_ms(rounds[name]):.2f} ms" for name in pair)
    return Row(mark, measure, wall, cpu, f"≥ {least}", cpu.median >= least, note)
