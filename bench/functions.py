"""The spend as a function of one process, beside bare psycopg and pgbench: covered (S1), and with a bundle (S6)."""

import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import datetime
from functools import partial
from itertools import count
from pathlib import Path
from uuid import uuid4

import psycopg
from sqlalchemy import Engine

from bench import books, hot_pool, pgbench
from bench.books import Books
from bench.floors import spends as floor
from bench.harness import machine, servers
from bench.harness.rounds import Contender, Rounds, Sample, cpu_ms, faster, interleave, rate
from bench.harness.servers import Database
from bench.harness.table import Row
from lti_tool.db import open_engine, writing
from lti_tool.ids import new_id
from lti_tool.ledger import holds
from lti_tool.ledger.movements import Actor
from lti_tool.ledger.transfers import SPEND_AT_ONCE
from lti_tool.licenses import api_keys, idempotency
from lti_tool.licenses.idempotency import Answered, AtOnce, Request
from lti_tool.settings import load

MARKS = ("S1", "S6")
ROUND_S = 2
MEMBERS = 300
_COVERED = AtOnce(SPEND_AT_ONCE)
_HASH = "0" * 64
_RESOURCE = load({}, database_url="sqlite://", secret_key="b" * 32).resource
_numbers = count()

Spend = Callable[[int], None]


def measure(rounds: int) -> list[Row]:
    """The rows of both."""
    with ExitStack() as stack:
        database = stack.enter_context(servers.postgresql())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        return [*_covered(database, folder, rounds), *_with_a_bundle(database, folder, rounds)]


def _covered(database: Database, folder: Path, rounds: int) -> list[Row]:
    filled = books.build(database.create("covered"), members=MEMBERS)
    engine = open_engine(filled.url)
    whose = _key_of(engine, filled)
    values = {
        "api_key_id": f"'{whose}'",
        "key": pgbench.UNIQUE,
        "id": pgbench.UNIQUE,
        "request_sha256": f"'{_HASH}'",
        "status": "201",
        "opening": "'{'",
        "resource": "'export-credits'",
        "amount": "1",
        "actor_kind": "'api_key'",
        "actor_id": f"'{whose}'",
        "reference": "null",
    }
    file = pgbench.script(folder / "covered", [_COVERED.sql.postgresql], filled.members, values)
    ours = partial(_spend, engine, filled, whose)
    contenders = [
        Contender("function", partial(_in_threads, ours, 1, database)),
        Contender("psycopg", partial(_in_threads, _bare_psycopg(filled), 1, database)),
        Contender("pgbench", partial(pgbench.run, file, database, "covered", 1, ROUND_S)),
        Contender("function, 8 clients", partial(_in_threads, ours, 8, database)),
        Contender("pgbench, 8 clients", partial(pgbench.run, file, database, "covered", 8, ROUND_S)),
    ]
    measured = interleave(contenders, rounds=rounds)
    _require_spent(filled, measured)
    engine.dispose()
    return [
        _row("S1", measured, "function", "psycopg", 0.7),
        _row("S1", measured, "function", "pgbench", 0.4),
        _row("S1", measured, "function, 8 clients", "pgbench, 8 clients", 0.3),
    ]


def _with_a_bundle(database: Database, folder: Path, rounds: int) -> list[Row]:
    """Each spend takes a bundle first, all from one pool row."""
    filled = books.build(database.create("hot"), members=MEMBERS, each=0, maximum=1_000_000)
    engine = open_engine(filled.url)
    whose = _key_of(engine, filled)
    file = hot_pool.script(folder / "hot", filled, whose, _HASH)
    ours = partial(_spend_a_bundle, engine, filled, whose)
    contenders = [
        Contender("8 clients", partial(_in_threads, ours, 8, database)),
        Contender("pgbench, 8 clients", partial(pgbench.run, file, database, "hot", 8, ROUND_S)),
        Contender("32 clients", partial(_in_threads, ours, 32, database)),
    ]
    measured = interleave(contenders, rounds=rounds)
    _require_spent(filled, measured, each=hot_pool.BUNDLE)
    engine.dispose()
    return [
        _row("S6", measured, "8 clients", "pgbench, 8 clients", 0.7),
        _row("S6", measured, "32 clients", "8 clients", 0.4),
    ]


def _spend(engine: Engine, filled: Books, whose: str, number: int) -> None:
    asked = Request(whose, str(uuid4()), _HASH)
    assert _at_once(engine, asked, filled.members[number % MEMBERS], 1) is not None


def _at_once(engine: Engine, asked: Request, member_id: str, amount: int) -> str | None:
    transfer_id = new_id()
    return _COVERED.run(
        engine,
        asked,
        member_id=member_id,
        status=201,
        opening=f'{{"id":"{transfer_id}"',
        id=transfer_id,
        resource=_RESOURCE.name,
        amount=amount,
        actor_kind="api_key",
        actor_id=asked.api_key_id,
        reference=None,
    )


def _spend_a_bundle(engine: Engine, filled: Books, whose: str, number: int) -> None:
    asked = Request(whose, str(uuid4()), _HASH)
    member_id, actor = filled.members[number % MEMBERS], Actor("api_key", whose)
    assert _at_once(engine, asked, member_id, hot_pool.BUNDLE) is None  # as the API does: it is not covered
    with writing(engine) as session:
        now = idempotency.claim(session, asked)
        assert isinstance(now, datetime)
        spent = holds.spend(
            session, filled.licenses[0], _RESOURCE, member_id, amount=hot_pool.BUNDLE, actor=actor, now=now
        )
        idempotency.answer(session, asked, Answered(201, f'{{"id":"{spent.transfer_id}"}}'))


def _bare_psycopg(filled: Books) -> Spend:
    """The statement of the floor app, by psycopg alone."""
    connection = psycopg.connect(servers.dsn(filled.url), autocommit=True, prepare_threshold=1)

    def spend(number: int) -> None:
        which = number % MEMBERS
        wish = {
            "secret_hash": api_keys.hashed(filled.keys[which]),
            "key": str(uuid4()),
            "request_sha256": _HASH,
            "id": new_id(),
            "member_id": filled.members[which],
            "resource": "export-credits",
            "amount": 1,
            "reference": None,
        }
        assert connection.execute(floor.SPEND, wish).fetchone() is not None

    return spend


def _key_of(engine: Engine, filled: Books) -> str:
    found = api_keys.caller(engine, api_keys.hashed(filled.keys[0]))
    assert found is not None
    return found.key_id


def _in_threads(spend: Spend, threads: int, database: Database) -> Sample:
    """So many threads, each with one spend under way; its CPU time is the database's and this process's own."""
    done: list[int] = []
    failed: list[BaseException] = []
    cpu, began = machine.cpu_s(database.pid) + time.process_time(), time.perf_counter()

    def keep_on() -> None:
        mine = 0
        try:
            while time.perf_counter() < began + ROUND_S:
                spend(next(_numbers))
                mine += 1
        except BaseException as error:  # noqa: BLE001 # carried over to the thread that waits
            failed.append(error)
        done.append(mine)

    running = [threading.Thread(target=keep_on) for _ in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    took = time.perf_counter() - began
    if failed:
        raise failed[0]
    return Sample(sum(done), took, machine.cpu_s(database.pid) + time.process_time() - cpu)


def _require_spent(filled: Books, measured: Rounds, *, each: int = 1) -> None:
    done: Sequence[int] = [sample.operations for samples in measured.values() for sample in samples]
    rows, used = books.spends(filled.url)
    assert used == rows * each, (rows, used)
    assert rows > sum(done), (rows, sum(done))  # the rounds that warmed up are there besides


def _row(mark: str, rounds: Rounds, one: str, other: str, least: float) -> Row:
    wall, cpu = faster(rounds, one, other)
    note = "; ".join(f"{name} {rate(rounds[name]):.0f}/s, {cpu_ms(rounds[name]):.2f} ms" for name in (one, other))
    what = "covered spend" if mark == "S1" else "spend with a bundle"
    return Row(mark, f"{what}: {one} / {other}", wall, cpu, f"≥ {least}", wall.median >= least, note)
