"""Load from this process: a number of connections, each with one operation under way at a time."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPConnection
from itertools import count
from threading import Thread

from bench.harness import machine
from bench.harness.rounds import Sample


@dataclass(frozen=True)
class Load:
    """What a driven round brought: seconds of each operation, the round's own, and CPU seconds of the server side."""

    took_s: list[float]
    wall_s: float
    cpu_s: float

    @property
    def sample(self) -> Sample:
        """The figures that are compared."""
        return Sample(len(self.took_s), self.wall_s, self.cpu_s)

    def quantile_ms(self, percent: int) -> float:
        """How long an operation took that only so many of a hundred exceed, in milliseconds."""
        return statistics.quantiles(self.took_s, n=100)[percent - 1] * 1000


Operation = Callable[[HTTPConnection, int], None]
"""One operation by a kept-alive connection; its number is unique in the process. It raises if the answer is wrong."""

_numbers = count()


def drive(port: int, operate: Operation, *, connections: int, for_s: float, pids: tuple[int, ...]) -> Load:
    """Drives a server at 127.0.0.1 for so long; `pids` are the programs whose CPU time counts.

    Raises what an operation raised: a round with a wrong answer is none.
    """
    took: list[float] = []
    wrong: list[BaseException] = []
    ends = time.perf_counter() + for_s

    def keep_on() -> None:
        connection = HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            while (began := time.perf_counter()) < ends and not wrong:
                operate(connection, next(_numbers))
                took.append(time.perf_counter() - began)
        except BaseException as error:  # noqa: BLE001 # carried over to the thread that waits
            wrong.append(error)
        finally:
            connection.close()

    cpu_before, began = machine.cpu_s(*pids), time.perf_counter()
    threads = [Thread(target=keep_on) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    load = Load(took, time.perf_counter() - began, machine.cpu_s(*pids) - cpu_before)
    if wrong:
        raise wrong[0]
    return load
