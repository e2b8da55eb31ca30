"""The bundle rule against a second telling of rules R9 to R12, by brute force over every small case."""

from itertools import product

import pytest

from lti_tool.ledger.rules import bundles_due

MOST = 40
BUNDLE = 5


def _told_again(need: int, available: int, received: int, maximum: int, pool: int) -> int:
    """Hands out one bundle after the other, as a person at a counter would, and takes all back if they don't reach."""
    given = 0
    while available + given * BUNDLE < need:
        received_then = received + (given + 1) * BUNDLE
        if maximum == 0 or received_then > maximum or (given + 1) * BUNDLE > pool:
            return 0
        given += 1
    return given


@pytest.mark.slow
@pytest.mark.parametrize("maximum", range(0, MOST + 1, BUNDLE))
def test_bundles_are_as_the_written_rule_says_in_every_small_case(maximum: int) -> None:
    counted = range(MOST + 1)
    wrong = [
        (need, available, received, pool)
        for received, need, pool in product(counted, counted, counted)
        for available in range(received + 1)
        if bundles_due(need, available=available, received=received, maximum=maximum, pool=pool, bundle=BUNDLE).bundles
        != _told_again(need, available, received, maximum, pool)
    ]
    assert wrong == []
