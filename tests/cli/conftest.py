"""Commands run in-process, with their environment and their two streams kept apart."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from click.testing import CliRunner

from lti_tool.cli import main

ISSUER, CLIENT = "https://lms.test", "client-1"


@dataclass(frozen=True)
class Outcome:
    """What a command left: its exit code and what it printed."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one document on stdout."""
        return json.loads(self.out)


Run = Callable[..., Outcome]


@pytest.fixture
def run(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs `creditroll` with the arguments, on the test's database."""
    monkeypatch.setenv("CREDITROLL_DATABASE_URL", database_url)

    def invoke(*arguments: str) -> Outcome:
        result = CliRunner().invoke(main, [str(one) for one in arguments])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Outcome(result.exit_code, result.stdout, result.stderr)

    return invoke


def add_platform(run: Run, *more: str) -> Any:
    """Registers the LMS that the tests of this folder speak of."""
    urls = [part for kind in ("auth-login", "auth-token", "jwks") for part in (f"--{kind}-url", f"{ISSUER}/{kind}")]
    done = run("platform", "add", "--name", "School", "--issuer", ISSUER, "--client-id", CLIENT, *urls, *more, "--json")
    assert done.code == 0, done.err
    return done.json
