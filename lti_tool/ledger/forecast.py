"""How long credits last if they go on being used as in the last weeks: arithmetic of days and units alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise

WINDOW_DAYS = 28
LEAST_DAYS = 14
LEAST_USED = 10
FARTHEST_DAYS = 366
"""Nobody plans further, and no pace holds so long: beyond it no day is named."""
_WEEK = 7


@dataclass(frozen=True)
class Forecast:
    """What the last weeks say about the next; paces are units a day: of the slowest week, of all, of the fastest."""

    today: date
    used: int
    issued: int
    days: int
    """How many days it is told from."""
    slow: Fraction
    pace: Fraction
    fast: Fraction

    @property
    def weeks(self) -> int:
        """The whole weeks among those days."""
        return self.days // _WEEK

    @property
    def a_week(self) -> int:
        """Units a week, to the nearest whole one; half a unit counts as one."""
        return _nearest(self.pace * _WEEK)

    @property
    def ends_on(self) -> date | None:
        """The day on which the last unit is used at this pace; None if that is more than a year away."""
        days = -((self.used - self.issued) // self.pace)  # rounded up: on the day before, something is still left
        return self.today + timedelta(days=days) if days <= FARTHEST_DAYS else None

    def used_by(self, day: date, pace: Fraction) -> int:
        """What will be used by the end of that day at one of the paces, in whole units; never more than there is."""
        return min(self.issued, self.used + _nearest(pace * (day - self.today).days))


def forecast(used: Sequence[tuple[date, int]], *, issued: int) -> Forecast | None:
    """From what had been used by the end of each of these days, in their order, of which the last is today.

    None where it would be a guess: within 14 days of the first use, or with fewer than 10 units used in four weeks.
    A day that is missing is as the one before.
    """
    began = next((day for day, units in used if units), None)
    if began is None:
        return None
    today, now = used[-1]
    days = min(WINDOW_DAYS, (today - began).days + 1)
    lately = now - _by(used, today - timedelta(days=days))
    if (today - began).days < LEAST_DAYS or lately < LEAST_USED:
        return None
    ends = [_by(used, today - timedelta(days=_WEEK * week)) for week in range(days // _WEEK + 1)]
    weekly = [Fraction(later - earlier, _WEEK) for later, earlier in pairwise(ends)]
    pace = Fraction(lately, days)
    return Forecast(today, now, issued, days, min([*weekly, pace]), pace, max([*weekly, pace]))


def _by(used: Sequence[tuple[date, int]], day: date) -> int:
    return next((units for known, units in reversed(used) if known <= day), 0)


def _nearest(number: Fraction) -> int:
    return (number + Fraction(1, 2)).__floor__()
