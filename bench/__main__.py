"""`python -m bench`: measures all that has a target, side by side with its floors and peers, and prints the table."""

import argparse
import sys
import time
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from bench.harness import machine
from bench.harness.table import Row, markdown

BENCHES: tuple[str, ...] = (
    "launches",
    "footprint",
    "spends",
    "functions",
    "sqlite",
    "bulk",
    "rosters",
    "growth",
    "pages",
)
"""Modules of `bench` with `MARKS` (which targets they measure) and `measure(rounds) -> list[Row]`."""

RESULTS = Path(__file__).with_name("RESULTS.md")
_BEGINS, _ENDS = "<!-- table begins -->", "<!-- table ends -->"


def main(arguments: Sequence[str]) -> None:
    """Prints each bench's rows as they come, then the whole table; `--write` puts it into RESULTS.md."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("marks", nargs="*", help="only these targets, as S1 S4b; else all")
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds (default 5)")
    parser.add_argument("--write", action="store_true", help="put the table into bench/RESULTS.md")
    asked = parser.parse_args(arguments)
    machine.pin_driver()
    rows: list[Row] = []
    for name in BENCHES:
        bench = import_module(f"bench.{name}")
        if asked.marks and not set(asked.marks) & set(bench.MARKS):
            continue
        began = time.monotonic()
        measured = bench.measure(asked.rounds)
        rows += measured
        print(f"\n{name}, {time.monotonic() - began:.0f} s\n{markdown(measured)}", flush=True)
    heading = (
        f"{time.strftime('%d %B %Y')}, {machine.described()}; {asked.rounds} interleaved rounds, medians (spread)."
    )
    table = f"{heading}\n\n{markdown(rows)}"
    print(f"\n{table}")
    if asked.write:
        text = RESULTS.read_text()
        before, after = text.partition(_BEGINS)[0], text.partition(_ENDS)[2]
        RESULTS.write_text(f"{before}{_BEGINS}\n{table}\n{_ENDS}{after}")


if __name__ == "__main__":
    main(sys.argv[1:])
