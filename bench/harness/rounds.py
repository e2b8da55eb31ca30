"""Contenders measured in interleaved rounds, and the ratios between them.

The machine's speed drifts, so only figures of one round are set side by side; a ratio is the median over all rounds.
"""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Sample:
    """One contender's round: how many operations, in how many seconds, with how many CPU seconds of the server side."""

    operations: int
    wall_s: float
    cpu_s: float

    @property
    def wall_each_s(self) -> float:
        """Seconds for one operation."""
        return self.wall_s / self.operations

    @property
    def cpu_each_s(self) -> float:
        """CPU seconds of the server side for one operation."""
        return self.cpu_s / self.operations


@dataclass(frozen=True)
class Contender:
    """Something to measure: `run` does one round of it, after having checked nothing and before anybody else runs."""

    name: str
    run: Callable[[], Sample]


@dataclass(frozen=True)
class Ratio:
    """A median over the rounds, with the smallest and the largest."""

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.median:.2f} ({self.low:.2f} to {self.high:.2f})"


Rounds = Mapping[str, Sequence[Sample]]
"""Each contender's samples, one a round, by its name."""


def interleave(contenders: Sequence[Contender], *, rounds: int) -> Rounds:
    """Runs all contenders once to warm up, then `rounds` times; who begins changes from round to round."""
    samples: dict[str, list[Sample]] = {contender.name: [] for contender in contenders}
    for contender in contenders:
        contender.run()
    for number in range(rounds):
        first = number % len(contenders)
        for contender in (*contenders[first:], *contenders[:first]):
            samples[contender.name].append(contender.run())
    return samples


def faster(rounds: Rounds, one: str, other: str) -> tuple[Ratio, Ratio]:
    """How many times as fast `one` is as `other`: by wall time, and by CPU time of the server side."""
    wall = [b.wall_each_s / a.wall_each_s for a, b in zip(rounds[one], rounds[other], strict=True)]
    cpu = [b.cpu_each_s / a.cpu_each_s if a.cpu_s else 0.0 for a, b in zip(rounds[one], rounds[other], strict=True)]
    return _ratio(wall), _ratio(cpu)


def rate(samples: Sequence[Sample]) -> float:
    """Operations a second: the median round."""
    return statistics.median(1 / sample.wall_each_s for sample in samples)


def cpu_ms(samples: Sequence[Sample]) -> float:
    """CPU milliseconds of the server side for one operation: the median round."""
    return statistics.median(sample.cpu_each_s * 1000 for sample in samples)


def _ratio(figures: Sequence[float]) -> Ratio:
    return Ratio(statistics.median(figures), min(figures), max(figures))
