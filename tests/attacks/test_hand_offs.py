"""What we sign for exporting services opens no other door, and no door opens for what else the same key signs."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient

from lti_tool.demo.config import LmsConfig
from lti_tool.demo.exporter.config import TAKES, ExporterConfig
from lti_tool.demo.exporter.tokens import Door, TokenRefusedError
from lti_tool.demo.platform import create_lms
from lti_tool.demo.tools import NRPS_SCOPE
from lti_tool.licenses.export_services import ExportService
from lti_tool.licenses.handing_off import TYPE, HandOff
from lti_tool.lti.keyring import open_keyring
from lti_tool.lti.signing_keys import Keyring
from tests.demo_lms import TIMEOUT_S, running, serving

EXPORTER = "http://localhost:8003"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@pytest.fixture
def keyring(tmp_path: Path) -> Keyring:
    return open_keyring(tmp_path / "keys")


@pytest.fixture
def tool(keyring: Keyring) -> Iterator[str]:
    """An origin with the tool's key set."""
    app = Flask("keys")
    app.add_url_rule("/lti/jwks.json", view_func=lambda: keyring.jwks)
    with running(app) as url:
        yield url


@pytest.fixture
def lms(tool: str) -> Iterator[LmsConfig]:
    """An LMS that knows the tool."""
    with serving("localhost") as server:
        config = LmsConfig(url=server.url, tool_url=tool)
        server.show(create_lms(config))
        yield config


def hand_off(keyring: Keyring, tool: str, *, typ: str = TYPE, **changes: object) -> str:
    """A token for the exporter, with some claims changed."""
    now = datetime.now(UTC)
    handed = HandOff(ExportService("Export", EXPORTER + TAKES), "l1", "m1", "c1", "export-credits", 1, 0)
    return keyring.sign(handed.claims(issuer=tool, now=now) | changes, now, typ=typ)


def ask_token(lms: LmsConfig, assertion: str) -> requests.Response:
    fields = {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION,
        "client_assertion": assertion,
        "scope": NRPS_SCOPE,
    }
    return requests.post(lms.auth_token_url, data=fields, timeout=TIMEOUT_S)


def test_a_hand_off_is_no_client_assertion(keyring: Keyring, tool: str, lms: LmsConfig) -> None:
    refused = ask_token(lms, hand_off(keyring, tool))
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")
    its_own = {"iss": lms.client_id, "sub": lms.client_id, "aud": lms.auth_token_url}
    assert ask_token(lms, hand_off(keyring, tool, typ="JWT", **its_own)).status_code == 200, "or it refuses everything"


def test_a_client_assertion_is_no_hand_off(keyring: Keyring, tool: str) -> None:
    door = Door(ExporterConfig(url=EXPORTER, tool_url=tool, framed_by=EXPORTER, api_keys={"l1": "crk_x"}))
    now = int(time.time())
    assertion = {
        "iss": "client",
        "sub": "client",
        "aud": "https://lms.example",
        "iat": now,
        "exp": now + 60,
        "jti": "a",
    }
    with pytest.raises(TokenRefusedError):
        door.read(keyring.sign(assertion, datetime.now(UTC)))
    with pytest.raises(TokenRefusedError, match="no hand-off"):
        door.read(hand_off(keyring, tool, typ="JWT"))
    assert door.read(hand_off(keyring, tool)), "or it refuses everything"


def test_a_hand_off_is_no_launch(client: FlaskClient, keyring: Keyring) -> None:
    token = hand_off(keyring, "https://tool.test", nonce="n", typ="JWT")
    for typ_of in (token, hand_off(keyring, "https://tool.test")):
        answer = client.post("/lti/launch", data={"id_token": typ_of, "state": "x"})
        assert answer.status_code in (400, 401)
        assert "Set-Cookie" not in answer.headers
