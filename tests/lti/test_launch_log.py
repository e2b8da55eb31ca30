"""What the log keeps of any message, and for how long."""

import json
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from lti_tool.errors import NotFound
from lti_tool.lti import launch_log, launch_words, launches, login
from lti_tool.lti.attempts import Attempt
from lti_tool.lti.launch_log import LaunchLog
from tests.factories import NOW, make_platform
from tests.lti_platform import CLAIM, NRPS

LOG = LaunchLog("a secret for tests, long enough for all")

CLAIMS = (
    *("iss", "aud", "azp", "sub", "iat", "exp", "name", "email", "given_name"),
    *(f"{CLAIM}{name}" for name in ("roles", "context", "resource_link", "custom", "target_link_uri", "deployment_id")),
    *(f"{CLAIM}{name}" for name in ("message_type", "version", "tool_platform", "launch_presentation")),
    *(NRPS, "https://www.instructure.com/placement", "login_hint", "lti_message_hint", "lti_deployment_id"),
)

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
    max_leaves=8,
)


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(said=st.dictionaries(st.sampled_from(CLAIMS) | st.text(), ANYTHING, max_size=25), is_login=st.booleans())
def test_a_row_can_be_made_of_whatever_comes(said: dict[str, object], is_login: bool) -> None:
    steps = login.STEPS if is_login else launches.STEPS
    attempt = Attempt(steps, is_login=is_login, said=said, kid="\ud800", reached="unheard of")
    row = LOG.row(attempt, "LTI-X", now=NOW, claim="x" * 1000)
    for text in (row["checks"], row["claims"]):
        assert isinstance(text, str)
        assert text.isascii()
        assert "\0" not in text
        assert len(text) < 9_000
        json.loads(text)


PRIVATE = "Zoë Private <zoe@private.example>"


def test_no_part_of_a_message_can_carry_a_persons_data_into_the_log() -> None:
    for claim in CLAIMS:
        for value in (PRIVATE, [PRIVATE], {PRIVATE: PRIVATE, "id": PRIVATE, "type": [PRIVATE], "title": PRIVATE}):
            for is_login in (True, False):
                attempt = Attempt(launches.STEPS, is_login=is_login, said={claim: value})
                row = LOG.row(attempt, "ok", now=NOW)
                assert "Private" not in json.dumps(row), claim
                assert "private" not in json.dumps(row), claim


def test_a_message_of_any_size_leaves_a_small_row() -> None:
    said = {f"claim-{number}-{'x' * 200}": "" for number in range(5_000)}
    row = LOG.row(Attempt(launches.STEPS, said=said), "ok", now=NOW)
    assert len(str(row["claims"])) < 9_000


def note(
    session: Session, code: str = "ok", *, platform_id: str | None, days_ago: float = 0, reached: str = "state"
) -> str:
    """Notes one, refused at what it reached; its support id."""
    attempt = Attempt(launches.STEPS, platform_id=platform_id, reached=reached)
    launch_log.note(session, LOG.row(attempt, code, now=NOW - timedelta(days=days_ago)))
    return attempt.support_id


def kept(session: Session, *, platform_id: str | None = None, code: str | None = None) -> list[str]:
    return [row.support_id for row in launch_log.recent(session, platform_id=platform_id, code=code, limit=1000)]


def tidy(session: Session, *, days: int = 14, rows: int = 1000) -> None:
    launch_log.forget(session, launch_log.overdue(session, days=days, rows=rows, now=NOW))


def test_the_last_come_first_and_can_be_asked_for_by_platform_and_code(session: Session) -> None:
    one, two = make_platform(session).id, make_platform(session).id
    ids = [note(session, code, platform_id=where) for code in ("ok", "LTI-AUD") for where in (one, two)]
    assert kept(session) == ids[::-1]
    assert kept(session, platform_id=one) == [ids[2], ids[0]]
    assert kept(session, code="LTI-AUD") == [ids[3], ids[2]]
    assert kept(session, platform_id=two, code="ok") == [ids[1]]


def test_one_is_found_by_its_support_id_however_it_is_typed(session: Session) -> None:
    support_id = note(session, platform_id=None)
    for typed in (support_id, support_id.lower(), support_id.replace("-", ""), f" {support_id} "):
        assert launch_log.find(session, typed).support_id == support_id
    with pytest.raises(NotFound):
        launch_log.find(session, "0000-0000")


def test_what_is_older_than_the_setting_is_forgotten(session: Session) -> None:
    platform = make_platform(session).id
    note(session, platform_id=platform, days_ago=14.1)
    note(session, "LTI-AUD", platform_id=None, days_ago=15)
    recent = note(session, platform_id=platform, days_ago=13.9)
    tidy(session)
    assert kept(session) == [recent]


def test_a_platform_keeps_its_last_rows_and_its_refusals_do_not_push_out_its_launches(session: Session) -> None:
    one, two = make_platform(session).id, make_platform(session).id
    quiet = note(session, platform_id=two)
    good = [note(session, platform_id=one) for _ in range(3)]
    bad = [note(session, "LTI-AUD", platform_id=one) for _ in range(7)]
    tidy(session, rows=4)
    assert kept(session) == [*bad[:-5:-1], *good[::-1], quiet]


def test_what_strangers_post_does_not_push_out_what_the_lms_signed(session: Session) -> None:
    one = make_platform(session).id
    signed = [note(session, "LTI-AUD", platform_id=one, reached="audience") for _ in range(3)]
    made_up = [note(session, "LTI-STATE-UNKNOWN", platform_id=one) for _ in range(7)]
    forged = [note(session, "LTI-SIGNATURE", platform_id=one, reached="signature") for _ in range(2)]
    tidy(session, rows=4)
    assert kept(session) == [*forged[::-1], *made_up[:-3:-1], *signed[::-1]]


def test_rows_without_a_platform_have_their_limit_too(session: Session) -> None:
    of_platform = note(session, platform_id=make_platform(session).id)
    strangers = [note(session, "LTI-STATE-MISSING", platform_id=None) for _ in range(9)]
    tidy(session, rows=4)
    assert kept(session) == [*strangers[:-5:-1], of_platform]


def test_all_platforms_together_have_a_limit(session: Session) -> None:
    for _ in range(52):
        note(session, platform_id=make_platform(session).id)
    tidy(session, rows=1)
    assert len(kept(session)) == 50


def test_a_support_id_that_is_taken_fails_no_launch(session: Session) -> None:
    attempt = Attempt(launches.STEPS)
    for _ in range(2):
        launch_log.note(session, LOG.row(attempt, "ok", now=NOW))
    assert kept(session) == [attempt.support_id]


def test_every_check_has_its_words() -> None:
    assert [step for step in (*login.STEPS, *launches.STEPS) if step not in launch_words.CHECKS] == []
    assert launch_words.why("LTI-AUD") == "The launch is meant for another tool."


def test_roles_are_called_as_the_pages_call_them() -> None:
    kept_as = ("ta", "learner", "test_user", "teacher", None)
    assert [launch_words.role(value) for value in kept_as] == ["TA", "student", "test user", "teacher", ""]
