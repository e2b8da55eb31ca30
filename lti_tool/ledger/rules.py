"""The arithmetic of allotment, in whole units and without side effects (rules R6, R9 to R12)."""

from dataclasses import dataclass
from enum import StrEnum

MAXIMUM_LIMIT = 1_000_000


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


def _is_below(pool: Pool, bundle: int) -> dict[str, bool]:
    return {
        "fifth": pool.balance * 5 < pool.issued,
        "bundle": pool.balance < bundle,
        "empty": pool.balance == 0,
    }
