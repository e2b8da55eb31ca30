"""The forecast: told late enough, by rules of rounding that are written down, and never past what there is."""

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lti_tool.ledger.forecast import FARTHEST_DAYS, Forecast, forecast

TODAY = date(2026, 11, 18)
DAY = timedelta(days=1)


def evenly(days: int, a_day: int) -> list[tuple[date, int]]:
    """A term that began so many days ago, with as much used on each day since, today too."""
    return [(TODAY - (days - n) * DAY, (n + 1) * a_day) for n in range(days + 1)]


def test_a_steady_pace_is_told_as_it_is() -> None:
    told = forecast(evenly(60, 2), issued=300)
    assert told is not None
    assert (told.days, told.weeks, told.a_week) == (28, 4, 14)
    assert {told.slow, told.pace, told.fast} == {Fraction(2)}
    assert told.used == 122
    assert told.ends_on == TODAY + 89 * DAY
    assert told.used_by(TODAY + 10 * DAY, told.pace) == 142
    assert told.used_by(TODAY + 900 * DAY, told.pace) == 300


@pytest.mark.parametrize(
    ("days", "a_day", "is_told"),
    [(13, 5, False), (14, 5, True), (14, 0, False), (60, 0, False)],
)
def test_it_is_told_after_fourteen_days_of_use(days: int, a_day: int, is_told: bool) -> None:
    assert (forecast(evenly(days, a_day), issued=10_000) is not None) is is_told


@pytest.mark.parametrize(("lately", "is_told"), [(9, False), (10, True)])
def test_it_is_told_from_ten_units_in_four_weeks(lately: int, is_told: bool) -> None:
    used = [(TODAY - 200 * DAY, 500), (TODAY - 3 * DAY, 500 + lately), (TODAY, 500 + lately)]
    assert (forecast(used, issued=1_000) is not None) is is_told


def test_nothing_is_told_of_nothing() -> None:
    assert forecast([], issued=0) is None
    assert forecast([(TODAY, 0)], issued=100) is None


def test_half_a_unit_counts_as_one_and_a_day_begun_counts_whole() -> None:
    told = Forecast(TODAY, used=0, issued=7, days=28, slow=Fraction(0), pace=Fraction(1, 2), fast=Fraction(1))
    assert told.a_week == 4  # 3.5
    assert told.used_by(TODAY + DAY, told.pace) == 1
    assert told.ends_on == TODAY + 14 * DAY
    assert Forecast(TODAY, 0, 8, 28, told.slow, Fraction(3), told.fast).ends_on == TODAY + 3 * DAY  # 2.67 days


def test_weeks_of_different_pace_make_the_band() -> None:
    weeks = {28: 0, 21: 7, 14: 7, 7: 35, 0: 42}
    used = [(TODAY - 100 * DAY, 100), *((TODAY - ago * DAY, 100 + units) for ago, units in weeks.items())]
    told = forecast(used, issued=500)
    assert told is not None
    assert (told.slow, told.pace, told.fast) == (Fraction(0), Fraction(42, 28), Fraction(4))


def test_what_is_used_up_ends_today_and_what_lasts_a_year_has_no_day() -> None:
    told = forecast(evenly(60, 2), issued=122)
    assert told is not None
    assert told.ends_on == TODAY
    far = forecast(evenly(60, 1), issued=61 + FARTHEST_DAYS)
    farther = forecast(evenly(60, 1), issued=62 + FARTHEST_DAYS)
    assert far is not None
    assert farther is not None
    assert far.ends_on == TODAY + FARTHEST_DAYS * DAY
    assert farther.ends_on is None


@given(
    steps=st.lists(st.tuples(st.integers(1, 40), st.integers(0, 10**9)), min_size=1, max_size=60),
    left=st.integers(0, 10**12),
    ahead=st.integers(0, 1_000),
)
def test_whatever_was_used_it_adds_up(steps: list[tuple[int, int]], left: int, ahead: int) -> None:
    day, sum_, used = date(2025, 1, 1), 0, []
    for days, units in steps:
        day, sum_ = day + days * DAY, sum_ + units
        used.append((day, sum_))
    told = forecast(used, issued=sum_ + left)
    if told is None:
        return
    assert 0 <= told.slow <= told.pace <= told.fast
    then = day + ahead * DAY
    by = [told.used_by(then, pace) for pace in (told.slow, told.pace, told.fast)]
    assert sum_ <= by[0] <= by[1] <= by[2] <= sum_ + left
    if told.ends_on is None:
        assert told.pace * FARTHEST_DAYS < left
    else:
        took = (told.ends_on - day).days
        assert told.pace * (took - 1) < left <= told.pace * took or took == left == 0
