"""Logs keep what happened and lose who it happened to."""

import json
import logging

import pytest
import structlog

from lti_tool import logs

pytestmark = pytest.mark.usefixtures("own_logging")


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    """What was logged, one document a line."""
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_both_ways_of_logging_give_one_json_line_with_the_request(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info")
    structlog.contextvars.bind_contextvars(request_id="r-1")
    structlog.get_logger("ours").info("done", count=3)
    logging.getLogger("theirs").warning("also %s", "done")
    ours, theirs = lines(capsys)
    assert (ours["event"], ours["count"], ours["request_id"], ours["level"]) == ("done", 3, "r-1", "info")
    assert (theirs["event"], theirs["request_id"], theirs["level"]) == ("also done", "r-1", "warning")


def test_lines_below_the_level_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("warning")
    structlog.get_logger("ours").info("quiet")
    assert lines(capsys) == []


@pytest.mark.parametrize(
    "secret",
    [
        "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
        "Authorization: Bearer cr_live_abcdef",
        "GET https://lms.test/members?user=ada&page=2 failed",
        "/lti/login?login_hint=ada",
        "postgresql+psycopg://creditroll:ada@db/creditroll",
        "sent to ada@school.example by mistake",
    ],
)
def test_what_looks_private_is_hidden(secret: str, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info")
    logging.getLogger("any").info("saw %s", secret)
    [line] = lines(capsys)
    text = str(line["event"])
    assert logs.HIDDEN in text
    for part in ("eyJ", "cr_live", "ada"):
        assert part not in text


def test_an_address_that_is_a_key_is_not_kept(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info")
    for path in (
        "/office/IjAx.Xy_-z",
        "//office//IjAx.Xy_-z",
        "https://tool.test/papers/IjAx.Xy_-z",
        "/operator/enter/IjAx.Xy_-z",
    ):
        logging.getLogger("any").info("GET %s refused", path)
    logging.getLogger("any").info("/office/<token>/card")
    *told, route = [str(line["event"]) for line in lines(capsys)]
    assert route == "/office/<token>/card", "which page it was may be known"
    folders = ("/office", "//office/", "https://tool.test/papers", "/operator/enter")
    assert told == [f"GET {folder}/{logs.HIDDEN} refused" for folder in folders]


def test_what_is_named_private_is_hidden_at_any_depth(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info")
    structlog.get_logger("ours").info("seen", email="x", claims={"given_name": "Ada", "roles": ["Learner"]}, sub="7")
    [line] = lines(capsys)
    assert (line["email"], line["sub"]) == (logs.HIDDEN, logs.HIDDEN)
    assert line["claims"] == {"given_name": logs.HIDDEN, "roles": ["Learner"]}


def test_an_exception_is_one_scrubbed_line(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info")
    try:
        raise ValueError("no such person: ada@school.example")
    except ValueError:
        logging.getLogger("any").exception("broke")
    [line] = lines(capsys)
    assert "ValueError" in str(line["exception"])
    assert "ada" not in str(line["exception"])
