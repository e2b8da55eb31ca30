"""The arithmetic of allotment: R6, R9 to R12."""

import pytest

from lti_tool.ledger.rules import Decision, Why, bundles_due, is_allowed_maximum, may_still_receive, nearest_allowed


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
