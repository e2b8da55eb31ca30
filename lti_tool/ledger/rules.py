"""The arithmetic of allotment, in whole units and without side effects (rules R6, R9 to R12)."""

from dataclasses import dataclass
from enum import StrEnum

MAXIMUM_LIMIT = 1_000_000
LARGE_BUNDLES = 4
"""So many bundles for one person are still usual: what a student uses in a term, and less than a slipped zero gives."""
CLASS = 50
"""So many people are still one class."""


class Why(StrEnum):
    """What keeps a member from further automatic bundles."""

    OFF = "off"
    MAXIMUM = "maximum"
    POOL = "pool"


@dataclass(frozen=True)
class Standing:
    """One member's figures, in units; available + held + used = received."""

    available: int
    held: int
    used: int
    received: int


@dataclass(frozen=True)
class Pool:
    """A pool's figures, in units: what it has left of all that was ever issued."""

    balance: int
    issued: int


@dataclass(frozen=True)
class Decision:
    """How many whole bundles to allot now, and if none though some were needed, why."""

    bundles: int
    why_none: Why | None = None


def bundles_due(need: int, *, available: int, received: int, maximum: int, pool: int, bundle: int) -> Decision:
    """As few whole bundles as make `available` cover `need`; all of them, or none (R9 to R12).

    Received counts every unit ever received, automatic or by hand (R10); a maximum of 0 is off (R6).
    """
    if available >= need:
        return Decision(0)
    due = -(-(need - available) // bundle)
    if maximum == 0:
        return Decision(0, Why.OFF)
    if received + due * bundle > maximum:
        return Decision(0, Why.MAXIMUM)
    if pool < due * bundle:
        return Decision(0, Why.POOL)
    return Decision(due)


def may_still_receive(*, received: int, maximum: int, bundle: int) -> int:
    """The most that can yet come to a member by itself, in whole bundles, the pool apart (R10)."""
    return max(0, maximum - received) // bundle * bundle


def may_still_come(*, received: int, maximum: int, pool: int, bundle: int) -> int:
    """The most that maximum and pool allow to come to a member by itself now, in whole bundles (R10, R11)."""
    return min(may_still_receive(received=received, maximum=maximum, bundle=bundle), pool // bundle * bundle)


class Unusual(StrEnum):
    """What makes an allotment by hand so large that it is asked for twice, since it cannot come back (R4)."""

    EACH = "each"
    HALF = "half"


def large_for_one(maximum: int, bundle: int) -> int:
    """What one person gets at most without a second question, in units.

    Four bundles, or what the license gives by itself where that is more: a course that deals in larger numbers would
    be asked each time, and what is asked each time is answered unread. A zero too many ("50" for "5") is always over.
    """
    return max(LARGE_BUNDLES * bundle, maximum)


def why_ask_twice(*, largest: int, total: int, people: int, pool: int, maximum: int, bundle: int) -> list[Unusual]:
    """What is unusual about giving `total` units to so many people, the one who gets most `largest`; often nothing.

    EACH: more for one than `large_for_one`. HALF: more than half of what the pool has left, as when "Select all" took
    more than was meant; but never for a bundle each for a class, which is what a small license is there for.
    """
    found = [Unusual.EACH] if largest > large_for_one(maximum, bundle) else []
    is_everyday = largest <= bundle and people <= CLASS
    if total * 2 > pool and not is_everyday:
        found.append(Unusual.HALF)
    return found


def is_allowed_maximum(maximum: int, bundle: int) -> bool:
    """R6: 0 (off) or a positive multiple of the bundle, at most 1,000,000."""
    return 0 <= maximum <= MAXIMUM_LIMIT and maximum % bundle == 0


def nearest_allowed(maximum: int, bundle: int) -> tuple[int, int]:
    """The two allowed maxima around a value that is not allowed (R6)."""
    top = MAXIMUM_LIMIT // bundle * bundle
    below = min(max(maximum, 0) // bundle * bundle, top - bundle)
    return below, below + bundle


def thresholds_crossed(before: Pool, after: Pool, *, bundle: int) -> list[str]:
    """What a pool fell below by one movement: "fifth" of what was issued, one "bundle", "empty"; none while it rises.

    What it was below already is not crossed again before it has risen. A bundle of 0 is not known, and not judged.
    """
    already = _is_below(before, bundle)
    return [name for name, is_below in _is_below(after, bundle).items() if is_below and not already[name]]


def is_below_fifth(pool: Pool) -> bool:
    """Whether less than 20 % of what was issued is left."""
    return pool.balance * 5 < pool.issued


def _is_below(pool: Pool, bundle: int) -> dict[str, bool]:
    return {
        "fifth": is_below_fifth(pool),
        "bundle": pool.balance < bundle,
        "empty": pool.balance == 0,
    }
