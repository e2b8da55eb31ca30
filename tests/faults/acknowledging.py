"""Programs that use the API without a pause and keep what they were told was done, to hold the books to it."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import Self

from sqlalchemy import text
from sqlalchemy.orm import Session

from lti_tool.client import Client, InsufficientCredits
from tests.cli.test_serve import until


@dataclass
class Program:
    """One connection of a program: spends, holds, captures and releases for its students until `stop`."""

    client: Client
    students: Sequence[str]
    seed: int
    spent: dict[str, int] = field(default_factory=dict)
    """Units by the id of an acknowledged spend."""
    captured: dict[str, int] = field(default_factory=dict)
    """Units by the id of a hold whose capture was acknowledged."""
    released: set[str] = field(default_factory=set)
    held: set[str] = field(default_factory=set)
    """Every hold that was acknowledged."""
    refused: int = 0
    failure: BaseException | None = None

    @property
    def acknowledged(self) -> int:
        """How many operations were acknowledged."""
        return len(self.spent) + len(self.captured) + len(self.released) + len(self.held)

    def work(self, stop: Event, done: Callable[[], object] = lambda: None) -> None:
        """One operation after another until told to stop; `done` after each."""
        chance = random.Random(self.seed)
        try:
            while not stop.is_set():
                self._once(chance)
                done()
        except BaseException as error:  # noqa: BLE001 # carried over to the thread that waits
            self.failure = error

    def _once(self, chance: random.Random) -> None:
        student, amount = chance.choice(self.students), chance.randint(1, 3)
        try:
            if chance.random() < 0.5:
                self.spent[self.client.spend(student, amount).id] = amount
                return
            hold = self.client.hold(student, amount)
        except InsufficientCredits:
            self.refused += 1
            return
        self.held.add(hold.id)
        if chance.random() < 0.5:
            taken = chance.randint(1, amount)
            hold.capture(taken)
            self.captured[hold.id] = taken
        else:
            hold.release()
            self.released.add(hold.id)


class Programs:
    """Programs at work, each in a thread of its own, for the block."""

    def __init__(self, programs: Sequence[Program]) -> None:
        self.programs = programs
        self._stop = Event()
        self._threads = [Thread(target=program.work, args=(self._stop,), daemon=True) for program in programs]

    @property
    def acknowledged(self) -> int:
        """How many operations were acknowledged to all of them."""
        return sum(program.acknowledged for program in self.programs)

    def go_on(self, more: int) -> None:
        """Waits until so many more operations were acknowledged."""
        before = self.acknowledged
        until(lambda: self.acknowledged >= before + more)

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(120)
            assert not thread.is_alive(), "a program waits for ever"
        for program in self.programs:
            if program.failure is not None:
                raise program.failure


def differences(session: Session, programs: Sequence[Program]) -> dict[str, tuple[object, object]]:
    """What the books have and no program was told of, and what a program was told of and the books have not."""
    found = session.execute(text("select id, hold_id, amount from transfers where kind = 'spend'")).all()
    spent = {id_: amount for id_, hold_id, amount in found if hold_id is None}
    captured = {hold_id: amount for _, hold_id, amount in found if hold_id is not None}
    holds: dict[str, str] = {row.id: row.status for row in session.execute(text("select id, status from holds"))}
    told: dict[str, tuple[object, object]] = {
        "spends": (spent, {id_: units for one in programs for id_, units in one.spent.items()}),
        "captures": (captured, {id_: units for one in programs for id_, units in one.captured.items()}),
        "captures, counted": (len(spent) + len(captured), len(found)),
        "holds": (set(holds), {id_ for one in programs for id_ in one.held}),
        "releases": (
            {id_ for id_, status in holds.items() if status == "released"},
            {id_ for one in programs for id_ in one.released},
        ),
    }
    return {what: pair for what, pair in told.items() if pair[0] != pair[1]}
