"""`creditroll db` and what other commands say before it ran."""

from pathlib import Path

import pytest

from lti_tool import schema
from tests.cli.conftest import Run


@pytest.fixture
def empty(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Commands on a database that nobody upgraded."""
    monkeypatch.setenv("CREDITROLL_DATABASE_URL", f"sqlite:///{tmp_path / 'deep' / 'new.db'}")
    return run


def test_a_new_database_is_upgraded_to_the_newest_migration(empty: Run) -> None:
    assert empty("db", "current", "--json").json == {"current": None, "newest": schema.newest(), "up_to_date": False}
    assert empty("db", "upgrade").code == 0
    assert empty("db", "current", "--json").json["up_to_date"] is True
    assert "as before" in empty("db", "upgrade").err


def test_other_commands_ask_for_the_upgrade(empty: Run) -> None:
    refused = empty("license", "list")
    assert (refused.code, refused.err) == (
        1,
        "creditroll: The database is not up to date: run `creditroll db upgrade` first.\n",
    )


def test_a_wrong_setting_is_one_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDITROLL_PROVISIONING", "free")
    refused = run("license", "list")
    assert (refused.code, refused.err.count("\n")) == (1, 1)


def test_a_database_that_does_not_answer_is_one_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDITROLL_DATABASE_URL", "postgresql+psycopg://nobody@127.0.0.1:1/none")
    refused = run("db", "current")
    assert refused.code == 1
    assert refused.err.startswith("creditroll: The database does not answer")
    assert refused.err.count("\n") == 1


def test_help_lists_every_command_without_loading_them(run: Run) -> None:
    shown = run("--help").out
    for name in ("demo", "serve", "db", "platform", "launches", "license", "keys", "api-key", "roster", "audit"):
        assert f"\n  {name} " in shown
