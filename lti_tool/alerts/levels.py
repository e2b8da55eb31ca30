"""How low a licence's pool is: below a fifth of what was issued, too small for those who wait, or empty."""

from dataclasses import dataclass

from lti_tool.ledger import rules

EMPTY, WAITING, FIFTH = "empty", "waiting", "fifth"
EVENTS = (EMPTY, WAITING, FIFTH)
"""The most urgent first."""


@dataclass(frozen=True)
class Level:
    """A pool beside what was ever issued, in units, and how many students wait for a bundle."""

    pool: int
    issued: int
    waiting: int
    bundle: int

    @property
    def low(self) -> tuple[str, ...]:
        """What holds now, the most urgent first; a licence that never had anything is empty."""
        holds = {
            EMPTY: self.pool == 0,
            WAITING: self.pool < self.needed,
            FIFTH: rules.is_below_fifth(rules.Pool(self.pool, self.issued)),
        }
        return tuple(event for event in EVENTS if holds[event])

    @property
    def needed(self) -> int:
        """A bundle for each student who waits, in units."""
        return self.waiting * self.bundle
