"""`creditroll keys`, as docs/operator/keys.md describes it."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from lti_tool.cli import main
from tests.cli.conftest import Outcome, Run


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the keys are."""
    folder = tmp_path / "keys"
    monkeypatch.setenv("CREDITROLL_KEYS_DIR", str(folder))
    return folder


@pytest.fixture
def run(folder: Path) -> Run:
    """Runs `creditroll keys` with the arguments; no database is needed."""

    def invoke(*arguments: str) -> Outcome:
        result = CliRunner().invoke(main, ["keys", *arguments])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Outcome(result.exit_code, result.stdout, result.stderr)

    return invoke


def test_before_the_first_start_there_is_no_key_and_none_is_made(run: Run, folder: Path) -> None:
    assert run("list", "--json").json == []
    assert "None yet" in run("list").out
    assert not folder.exists()


def test_a_rotated_key_is_listed_and_signs_after_a_day(run: Run) -> None:
    first = run("rotate", "--json").json
    assert (first["status"], first["signs_from"], first["needed_until"]) == ("signing", None, None)

    second = run("rotate", "--json").json

    assert second["status"] == "waiting"
    assert datetime.fromisoformat(second["signs_from"]) > datetime.now(UTC) + timedelta(hours=24)
    assert run("list", "--json").json == [first, second]


def test_an_emergency_rotation_signs_at_once_and_says_what_follows(run: Run) -> None:
    run("rotate")
    done = run("rotate", "--now", "--json")
    assert done.json["status"] == "signing"
    assert "read our keys again" in done.err
    old = run("list", "--json").json[0]
    assert old["status"] == "old"
    assert datetime.fromisoformat(old["needed_until"]) > datetime.now(UTC)


def test_a_key_that_is_needed_is_kept_unless_the_operator_insists(run: Run) -> None:
    old = run("rotate", "--json").json["kid"]
    new = run("rotate", "--now", "--json").json["kid"]

    for kid, because in ((new, "signs"), (old, "may be good until"), ("nothing", "no key of that name")):
        refused = run("retire", kid)
        assert (refused.code, refused.out) == (1, "")
        assert because in refused.err
        assert len(refused.err.splitlines()) == 1

    assert run("retire", new, "--now").code == 1
    done = run("retire", old, "--now", "--json")
    assert done.json == {"kid": old, "status": "retired"}
    assert done.err
    assert [key["kid"] for key in run("list", "--json").json] == [new]


def test_people_see_lines_and_nothing_private(run: Run) -> None:
    for arguments in (("rotate",), ("rotate",), ("rotate", "--now"), ("list",)):
        done = run(*arguments)
        assert (done.code, "{" in done.out, "PRIVATE" in done.out + done.err) == (0, False, False)
    listed = run("list").out.splitlines()
    assert [line.split()[1] for line in listed] == ["old", "old", "signing"]
    assert "needed until" in listed[0]
    assert "since 20" in listed[2]
    assert "may be retired" in listed[1]


def test_no_list_shows_a_private_number(run: Run) -> None:
    shape = json.loads(run("rotate", "--json").out)
    assert set(shape) == {"kid", "status", "signs_from", "needed_until"}


@pytest.mark.parametrize(("what", "mode", "mend"), [("folder", 0o755, "chmod 700"), ("file", 0o640, "chmod 600")])
def test_exposed_keys_are_refused_in_one_line(run: Run, folder: Path, what: str, mode: int, mend: str) -> None:
    kid = run("rotate", "--json").json["kid"]
    [file] = folder.iterdir()
    (folder if what == "folder" else file).chmod(mode)
    for arguments in (("list",), ("rotate",), ("retire", kid)):
        refused = run(*arguments)
        assert (refused.code, refused.out) == (1, "")
        assert mend in refused.err
        assert len(refused.err.splitlines()) == 1


def test_wrong_usage_is_told_apart(run: Run) -> None:
    assert run("retire").code == 2
    assert run("nonsense").code == 2
