"""The arithmetic of allotment: R6, R9 to R12; and what is asked for twice (R4)."""

import pytest

from lti_tool.ledger.rules import (
    Decision,
    Unusual,
    Why,
    bundles_due,
    is_allowed_maximum,
    may_still_receive,
    nearest_allowed,
    why_ask_twice,
)


def due(need: int, *, available: int = 0, received: int = 0, maximum: int = 100, pool: int = 100) -> Decision:
    return bundles_due(need, available=available, received=received, maximum=maximum, pool=pool, bundle=5)


def test_r9_as_few_whole_bundles_as_cover_the_need() -> None:
    assert [due(need).bundles for need in (0, 1, 5, 6, 10, 11)] == [0, 1, 1, 2, 2, 3]
    assert due(7, available=3, received=3).bundles == 1
    assert due(3, available=3, received=3) == Decision(0)


def test_r10_no_bundle_beyond_the_maximum_and_no_part_of_one() -> None:
    assert due(1, received=5, maximum=10).bundles == 1
    assert due(1, received=7, maximum=10) == Decision(0, Why.MAXIMUM)
    assert due(1, received=10, maximum=10) == Decision(0, Why.MAXIMUM)


def test_r11_only_while_the_pool_has_a_whole_bundle() -> None:
    assert due(1, pool=5).bundles == 1
    assert due(1, pool=4) == Decision(0, Why.POOL)


def test_r12_all_bundles_that_are_needed_or_none() -> None:
    assert due(11, maximum=10) == Decision(0, Why.MAXIMUM)
    assert due(11, pool=10) == Decision(0, Why.POOL)


def test_r6_off_is_a_reason_of_its_own() -> None:
    assert due(1, maximum=0, pool=0) == Decision(0, Why.OFF)


@pytest.mark.parametrize("maximum", [0, 5, 10, 1_000_000])
def test_r6_zero_and_multiples_of_the_bundle_are_allowed(maximum: int) -> None:
    assert is_allowed_maximum(maximum, 5)


@pytest.mark.parametrize(
    ("maximum", "nearest"),
    [
        (-1, (0, 5)),
        (1, (0, 5)),
        (4, (0, 5)),
        (7, (5, 10)),
        (999_999, (999_995, 1_000_000)),
        (1_000_001, (999_995, 1_000_000)),
        (1_000_005, (999_995, 1_000_000)),
    ],
)
def test_r6_others_are_refused_with_the_two_nearest(maximum: int, nearest: tuple[int, int]) -> None:
    assert not is_allowed_maximum(maximum, 5)
    assert nearest_allowed(maximum, 5) == nearest
    assert all(is_allowed_maximum(value, 5) for value in nearest)


def test_r6_with_a_bundle_that_does_not_divide_the_limit_the_nearest_are_still_allowed() -> None:
    assert nearest_allowed(1_000_000, 7) == (999_992, 999_999)


def test_r10_what_may_still_come_is_whole_bundles() -> None:
    figures = [may_still_receive(received=received, maximum=10, bundle=5) for received in (0, 1, 5, 6, 10, 20)]
    assert figures == [10, 5, 5, 0, 0, 0]


@pytest.mark.parametrize(
    ("each", "people", "pool", "maximum", "asked"),
    [
        (5, 28, 300, 0, []),
        (5, 28, 140, 0, []),  # a bundle each for a class, though it takes all
        (5, 51, 300, 0, [Unusual.HALF]),  # more people than one class has
        (6, 28, 300, 0, [Unusual.HALF]),
        (20, 1, 40, 0, []),  # half, and not more
        (20, 1, 39, 0, [Unusual.HALF]),
        (21, 1, 300, 0, [Unusual.EACH]),
        (50, 28, 2_000, 0, [Unusual.EACH, Unusual.HALF]),
        (50, 1, 2_000, 50, []),  # the course lets so much come by itself
        (51, 1, 2_000, 50, [Unusual.EACH]),
        (10, 1, 300, 5, []),  # a small maximum: by hand a teacher goes on beyond it (R10)
    ],
)
def test_large_amounts_are_asked_for_twice_and_everyday_ones_are_not(
    each: int, people: int, pool: int, maximum: int, asked: list[Unusual]
) -> None:
    total = each * people
    found = why_ask_twice(largest=each, total=total, people=people, pool=pool, maximum=maximum, bundle=5)
    assert found == asked
