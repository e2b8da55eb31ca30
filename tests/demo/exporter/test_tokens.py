"""The demo's exporter believes the tool's own hand-offs, made for it, fresh and for the first time; nothing else."""

import base64
import hmac
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask, jsonify

from lti_tool.demo.exporter.config import ExporterConfig
from lti_tool.demo.exporter.tokens import Door, Student, TokenRefusedError
from lti_tool.demo.signing_key import SigningKey
from lti_tool.licenses.handing_off import TYPE
from tests.demo_lms import running

URL = "http://localhost:8003"
KEY, OTHER = SigningKey.generate(), SigningKey.generate()


@pytest.fixture(scope="module")
def tool() -> Iterator[str]:
    """An origin that publishes KEY as the tool does."""
    app = Flask("keys")

    @app.get("/lti/jwks.json")
    def keys() -> Any:
        return jsonify(keys=[KEY.public_jwk])

    with running(app) as url:
        yield url


@pytest.fixture
def door(tool: str) -> Door:
    """The exporter's, with a key for one licence."""
    return Door(ExporterConfig(url=URL, tool_url=tool, framed_by="http://localhost", api_keys={"l1": "crk_x"}))


def claims(tool: str, **changes: Any) -> dict[str, Any]:
    """Those of a hand-off; None leaves one out."""
    now = int(time.time())
    given = {
        "iss": tool,
        "aud": URL,
        "sub": "m1",
        "iat": now,
        "exp": now + 300,
        "jti": "j1",
        "license": "l1",
        "course": "c1",
        "resource": "export-credits",
        "available": 5,
        "coming": 5,
    }
    return {name: value for name, value in (given | changes).items() if value is not None}


def signed(body: dict[str, Any], key: SigningKey = KEY, **header: Any) -> str:
    return key.sign(body, {"typ": TYPE, "kid": key.kid} | header)


def part(content: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def test_a_hand_off_is_read_once(door: Door, tool: str) -> None:
    token = signed(claims(tool))
    assert door.read(token) == Student("m1", "l1", 5, 5)
    with pytest.raises(TokenRefusedError, match="used before"):
        door.read(token)
    assert door.read(signed(claims(tool, jti="j2")))


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "https://another-exporter.example"},
        {"aud": f"{URL}/from-creditroll"},
        {"aud": None},
        {"iss": "https://another-tool.example"},
        {"iss": None},
        {"exp": int(time.time()) - 60},
        {"exp": None},
        {"iat": int(time.time()) + 3600},
        {"iat": None},
        {"jti": None},
        {"sub": None},
        {"license": "l2"},
        {"license": None},
    ],
)
def test_one_that_is_for_another_or_not_of_now_is_refused(door: Door, tool: str, changes: dict[str, Any]) -> None:
    with pytest.raises(TokenRefusedError):
        door.read(signed(claims(tool, **changes)))


def test_what_the_same_key_signs_for_lmss_is_refused(door: Door, tool: str) -> None:
    with pytest.raises(TokenRefusedError, match="no hand-off"):
        door.read(signed(claims(tool), typ="JWT"))


def test_a_key_that_the_tool_does_not_publish_is_refused(door: Door, tool: str) -> None:
    with pytest.raises(TokenRefusedError):
        door.read(signed(claims(tool), OTHER))
    with pytest.raises(TokenRefusedError):
        door.read(signed(claims(tool), OTHER, kid=KEY.kid))


def test_a_word_that_was_changed_or_is_not_signed_is_refused(door: Door, tool: str) -> None:
    head, _, signature = signed(claims(tool)).split(".")
    more = part(claims(tool, sub="m2"))
    unsigned = part({"alg": "none", "typ": TYPE, "kid": KEY.kid})
    by_public_key = f"{part({'alg': 'HS256', 'typ': TYPE, 'kid': KEY.kid})}.{more}"
    mac = hmac.digest(KEY.public_pem, by_public_key.encode(), "sha256")
    for token in (
        f"{head}.{more}.{signature}",
        f"{unsigned}.{more}.",
        f"{unsigned}.{more}.{signature}",
        f"{by_public_key}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}",
        "",
        "x",
        "a.b.c",
        "\0",
        f"{part([])}.{more}.{signature}",
        "x" * 50_000,
    ):
        with pytest.raises(TokenRefusedError):
            door.read(token)


def test_keys_that_cannot_be_read_refuse_everybody(tool: str) -> None:
    nowhere = "http://127.0.0.1:9"
    door = Door(ExporterConfig(url=URL, tool_url=nowhere, framed_by="http://localhost", api_keys={"l1": "crk_x"}))
    with pytest.raises(TokenRefusedError, match="could not be read"):
        door.read(signed(claims(nowhere)))
