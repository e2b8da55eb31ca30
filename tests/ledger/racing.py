"""Real processes that start at the same moment, each with its own engine, as web workers and jobs have."""

import multiprocessing
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier

from lti_tool.db import open_engine, writing
from lti_tool.errors import Refusal
from tests.ledger.a_class import Class

Deed = tuple[Callable[..., object], tuple[object, ...]]
"""A method of `Class` and its arguments: `(Class.spend, (student, 1))`."""

# Forked from a clean process that has only imported this module: 50 of them start in a second.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload([__name__])
_PATIENCE_S = 120


def race(url: str, class_: Class, deeds: Sequence[Deed]) -> list[object]:
    """Does each deed in a process of its own, all at once; what each returned, or the code it was refused with."""
    start = PROCESSES.Barrier(len(deeds))
    runners = []
    for deed, arguments in deeds:
        ours, theirs = PROCESSES.Pipe(duplex=False)
        task = (url, (class_.license_id, class_.context_id), (deed.__name__, arguments), start, theirs)
        process = PROCESSES.Process(target=_run, args=task)
        process.start()
        theirs.close()
        runners.append((process, ours))
    outcomes = []
    for process, ours in runners:
        assert ours.poll(_PATIENCE_S), "a racer got stuck"
        outcomes.append(ours.recv())
        process.join(_PATIENCE_S)
    return outcomes


def _run(
    url: str, ids: tuple[str, str], deed: tuple[str, tuple[object, ...]], start: Barrier, answer: Connection
) -> None:
    engine = open_engine(url)
    with engine.connect():
        start.wait(_PATIENCE_S)
    name, arguments = deed
    try:
        answer.send(getattr(Class(lambda: writing(engine), *ids), name)(*arguments))
    except Refusal as refusal:
        answer.send(refusal.code)
    engine.dispose()
