"""A token is believed only in the one way that LTI signs."""

import json
from base64 import urlsafe_b64encode
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from lti_tool.lti.id_tokens import read
from lti_tool.lti.refusals import (
    AlgorithmRefused,
    KidMissing,
    LaunchRefused,
    SignatureWrong,
    TokenMalformed,
    TokenTooLarge,
)
from tests.lti_platform import key

CLAIMS = {"sub": "s-1", "name": "Zoë"}


def sign(header: dict[str, Any] | None = None, claims: dict[str, Any] | None = None) -> str:
    return jwt.encode(claims or CLAIMS, key().private, algorithm="RS256", headers={"kid": "key-1"} | (header or {}))


def part(value: object) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def test_a_signed_token_gives_its_claims() -> None:
    token = read(sign())
    assert token.kid == "key-1"
    assert token.verify(key().private.public_key()) == CLAIMS


def test_another_key_of_the_same_name_does_not_verify() -> None:
    with pytest.raises(SignatureWrong):
        read(sign()).verify(key("key-2").private.public_key())


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_changed_character_is_noticed_wherever_it_is(place: int) -> None:
    parts = sign().split(".")
    for index in (0, len(parts[place]) // 2, len(parts[place]) - 1):
        was = parts[place][index]
        for now in "AB-_wQ":
            if now == was:
                continue
            changed = [*parts]
            changed[place] = parts[place][:index] + now + parts[place][index + 1 :]
            with pytest.raises(LaunchRefused):
                read(".".join(changed)).verify(key().private.public_key())


@pytest.mark.parametrize("alg", ["none", "None", "HS256", "RS384", "RS512", "ES256", "PS256", "", None, 5, ["RS256"]])
def test_any_algorithm_but_rs256_is_refused(alg: object) -> None:
    _, payload, signature = sign().split(".")
    with pytest.raises(AlgorithmRefused):
        read(f"{part({'alg': alg, 'kid': 'key-1'})}.{payload}.{signature}")


def test_a_token_signed_with_the_public_key_as_a_secret_is_refused() -> None:
    pem = key().private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    with pytest.raises(AlgorithmRefused):
        read(jwt.api_jws.encode(json.dumps(CLAIMS).encode(), pem.hex(), "HS256", headers={"kid": "key-1"}))


@pytest.mark.parametrize("header", [{"crit": ["exp"]}, {"b64": False, "crit": ["b64"]}, {"b64": False}, {"b64": True}])
def test_a_header_that_must_be_understood_is_refused(header: dict[str, Any]) -> None:
    _, payload, signature = sign().split(".")
    with pytest.raises(AlgorithmRefused):
        read(f"{part({'alg': 'RS256', 'kid': 'key-1'} | header)}.{payload}.{signature}")


@pytest.mark.parametrize("kid", [None, "", 5, ["key-1"], "x" * 256])
def test_a_token_that_does_not_name_its_key_is_refused(kid: object) -> None:
    _, payload, signature = sign().split(".")
    with pytest.raises(KidMissing):
        read(f"{part({'alg': 'RS256', 'kid': kid})}.{payload}.{signature}")


MALFORMED = {
    "empty": "",
    "one_part": "abc",
    "two_parts": "e30.e30",
    "four_parts": "e30.e30.e30.e30",
    "encrypted": "e30.e30.e30.e30.e30",
    "header_no_json": f"{urlsafe_b64encode(b'hello').decode()}.e30.e30",
    "header_list": f"{part([1])}.e30.e30",
    "header_deep": f"{urlsafe_b64encode(b'[' * 30_000).decode().rstrip('=')}.e30.e30",
    "header_no_base64": "*.e30.e30",
    "spaces": f" {part({'alg': 'RS256', 'kid': 'k'})}.e30.e30",
    "standard_base64": f"{part({'alg': 'RS256', 'kid': 'k'})}.e30.++//",
    "padded": f"{part({'alg': 'RS256', 'kid': 'k'})}.e30.AA==",
    "half_character": f"{part({'alg': 'RS256', 'kid': 'k'})}.e30.A\ud800",
}


@pytest.mark.parametrize("case", MALFORMED)
def test_what_is_no_token_is_refused(case: str) -> None:
    with pytest.raises(TokenMalformed):
        read(MALFORMED[case])


@pytest.mark.parametrize("payload", [b"hello", b"[1]", b'"text"', b"\xff\xfe", b"[" * 30_000])
def test_a_signed_payload_that_is_no_object_is_refused(payload: bytes) -> None:
    token = jwt.api_jws.encode(payload, key().private, "RS256", headers={"kid": "key-1"})
    with pytest.raises(TokenMalformed):
        read(token).verify(key().private.public_key())


def test_a_huge_token_is_refused_before_anything_is_done_with_it() -> None:
    with pytest.raises(TokenTooLarge):
        read(sign(claims={"name": "x" * 65_536}))
