"""A pool's days as a chart: where its lines, labels and months lie. The template draws it, and says it in words.

Across, places are per cent of the width; down, they are `em`: so it fits any width and grows with the type.
Paths are in a box of 1000 by 1000, which is stretched.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from lti_tool.ledger.closings import Closing
from lti_tool.ledger.forecast import Forecast

HEIGHT = 15.0
"""Of the plot, in em."""
ABOVE = 0.7
"""Room above it for half a line of type."""
_BOX = 1000
_LABEL = 1.45
"""What a label takes, in em."""
_MOST_GRID_LINES = 3
"""Beside the one at zero."""
_MOST_MONTHS = 6
_NEAR_TODAY = 16.0
"""Per cent of the width within which a month's name would touch the word "Today"."""


@dataclass(frozen=True)
class Line:
    """One figure over the days: the paths of its line and of the area under it, and where its label stands."""

    line: str
    area: str
    value: int
    y: float
    label_y: float


@dataclass(frozen=True)
class Ahead:
    """What is to come: the dashed path, the pale band, and what will be used by the day at the right edge."""

    line: str
    band: str
    value: int
    day: date
    label_y: float


@dataclass(frozen=True)
class Chart:
    """All that the template draws, from bottom (`used`) to top (`total`)."""

    total: Line
    allotted: Line
    used: Line
    ahead: Ahead | None
    today_x: float
    grid: tuple[tuple[float, int], ...]
    """Where a grid line lies, and its figure."""
    months: tuple[tuple[float, date], ...]
    """Where the days lie that are named under the plot."""

    @property
    def figures_width(self) -> float:
        """Room for the widest figure of the grid, in em."""
        return 0.65 * len(f"{self.grid[-1][1]:,}") + 0.5


def draw(days: Sequence[Closing], told: Forecast | None) -> Chart:
    """Lays out two days or more, the last of which is today, with what the forecast tells, if it tells anything."""
    first, today = days[0].day, days[-1].day
    span = (today - first).days
    last = today + timedelta(days=max(7, round(span * 0.3))) if told else today
    top = max(1, *(max(day.issued, day.allotted) for day in days))

    def x(day: date) -> float:
        return _BOX * (day - first) / (last - first)

    def y(value: int | Fraction) -> float:
        return _BOX * (1 - float(value) / top)

    def em(value: int) -> float:
        return round(ABOVE + HEIGHT * (1 - value / top), 2)

    now = days[-1]
    coming = told.used_by(last, told.pace) if told else None
    values = [now.issued, now.allotted, *([coming] if coming is not None else []), now.used]
    labels = _spread([em(value) for value in values])

    def line(value_of: Callable[[Closing], int], label: int, *, is_stepped: bool) -> Line:
        points = [(x(day.day), y(value_of(day))) for day in days]
        path = _path(_steps(points) if is_stepped else _bends(points))
        area = f"{path}V{_BOX}H0Z"
        return Line(path, area, value_of(now), em(value_of(now)), labels[label])

    return Chart(
        total=line(lambda day: day.issued, 0, is_stepped=True),
        allotted=line(lambda day: day.allotted, 1, is_stepped=True),
        used=line(lambda day: day.used, -1, is_stepped=False),
        ahead=_ahead(told, last, x, y, label_y=labels[2]) if told else None,
        today_x=round(x(today) / 10, 2),
        grid=tuple((em(figure), figure) for figure in range(0, top + 1, _step(top))),
        months=_months(first, last, today, x),
    )


def _step(top: int) -> int:
    """The distance of the grid lines: a 1, 2 or 5 with zeros."""
    unit = 1
    while True:
        for step in (unit, 2 * unit, 5 * unit):
            if top // step <= _MOST_GRID_LINES:
                return step
        unit *= 10


_Points = Sequence[tuple[float, float]]


def _path(points: Iterator[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.0f} {y:.0f}" for x, y in points)


def _steps(points: _Points) -> Iterator[tuple[float, float]]:
    """The corners of a line that jumps and stays."""
    _, before = points[0]
    yield points[0]
    for x, y in points[1:]:
        if y != before:
            yield x, before
            yield x, y
            before = y
    if points[-2][1] == before:
        yield points[-1]


def _bends(points: _Points) -> Iterator[tuple[float, float]]:
    """The points of a line, but for those between two of the same height."""
    yield points[0]
    for before, here, after in zip(points, points[1:], points[2:], strict=False):
        if not before[1] == here[1] == after[1]:
            yield here
    yield points[-1]


def _ahead(
    told: Forecast, last: date, x: Callable[[date], float], y: Callable[[int | Fraction], float], *, label_y: float
) -> Ahead:
    def course(pace: Fraction) -> list[tuple[float, float]]:
        """From today to the right edge, along the total once all is used."""
        left = told.issued - told.used
        days = (last - told.today).days
        start = (x(told.today), y(told.used))
        if pace * days <= left:
            return [start, (x(last), y(told.used + pace * days))]
        corner = x(told.today) + (x(last) - x(told.today)) * float(left / pace) / days
        return [start, (corner, y(told.issued)), (x(last), y(told.issued))]

    band = [*course(told.fast), *reversed(course(told.slow))]
    return Ahead(
        line=_path(iter(course(told.pace))),
        band=f"{_path(iter(band))}Z",
        value=told.used_by(last, told.pace),
        day=last,
        label_y=label_y,
    )


def _spread(wanted: Sequence[float]) -> list[float]:
    """Moves labels that are wanted from top to bottom apart, none past the bottom of the plot."""
    placed: list[float] = []
    for y in wanted:
        placed.append(max(y, placed[-1] + _LABEL) if placed else y)
    room = ABOVE + HEIGHT
    for index in reversed(range(len(placed))):
        placed[index] = round(min(placed[index], room), 2)
        room = placed[index] - _LABEL
    return placed


def _months(first: date, last: date, today: date, x: Callable[[date], float]) -> tuple[tuple[float, date], ...]:
    """The first day of each month, or of every second or third if they would be too close; none beside today.

    Where no month begins, the day at the left edge.
    """
    starts = []
    month = first.replace(day=1)
    while month <= last:
        if month >= first:
            starts.append(month)
        month = (month + timedelta(days=31)).replace(day=1)
    every = -(-len(starts) // _MOST_MONTHS) or 1
    placed = [(round(x(month) / 10, 2), month) for month in starts[::every]]
    near = x(today) / 10
    kept = [(at, month) for at, month in placed if abs(at - near) > _NEAR_TODAY and at < 100 - _NEAR_TODAY / 4]
    return tuple(kept) or ((0.0, first),)
