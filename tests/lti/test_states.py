"""A state is good for one browser and ten minutes, and nobody else can make one."""

from datetime import UTC, datetime, timedelta

import pytest

from lti_tool.lti.refusals import StateExpired, StateOfAnotherBrowser, StateUnknown
from lti_tool.lti.states import States

NOW = datetime(2026, 11, 23, 9, 0, 0, 500, tzinfo=UTC)
STATES = States("a secret for tests, long enough for all")


def test_a_state_comes_back_as_it_was_until_its_ten_minutes_are_over() -> None:
    state, _ = STATES.begin("platform-1", now=NOW)
    signed = STATES.sign(state)
    assert STATES.read(signed, now=NOW + timedelta(minutes=9, seconds=59)) == state
    with pytest.raises(StateExpired):
        STATES.read(signed, now=NOW + timedelta(minutes=10))


def test_only_the_browser_with_the_secret_may_go_on() -> None:
    state, secret = STATES.begin("platform-1", now=NOW)
    _, other = STATES.begin("platform-1", now=NOW)
    state.check_browser({state.cookie_name: secret})
    for cookies in ({}, {state.cookie_name: other}, {state.cookie_name: ""}, {"other": secret}):
        with pytest.raises(StateOfAnotherBrowser):
            state.check_browser(cookies)


def test_a_state_does_not_tell_the_secret() -> None:
    state, secret = STATES.begin("platform-1", now=NOW)
    assert secret not in repr(state)


def test_a_changed_or_foreign_state_is_not_ours() -> None:
    state, _ = STATES.begin("platform-1", now=NOW)
    signed = STATES.sign(state)
    foreign = States("another secret for tests, long enough for all").sign(state)
    for text in (foreign, f"x{signed}", f"{signed}x", signed.replace(".", ""), "", ".", "é", "\ud800", "x" * 3000):
        with pytest.raises(StateUnknown):
            STATES.read(text, now=NOW)
