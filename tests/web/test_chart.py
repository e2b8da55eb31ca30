"""The chart's geometry: lines end at their figures, labels never touch, and any history fits the plot."""

import itertools
import re
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from lti_tool.ledger.closings import Closing
from lti_tool.ledger.forecast import forecast
from lti_tool.web.chart import ABOVE, HEIGHT, draw

DAY = timedelta(days=1)
FIRST = date(2026, 9, 1)


def points(path: str) -> list[tuple[int, int]]:
    """The corners of a path that only goes to places."""
    return [(int(x), int(y)) for x, y in re.findall(r"[ML](-?\d+) (-?\d+)", path)]


def test_it_draws_what_the_picture_shows() -> None:
    days = [Closing(FIRST, 200, 0, 0), Closing(FIRST + 25 * DAY, 200, 100, 40), Closing(FIRST + 50 * DAY, 300, 150, 75)]
    chart = draw(days, None)
    assert points(chart.total.line) == [(0, 333), (1000, 333), (1000, 0)]
    assert points(chart.allotted.line) == [(0, 1000), (500, 1000), (500, 667), (1000, 667), (1000, 500)]
    assert points(chart.used.line) == [(0, 1000), (500, 867), (1000, 750)]
    assert chart.total.area.endswith("V1000H0Z")
    assert [figure for _, figure in chart.grid] == [0, 100, 200, 300]
    assert [month for _, month in chart.months] == [FIRST, date(2026, 10, 1)]
    assert (chart.today_x, chart.ahead) == (100, None)


def test_what_runs_out_goes_on_along_the_total() -> None:
    days = [Closing(FIRST + n * DAY, 100, 100, 3 * n) for n in range(31)]
    told = forecast([(day.day, day.used) for day in days], issued=100)
    chart = draw(days, told)
    assert chart.ahead is not None
    assert chart.ahead.value == 100
    start, corner, end = points(chart.ahead.line)
    assert start[1] == 100
    assert start[0] < corner[0] < end[0] == 1000
    assert corner[1] == end[1] == 0


@given(
    moved=st.lists(
        st.tuples(st.integers(1, 9), st.integers(0, 10**6), st.integers(0, 100), st.integers(0, 100)),
        min_size=2,
        max_size=80,
    )
)
def test_any_history_fits(moved: list[tuple[int, int, int, int]]) -> None:
    day, issued, allotted, used, days = FIRST, 0, 0, 0, []
    for later, more, given_percent, used_percent in moved:
        day, issued = day + later * DAY, issued + more
        allotted += (issued - allotted) * given_percent // 100
        used += (allotted - used) * used_percent // 100
        days.append(Closing(day, issued, allotted, used))
    chart = draw(days, forecast([(one.day, one.used) for one in days], issued=issued))
    drawn = [chart.total, chart.allotted, chart.used]
    for line in drawn:
        assert all(0 <= x <= 1000 and 0 <= y <= 1000 for x, y in points(line.line))
    assert 1 <= len(chart.grid) <= 4
    labels = [line.label_y for line in (chart.total, chart.allotted)]
    labels += [chart.ahead.label_y] if chart.ahead else []
    labels += [chart.used.label_y]
    assert all(lower - upper > 1.4 for upper, lower in itertools.pairwise(labels))
    assert labels[-1] <= ABOVE + HEIGHT
    assert all(0 <= x <= 100 for x, _ in chart.months)
    assert chart.months
