"""A state is good for one browser and ten minutes, and nobody else can make one."""

from datetime import UTC, datetime, timedelta

import pytest

from lti_tool.lti.refusals import StateExpired, StateOfAnotherBrowser, StateUnknown
from lti_tool.lti.states import Carrier, States

NOW = datetime(2026, 11, 23, 9, 0, 0, 500, tzinfo=UTC)
STATES = States("a secret for tests, long enough for all")


def test_a_state_comes_back_as_it_was_until_its_ten_minutes_are_over() -> None:
    state, _ = STATES.begin("platform-1", now=NOW)
    signed = STATES.sign(state)
    assert STATES.read(signed, now=NOW + timedelta(minutes=9, seconds=59)) == state
    with pytest.raises(StateExpired):
        STATES.read(signed, now=NOW + timedelta(minutes=10))


def test_a_browser_shows_the_secret_by_its_cookie_or_by_what_the_lms_kept() -> None:
    state, secret = STATES.begin("platform-1", now=NOW, storage_target="_parent")
    assert state.shown_by({state.cookie_name: secret}, proof=None) is Carrier.COOKIE
    assert state.shown_by({}, proof=secret) is Carrier.STORAGE
    assert state.shown_by({state.cookie_name: secret}, proof="") is Carrier.COOKIE
    for nothing in (None, ""):
        assert state.shown_by({"other": secret}, proof=nothing) is None


def test_a_browser_that_shows_another_secret_is_another() -> None:
    state, _ = STATES.begin("platform-1", now=NOW, storage_target="_parent")
    _, other = STATES.begin("platform-1", now=NOW, storage_target="_parent")
    for cookies, proof in (({state.cookie_name: other}, None), ({}, other), ({}, state.secret_hash), ({}, "\ud800")):
        with pytest.raises(StateOfAnotherBrowser):
            state.shown_by(cookies, proof=proof)


@pytest.mark.parametrize("target", ["_parent", "post_message_forwarding", "frame-1", "a.b:c", "x" * 100])
def test_a_state_remembers_where_the_lms_keeps_things(target: str) -> None:
    state, _ = STATES.begin("platform-1", now=NOW, storage_target=target)
    assert STATES.read(STATES.sign(state), now=NOW).storage_target == target


@pytest.mark.parametrize(
    "target", ["", "x" * 101, "javascript:alert(1)", "a b", "<script>", '"', "é", "-x", "a/b", "_parent\n", "\0"]
)
def test_what_no_frame_is_called_is_no_storage(target: str) -> None:
    state, _ = STATES.begin("platform-1", now=NOW, storage_target=target)
    assert state.storage_target == ""


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
