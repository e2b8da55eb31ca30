"""The table of results: a row a target, with the ratios by wall and CPU time, their spread, and whether it is met."""

from collections.abc import Sequence
from dataclasses import dataclass

from bench.harness.rounds import Ratio


@dataclass(frozen=True)
class Row:
    """One measure beside its target. `cpu` is None where only wall time, or a count, has a meaning."""

    mark: str
    """As the targets are numbered: "S1"."""
    measure: str
    wall: Ratio | str
    cpu: Ratio | str | None
    target: str
    is_met: bool
    note: str = ""
    """Absolute figures for orientation, or what else a reader should know."""


def markdown(rows: Sequence[Row]) -> str:
    """The rows as a table of Markdown."""
    lines = [
        "| | measure | by wall time | by CPU time | target | met | figures |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        met = "yes" if row.is_met else "**no**"
        cpu = "" if row.cpu is None else row.cpu
        lines.append(f"| {row.mark} | {row.measure} | {row.wall} | {cpu} | {row.target} | {met} | {row.note} |")
    return "\n".join(lines)
