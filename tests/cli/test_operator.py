"""`creditroll operator link`: the address that opens the operator's pages."""

import pytest

from lti_tool import clock, operator_link
from tests.cli.conftest import Run

SECRET = "a secret for tests, long enough for all"


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """A link asks nothing of the database before it is opened."""
    return sqlite_url


def test_each_link_is_another_that_opens_for_ten_minutes(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDITROLL_SECRET_KEY", SECRET)
    monkeypatch.setenv("CREDITROLL_PUBLIC_URL", "https://tool.test")
    first, second = run("operator", "link", "--json"), run("operator", "link")
    assert first.json["address"].startswith("https://tool.test/operator/enter/")
    assert second.out.startswith("https://tool.test/operator/enter/")
    assert "keep it to yourself" in second.err
    now = clock.now()
    links = [
        operator_link.read(SECRET, address.strip().rpartition("/")[2], now=now)
        for address in (first.json["address"], second.out)
    ]
    assert links[0]
    assert links[1]
    assert links[0].once != links[1].once
    assert operator_link.read(SECRET, second.out.strip().rpartition("/")[2], now=now + operator_link.LASTS) is None


def test_without_the_secret_key_no_link_is_made(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CREDITROLL_SECRET_KEY", raising=False)
    refused = run("operator", "link")
    assert (refused.code, refused.out) == (1, "")
    assert "CREDITROLL_SECRET_KEY" in refused.err
