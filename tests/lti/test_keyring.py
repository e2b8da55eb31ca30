"""The tool's own keys: one set however many start at once, readable by the owner alone."""

import stat
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import jwt

from lti_tool.lti.keyring import open_keyring


def test_the_first_need_makes_a_key_that_only_the_owner_reads(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    open_keyring(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    files = list(folder.iterdir())
    assert [file.name for file in files] == ["key-0001.pem"]
    assert stat.S_IMODE(files[0].stat().st_mode) == 0o600


def test_what_is_signed_is_checked_with_the_published_key_of_its_kid(tmp_path: Path) -> None:
    keyring = open_keyring(tmp_path)
    signed = keyring.sign({"iss": "client-1", "sub": "client-1"})
    [published] = keyring.jwks["keys"]
    assert set(published) == {"kty", "n", "e", "kid", "alg", "use"}
    assert jwt.get_unverified_header(signed) == {"alg": "RS256", "typ": "JWT", "kid": published["kid"]}
    assert jwt.decode(signed, jwt.PyJWK(published), algorithms=["RS256"])["sub"] == "client-1"


def test_a_key_stays_when_the_tool_starts_again(tmp_path: Path) -> None:
    before = open_keyring(tmp_path).jwks
    open_keyring.cache_clear()
    assert open_keyring(tmp_path).jwks == before


def test_all_keys_are_shown_and_the_newest_signs(tmp_path: Path) -> None:
    other = tmp_path / "other"
    first, second = open_keyring(tmp_path).keys[0], open_keyring(other).keys[0]
    (tmp_path / "key-0002.pem").write_bytes((other / "key-0001.pem").read_bytes())
    open_keyring.cache_clear()
    keyring = open_keyring(tmp_path)
    assert [one["kid"] for one in keyring.jwks["keys"]] == [first.kid, second.kid]
    assert jwt.get_unverified_header(keyring.sign({}))["kid"] == second.kid


def test_processes_that_start_at_once_share_one_key(tmp_path: Path) -> None:
    with ProcessPoolExecutor(4, mp_context=get_context("spawn")) as pool:
        kids = set(pool.map(_kid, [tmp_path / "keys"] * 8))
    assert len(kids) == 1
    assert len(list((tmp_path / "keys").iterdir())) == 1


def _kid(folder: Path) -> str:
    return open_keyring(folder).keys[-1].kid
