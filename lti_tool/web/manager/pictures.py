"""The Overview's pictures beside the bar: use over time with its forecast, and students by what they have."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy.orm import Session

from lti_tool.ledger import closings
from lti_tool.ledger.closings import Closing
from lti_tool.ledger.forecast import Forecast, forecast
from lti_tool.members.census import Purses
from lti_tool.web.chart import Chart, draw
from lti_tool.web.manager.desk import Desk

_SHOWN = timedelta(weeks=26)
"""How far back the chart goes: a term, or half a year."""
SOON = timedelta(weeks=12)
"""What runs out within it runs out before most terms end: then the forecast leads to Add Credits."""
_WEEK = timedelta(weeks=1)


@dataclass(frozen=True)
class Use:
    """How a pool came to what it is: the chart, its forecast, and the same figures by week."""

    chart: Chart
    forecast: Forecast | None
    rows: tuple[Closing, ...]
    """The newest first."""

    @property
    def ends_soon(self) -> bool:
        """Whether the credits last no longer than a term at this rate."""
        told = self.forecast
        return bool(told and told.ends_on and told.ends_on - told.today <= SOON)


def use(session: Session, desk: Desk) -> Use | None:
    """None where there is nothing to draw: before a day is over, or before anything was given or used."""
    today, totals = desk.now.date(), desk.totals
    closed = closings.since(session, desk.license.id, desk.resource.name, today - _SHOWN)
    now = Closing(today, totals.issued, totals.allotted, totals.used)
    days = [*(day for day in closed if day.day < today), now]
    if len(days) < 2 or not totals.allotted:
        return None
    told = forecast([(day.day, day.used) for day in days], issued=totals.issued)
    return Use(draw(days, told), told, _weeks(days))


def _weeks(days: Sequence[Closing]) -> tuple[Closing, ...]:
    """Today, the same day of each week before, and the first."""
    wanted: list[Closing] = []
    due: date = days[-1].day
    for day in reversed(days):
        if day.day <= due or day is days[0]:
            wanted.append(day)
            due = day.day - _WEEK
    return tuple(wanted)


@dataclass(frozen=True)
class Step:
    """Students who have about so much: from `least` to `most` units (None: any more), and how many they are."""

    least: int
    most: int | None
    left: int
    came: int
    left_width: float
    came_width: float
    """Of their bars, in per cent of the longest."""


def steps(purses: Purses) -> list[Step]:
    """The steps from nothing up to the highest that anybody is on."""
    longest = max([*purses.left, *purses.came, 1])
    rows, least = [], 0
    for most, left, came in zip([*purses.bounds, None], purses.left, purses.came, strict=True):
        rows.append(Step(least, most, left, came, round(100 * left / longest, 2), round(100 * came / longest, 2)))
        least = (most or 0) + 1
    while len(rows) > 1 and not rows[-1].left and not rows[-1].came:
        rows.pop()
    return rows
