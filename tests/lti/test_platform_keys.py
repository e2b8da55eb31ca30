"""Key sets are read over real HTTP: once, again for a new key, and never because somebody asks often."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

import pytest
from flask import Response

from lti_tool.lti.platform_keys import PlatformKeys
from lti_tool.lti.refusals import KeysUnreadable, KidUnknown
from lti_tool.outbound import Outbound
from tests.lti_platform import HOSTS, FakePlatform, key, serving_platform

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def server() -> Iterator[FakePlatform]:
    with serving_platform() as platform:
        yield platform


@pytest.fixture
def platform(server: FakePlatform) -> FakePlatform:
    server.published, server.answer, server.fetches = [key().jwk], None, 0
    return server


@pytest.fixture
def keys() -> PlatformKeys:
    return PlatformKeys(Outbound(HOSTS))


def numbers(keys: PlatformKeys, platform: FakePlatform, kid: str = "key-1", *, now: datetime = NOW) -> int:
    return keys.find(platform.jwks_url, kid, now=now).public_numbers().n


def public(kid: str) -> int:
    return key(kid).private.public_key().public_numbers().n


def test_a_key_set_is_read_once_for_many_launches(keys: PlatformKeys, platform: FakePlatform) -> None:
    for minutes in range(50):
        assert numbers(keys, platform, now=NOW + timedelta(minutes=minutes)) == public("key-1")
    assert platform.fetches == 1


def test_a_new_key_is_found_by_one_more_read(keys: PlatformKeys, platform: FakePlatform) -> None:
    numbers(keys, platform)
    platform.published = [key().jwk, key("key-2").jwk]
    assert numbers(keys, platform, "key-2") == public("key-2")
    assert numbers(keys, platform, "key-1") == public("key-1")
    assert platform.fetches == 2


def test_a_withdrawn_key_is_gone_when_the_set_is_read_again(keys: PlatformKeys, platform: FakePlatform) -> None:
    numbers(keys, platform)
    platform.published = [key("key-2").jwk]
    with pytest.raises(KidUnknown):
        numbers(keys, platform, now=NOW + timedelta(hours=2))


def test_a_flood_of_unknown_keys_is_one_read_in_thirty_seconds(keys: PlatformKeys, platform: FakePlatform) -> None:
    for index in range(200):
        with pytest.raises(KidUnknown):
            numbers(keys, platform, f"made-up-{index}", now=NOW + timedelta(milliseconds=index))
    assert platform.fetches == 1
    with pytest.raises(KidUnknown):
        numbers(keys, platform, "made-up", now=NOW + timedelta(seconds=31))
    assert platform.fetches == 2


def test_a_class_that_comes_at_once_reads_the_key_set_once(keys: PlatformKeys, platform: FakePlatform) -> None:
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda _: numbers(keys, platform), range(32)))
    assert found == [public("key-1")] * 32
    assert platform.fetches == 1


BAD_ANSWERS = {
    "503_html": lambda: Response("<h1>Down</h1>", 503),
    "503_json": lambda: Response('{"keys": []}', 503, content_type="application/json"),
    "error_with_a_key": lambda: Response(json.dumps({"keys": [key().jwk]}), 500),
    "not_json": lambda: Response("<html>", 200),
    "json_list": lambda: Response("[]", 200),
    "no_keys": lambda: Response('{"error": "busy"}', 200),
    "keys_null": lambda: Response('{"keys": null}', 200),
    "keys_empty": lambda: Response('{"keys": []}', 200),
    "deep": lambda: Response("[" * 100_000, 200),
    "too_large": lambda: Response(json.dumps({"keys": [key().jwk]}) + " " * 300_000, 200),
    "redirects_for_ever": lambda: Response("", 302, {"Location": "/jwks"}),
}


@pytest.mark.parametrize("case", BAD_ANSWERS)
def test_a_bad_answer_is_refused_and_not_remembered(case: str, keys: PlatformKeys, platform: FakePlatform) -> None:
    platform.answer = BAD_ANSWERS[case]()
    with pytest.raises(KeysUnreadable):
        numbers(keys, platform)
    platform.answer = None
    assert numbers(keys, platform, now=NOW + timedelta(seconds=6)) == public("key-1")


@pytest.mark.parametrize("case", BAD_ANSWERS)
def test_the_last_good_keys_stay_while_the_lms_is_down(case: str, keys: PlatformKeys, platform: FakePlatform) -> None:
    numbers(keys, platform)
    platform.answer = BAD_ANSWERS[case]()
    assert numbers(keys, platform, now=NOW + timedelta(hours=2)) == public("key-1")
    with pytest.raises(KidUnknown):
        numbers(keys, platform, now=NOW + timedelta(hours=25))


def test_an_lms_that_is_down_is_asked_again_after_five_seconds_only(keys: PlatformKeys, platform: FakePlatform) -> None:
    platform.answer = Response("", 503)
    for milliseconds in range(0, 4900, 100):
        with pytest.raises(KeysUnreadable):
            numbers(keys, platform, now=NOW + timedelta(milliseconds=milliseconds))
    assert platform.fetches == 1


def jwk(**changes: Any) -> dict[str, Any]:
    return {name: value for name, value in (key().jwk | changes).items() if value is not None}


UNUSABLE: dict[str, Any] = {
    "1024_bits": jwk(n=key("weak", 1024).jwk["n"]),
    "17000_bits": jwk(n=urlsafe_b64encode(((1 << 17_000) + 1).to_bytes(2126)).rstrip(b"=").decode()),
    "for_encryption": jwk(use="enc"),
    "without_kid": jwk(kid=None),
    "kid_number": jwk(kid=1),
    "rs512": jwk(alg="RS512"),
    "symmetric": {"kty": "oct", "k": "c2VjcmV0", "kid": "key-1", "alg": "RS256"},
    "elliptic": {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "kid": "key-1"},
    "without_modulus": jwk(n=None),
    "modulus_number": jwk(n=5),
    "modulus_garbage": jwk(n="***"),
    "even_exponent": jwk(e="AQAA"),
    "text": "key-1",
    "null": None,
}


@pytest.mark.parametrize("case", UNUSABLE)
def test_a_key_that_is_weak_broken_or_for_something_else_is_not_used_and_spoils_no_other(
    case: str, keys: PlatformKeys, platform: FakePlatform
) -> None:
    platform.published = [UNUSABLE[case], key("key-2").jwk]
    assert numbers(keys, platform, "key-2") == public("key-2")
    with pytest.raises(KidUnknown):
        numbers(keys, platform, "key-1")


def test_a_key_without_alg_and_use_is_taken_for_signatures(keys: PlatformKeys, platform: FakePlatform) -> None:
    platform.published = [jwk(alg=None, use=None)]
    assert numbers(keys, platform) == public("key-1")


def test_a_private_address_is_not_called_unless_the_operator_named_it(platform: FakePlatform) -> None:
    with pytest.raises(KeysUnreadable):
        numbers(PlatformKeys(Outbound(frozenset())), platform)
    assert platform.fetches == 0


def test_a_redirect_to_a_private_address_is_not_followed(platform: FakePlatform) -> None:
    inside = platform.jwks_url.replace("localhost", "127.0.0.1")
    platform.answer = Response("", 302, {"Location": inside})
    with pytest.raises(KeysUnreadable):
        numbers(PlatformKeys(Outbound(frozenset({"localhost"}))), platform)
    assert platform.fetches == 1


def test_a_flood_of_unknown_keys_at_once_is_one_read(keys: PlatformKeys, platform: FakePlatform) -> None:
    numbers(keys, platform)

    def attack(index: int) -> None:
        with pytest.raises(KidUnknown):
            numbers(keys, platform, f"made-up-{index}")

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(attack, range(64)))
    assert platform.fetches == 2


@pytest.fixture
def stuck(platform: FakePlatform) -> Iterator[Event]:
    """The key set does not come to its end before the event is set."""
    end = Event()

    def body() -> Iterator[bytes]:
        yield b'{"keys":'
        end.wait(10)
        yield b"[]}"

    platform.answer = Response(body(), 200)
    yield end
    end.set()


def test_whoever_has_a_key_does_not_wait_for_a_slow_key_set(
    keys: PlatformKeys, platform: FakePlatform, stuck: Event
) -> None:
    slow, platform.answer = platform.answer, None
    numbers(keys, platform)
    platform.answer = slow
    later = NOW + timedelta(hours=2)
    with ThreadPoolExecutor(2) as pool:
        reading = pool.submit(numbers, keys, platform, now=later)
        while platform.fetches < 2:
            assert not reading.done()
        assert pool.submit(numbers, keys, platform, now=later).result(timeout=3) == public("key-1")
        assert not reading.done()
        stuck.set()
        assert reading.result() == public("key-1")


def test_a_slow_key_set_holds_a_class_once_and_is_then_left_alone(platform: FakePlatform, stuck: Event) -> None:
    keys = PlatformKeys(Outbound(HOSTS, within_s=0.3))

    def launch(seconds: int) -> None:
        with pytest.raises(KeysUnreadable):
            numbers(keys, platform, now=NOW + timedelta(seconds=seconds))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(launch, [0] * 16))
    launch(29)
    assert platform.fetches == 1
    assert not stuck.is_set()
    platform.answer = None
    assert numbers(keys, platform, now=NOW + timedelta(seconds=31)) == public("key-1")
