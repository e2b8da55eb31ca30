"""LMSs read our public keys, and only those."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from lti_tool.lti.keyring import LEAD, KeysExposed, open_keyring, rotate
from lti_tool.settings import Settings
from tests.conftest import MakeApp


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """Keys are in files."""
    return sqlite_url


def test_the_key_set_is_public_and_checks_what_we_sign(client: FlaskClient, settings: Settings) -> None:
    answer = client.get("/lti/jwks.json")
    assert answer.status_code == 200
    assert answer.mimetype == "application/json"
    assert answer.json == open_keyring(settings.keys_dir).jwks
    assert "Set-Cookie" not in answer.headers
    assert all(set(key) == {"kty", "n", "e", "kid", "alg", "use"} for key in answer.json["keys"])


def test_a_key_is_shown_by_a_running_tool_as_soon_as_it_is_made(client: FlaskClient, settings: Settings) -> None:
    before: Any = client.get("/lti/jwks.json").json
    made = rotate(settings.keys_dir, now=datetime.now(UTC))
    after: Any = client.get("/lti/jwks.json").json
    assert after["keys"] == [*before["keys"], made.jwk]


def test_nobody_keeps_the_key_set_for_so_long_as_to_miss_a_key_before_it_signs(client: FlaskClient) -> None:
    kept = client.get("/lti/jwks.json").cache_control
    assert (kept.public, kept.max_age) == (True, 300)
    assert timedelta(hours=24, seconds=300) <= LEAD


def test_keys_that_cannot_be_read_are_a_503_that_tells_nothing(make_app: MakeApp, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    answer = make_app(keys_dir=str(tmp_path / "file" / "inner")).test_client().get("/lti/jwks.json")
    assert answer.status_code == 503
    assert str(tmp_path) not in answer.text


def test_a_tool_whose_keys_others_may_read_does_not_start(make_app: MakeApp, settings: Settings) -> None:
    open_keyring(settings.keys_dir)
    settings.keys_dir.chmod(0o755)
    with pytest.raises(KeysExposed):
        make_app()
