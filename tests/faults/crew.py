"""Real processes that go on acting on one class for a time, each on its own, as workers, jobs and commands do."""

import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier

from sqlalchemy.exc import DBAPIError

from lti_tool.db import open_engine, writing
from lti_tool.errors import Refusal
from tests.ledger.a_class import Class
from tests.ledger.racing import PROCESSES

Turn = Callable[[Class, random.Random, Sequence[str]], Counter[str]]
"""One thing that somebody does in the class, with some of its students; what they were told, in units or times."""

_PATIENCE_S = 60


def work(
    url: str, class_: Class, shifts: Sequence[tuple[Turn, Sequence[str]]], *, for_s: float, seed: int
) -> Counter[str]:
    """Each shift in a process of its own, turn after turn, for so long; all that they were told, added up.

    What is refused is counted by its code, what the database would not do by its words (`deadlock detected`).
    """
    start = PROCESSES.Barrier(len(shifts))
    crew = []
    for number, (turn, students) in enumerate(shifts):
        ours, theirs = PROCESSES.Pipe(duplex=False)
        shift = _Shift(url, (class_.license_id, class_.context_id), turn, students, seed + number, for_s)
        process = PROCESSES.Process(target=_work, args=(shift, start, theirs))
        process.start()
        theirs.close()
        crew.append((process, ours))
    told: Counter[str] = Counter()
    for process, ours in crew:
        assert ours.poll(for_s + _PATIENCE_S), "somebody waits for ever"
        told += ours.recv()
        process.join(_PATIENCE_S)
    return told


@dataclass(frozen=True)
class _Shift:
    url: str
    ids: tuple[str, str]
    turn: Turn
    students: Sequence[str]
    seed: int
    lasts_s: float


def _work(shift: _Shift, start: Barrier, answer: Connection) -> None:
    engine = open_engine(shift.url)
    class_ = Class(lambda: writing(engine), *shift.ids)
    chance, told = random.Random(shift.seed), Counter[str]()
    with engine.connect():
        start.wait(_PATIENCE_S)
    ends = time.monotonic() + shift.lasts_s
    while time.monotonic() < ends:
        try:
            told += shift.turn(class_, chance, shift.students)
        except Refusal as refusal:
            told[f"refused: {refusal.code}"] += 1
        except DBAPIError as error:
            told[f"failed: {str(error.orig).splitlines()[0]}"] += 1
    answer.send(told)
    engine.dispose()
