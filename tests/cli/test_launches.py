"""`creditroll launches`, as an operator uses it with a support id in hand."""

import pytest
from sqlalchemy import Engine

from lti_tool.lti import launch_log, launches
from lti_tool.lti.attempts import Attempt
from lti_tool.lti.launch_log import LaunchLog
from lti_tool.lti.roles import Role
from tests.cli.conftest import Run, add_platform
from tests.conftest import Books
from tests.factories import NOW
from tests.lti_platform import CLAIM

LOG = LaunchLog("a secret for tests, long enough for all")


@pytest.fixture
def two(run: Run, books: Books) -> tuple[str, str, str]:
    """The platform, and the support ids of a launch that was let in and of a later one that was refused."""
    platform_id = add_platform(run)["id"]
    said = {"sub": "s-1", "name": "Ada Byron", f"{CLAIM}deployment_id": "d1", "iat": NOW.timestamp() - 3}
    good = Attempt(launches.STEPS, platform_id=platform_id, said=said, carried_by="cookie", role=Role.TEACHER)
    bad = Attempt(launches.STEPS, platform_id=platform_id, said=said, reached="audience")
    with books() as session:
        for attempt, code in ((good, "ok"), (bad, "LTI-AUD")):
            launch_log.note(session, LOG.row(attempt, code, now=NOW))
    return platform_id, good.support_id, bad.support_id


def test_the_last_launches_are_shown_newest_first(run: Run, two: tuple[str, str, str]) -> None:
    platform_id, good, bad = two
    shown = run("launches", "--json").json
    assert [one["support_id"] for one in shown] == [bad, good]
    assert shown[1] | {"checks": 0, "came": 0} == {
        "support_id": good,
        "at": "2026-11-23T09:00:00Z",
        "platform": platform_id,
        "deployment_id": "d1",
        "code": "ok",
        "carried_by": "cookie",
        "skew_s": 3,
        "checks": 0,
        "came": 0,
    }
    assert [line.split()[2] for line in run("launches").out.splitlines()] == [bad, good]


def test_they_can_be_narrowed_by_platform_code_and_number(run: Run, two: tuple[str, str, str]) -> None:
    platform_id, good, bad = two
    for options, wanted in (
        (("--platform", platform_id), [bad, good]),
        (("--code", "LTI-AUD"), [bad]),
        (("--code", "ok"), [good]),
        (("--limit", "1"), [bad]),
    ):
        assert [one["support_id"] for one in run("launches", *options, "--json").json] == wanted


def test_one_is_shown_in_full_by_its_support_id(run: Run, two: tuple[str, str, str]) -> None:
    _, _, bad = two
    full = run("launches", "--support-id", bad.lower()).out
    assert "The launch is meant for another tool. Compare issuer and client id" in full
    assert "failed       It is meant for this client" in full
    assert "not reached  It is still valid" in full
    assert "name: 9 characters" in full
    assert "Ada" not in full
    assert run("launches", "--support-id", bad, "--json").json["checks"]["audience"] == "failed"


def test_an_unknown_support_id_or_platform_is_refused_in_one_line(run: Run) -> None:
    for options in (("--support-id", "0000-0000"), ("--platform", "nothing")):
        refused = run("launches", *options)
        assert (refused.code, refused.out, refused.err.count("\n")) == (1, "", 1)
    assert run("launches", "--new-code").code == 2


def test_none_yet_is_said(run: Run) -> None:
    assert run("launches").out == "None yet.\n"
    assert run("launches", "--json").json == []


def test_an_access_code_is_shown_once_and_kept_as_a_hash(run: Run, two: tuple[str, str, str], engine: Engine) -> None:
    handed = run("launches", "--platform", two[0], "--new-code", "--json")
    assert handed.json["address"] == f"http://127.0.0.1:8000/register/{two[0]}/launches"
    with engine.connect() as connection:
        kept = connection.exec_driver_sql("select log_code_hash from platforms").scalar_one()
    assert handed.json["code"].replace("-", "") not in kept
    assert "cannot be shown again" in handed.err
