"""A single request of anybody's cannot keep a worker busy."""

import pytest

from lti_tool.logs import scrub

_LONGEST_PATH = 65_000
"""About the longest address that the server takes; in quadratic time it would hold a worker for most of a minute."""


@pytest.mark.parametrize("piece", ["/", "a", "eyJ", "@", "://a", "bearer ", "?"])
def test_a_flood_in_an_address_is_logged_as_quickly_as_it_is_long(piece: str) -> None:
    flood = piece * (_LONGEST_PATH // len(piece))
    logged = scrub(None, "info", {"event": flood})
    assert len(logged["event"]) <= 2 * len(flood)
