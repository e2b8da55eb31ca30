"""Whole launches over HTTP (login, launch, the page that names the student): S4, S4b, S5 and S12's key set.

One worker process for everybody, on the same server with as many threads; each contender has a database of its own.
"""

import json
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from http.client import HTTPConnection
from itertools import count
from pathlib import Path

from bench import school
from bench.harness import servers
from bench.harness.driving import drive
from bench.harness.rounds import Contender, Rounds, Sample, cpu_ms, faster, interleave, rate
from bench.harness.servers import Database, Server
from bench.harness.table import Row
from bench.school import PYLTIS, TOOLS_OWN, Browser, Doors, School, known
from tests.lti_platform import FakePlatform

MARKS = ("S4", "S4b", "S5", "S12")
CONNECTIONS = 8
ROUND_S = 4.0

TOOL, TOOL_SQLITE = "tool", "tool, SQLite"
FLOOR, FLOOR_SQLITE = "floor", "floor, SQLite"
PYLTI, PYLTI_KEYS, PYLTI_BOOKS = "PyLTI1p3", "PyLTI1p3, keys cached", "PyLTI1p3 + ledger by ORM"

_newcomers = count()


@dataclass(frozen=True)
class _Running:
    """A contender's server, the programs whose CPU time is its own, and how it is launched."""

    name: str
    server: Server
    pids: tuple[int, ...]
    doors: Doors


def measure(rounds: int) -> list[Row]:
    """The rows of launches of known students, and of first launches."""
    with ExitStack() as stack:
        platform = stack.enter_context(school.serving_lms())
        database = stack.enter_context(servers.postgresql())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        running = _start(stack, folder, database, platform)
        again = _interleave(running, list(running), platform, known, rounds)
        before = school.key_set_fetches(platform)
        first = _interleave(running, [TOOL, TOOL_SQLITE, PYLTI_BOOKS], platform, _newcomer, rounds)
        fetched = school.key_set_fetches(platform) - before
        for url in (database.url.replace("/postgres?", "/tool?"), f"sqlite:///{folder / 'tool.db'}"):
            _require_balanced(url)
    return [*_rows_again(again), *_rows_first(first), _row_keys(first, fetched)]


def _start(stack: ExitStack, folder: Path, database: Database, platform: FakePlatform) -> dict[str, _Running]:
    on_pg = school.fill(database.create("school"), platform, folder)
    embedded = school.fill(f"sqlite:///{folder / 'school.db'}", platform, folder)
    own, floors, books = (database.create(name, like="school") for name in ("tool", "floor", "books"))
    for name in ("tool.db", "floor.db"):
        _copy(folder / "school.db", folder / name)
    floor, peer, peer_books = "floors.launches", "peers.pylti", "peers.pylti_books"
    keys = {"PEER_KEEPS_KEYS": "1"}
    begun = [
        _tool(stack, TOOL, folder, own, (database.pid,)),
        _tool(stack, TOOL_SQLITE, folder, f"sqlite:///{folder / 'tool.db'}", ()),
        _app(stack, FLOOR, floor, floor_environment(platform, on_pg, servers.dsn(floors)), (database.pid,)),
        _app(stack, FLOOR_SQLITE, floor, floor_environment(platform, embedded, str(folder / "floor.db")), ()),
        _app(stack, PYLTI, peer, _peer(platform), ()),
        _app(stack, PYLTI_KEYS, peer, _peer(platform) | keys, ()),
        _app(stack, PYLTI_BOOKS, peer_books, _peer(platform) | keys | {"PEER_DATABASE": books}, (database.pid,)),
    ]
    return {one.name: one for one in begun}


def _copy(filled: Path, copy: Path) -> None:
    """With its write-ahead log, which whoever closed the database last may not have brought into the file."""
    with closing(sqlite3.connect(filled)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)


def _tool(stack: ExitStack, name: str, folder: Path, url: str, pids: tuple[int, ...]) -> _Running:
    server = stack.enter_context(servers.tool(servers.tool_settings(folder, url)))
    return _Running(name, server, (server.pid, *pids), TOOLS_OWN)


def _app(stack: ExitStack, name: str, module: str, environment: Mapping[str, str], pids: tuple[int, ...]) -> _Running:
    server = stack.enter_context(servers.floor(f"bench.{module}:application", environment))
    return _Running(name, server, (server.pid, *pids), PYLTIS if module.startswith("peers.") else TOOLS_OWN)


def floor_environment(platform: FakePlatform, filled: School, address: str) -> dict[str, str]:
    """What the floor app is told of its database and its one LMS."""
    return {
        "FLOOR_DATABASE": address,
        "FLOOR_PLATFORM_ID": filled.platform_id,
        "FLOOR_ISSUER": platform.issuer,
        "FLOOR_CLIENT_ID": platform.client_id,
        "FLOOR_AUTH_URL": platform.auth_login_url,
        "FLOOR_JWK": json.dumps(platform.key.jwk),
    }


def _peer(platform: FakePlatform) -> dict[str, str]:
    return {
        "PEER_ISSUER": platform.issuer,
        "PEER_CLIENT_ID": platform.client_id,
        "PEER_DEPLOYMENT_ID": platform.deployment_id,
        "PEER_AUTH_URL": platform.auth_login_url,
        "PEER_TOKEN_URL": platform.token_url,
        "PEER_KEY_SET_URL": platform.jwks_url,
    }


def _interleave(
    running: Mapping[str, _Running],
    names: list[str],
    platform: FakePlatform,
    who: Callable[[int], str],
    rounds: int,
) -> Rounds:
    contenders = [Contender(name, partial(_round, running[name], platform, who)) for name in names]
    return interleave(contenders, rounds=rounds)


def _round(one: _Running, platform: FakePlatform, who: Callable[[int], str]) -> Sample:
    browser = Browser(platform, one.doors)

    def operate(connection: HTTPConnection, number: int) -> None:
        browser.launch(connection, who(number))

    return drive(one.server.port, operate, connections=CONNECTIONS, for_s=ROUND_S, pids=one.pids).sample


def _newcomer(_: int) -> str:
    return f"newcomer-{next(_newcomers)}"


def _require_balanced(url: str) -> None:
    command = [str(Path(sys.executable).with_name("creditroll")), "audit"]
    subprocess.run(command, env={"CREDITROLL_DATABASE_URL": url}, check=True, stdout=subprocess.DEVNULL)


def _rows_again(again: Rounds) -> list[Row]:
    by_orm = "the same / PyLTI1p3 with the same ledger by ORM, known students"
    return [
        _row("S4", "launch / PyLTI1p3's documented flow (key set read at each)", again, (TOOL, PYLTI), least=1.0),
        _row("S4", "the same / with its key cache; it writes nothing", again, (TOOL, PYLTI_KEYS)),
        _row("S4b", by_orm, again, (TOOL, PYLTI_BOOKS), least=1.9),
        _row("S5", "the same / floor app, PostgreSQL", again, (TOOL, FLOOR), least=0.8),
        _row("S5", "the same / floor app, SQLite", again, (TOOL_SQLITE, FLOOR_SQLITE), least=0.8),
    ]


def _rows_first(first: Rounds) -> list[Row]:
    measure = "first launches / PyLTI1p3 with the same ledger by ORM"
    return [_row("S4b", measure, first, (TOOL, PYLTI_BOOKS), least=2.4)]


def _row(mark: str, measure: str, rounds: Rounds, pair: tuple[str, str], *, least: float | None = None) -> Row:
    wall, cpu = faster(rounds, *pair)
    note = "; ".join(f"{name} {rate(rounds[name]):.0f}/s, {cpu_ms(rounds[name]):.2f} ms" for name in pair)
    target = "–" if least is None else f"≥ {least}"
    return Row(mark, measure, wall, cpu, target, least is None or cpu.median >= least, note)


def _row_keys(first: Rounds, fetched: int) -> Row:
    launches = sum(sample.operations for name in (TOOL, TOOL_SQLITE) for sample in first[name])
    # The peer keeps the key for two hours, and had it.
    return Row("S12", f"key set read during {launches:,} launches", str(fetched), None, "0", fetched == 0)
