"""The folder of the tool's own keys: one first key however many start at once, nobody else's eyes, no half files."""

import os
import shutil
import stat
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat

from lti_tool.errors import NotFound
from lti_tool.lti import keyring
from lti_tool.lti.keyring import LEAD, KeyNeeded, KeysExposed, KeysUnusable, open_keyring, retire, rotate
from lti_tool.lti.signing_keys import ALWAYS, Status
from tests.factories import NOW

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the keys will be."""
    return tmp_path / "keys"


def shown(folder: Path) -> list[str]:
    return [key["kid"] for key in open_keyring(folder).jwks["keys"]]


def files(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def test_the_first_need_makes_a_key_that_only_the_owner_reads(folder: Path) -> None:
    open_keyring(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert files(folder) == ["key-0001.pem"]
    assert stat.S_IMODE((folder / "key-0001.pem").stat().st_mode) == 0o600


def test_the_folder_of_a_checkout_is_closed_when_the_first_key_comes_into_it(folder: Path) -> None:
    folder.mkdir(mode=0o755)
    (folder / "README.md").write_text("Signing keys")
    rotate(folder, now=NOW)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert len(shown(folder)) == 1


def test_keys_are_parsed_once_and_stay_when_the_tool_starts_again(folder: Path) -> None:
    before = open_keyring(folder)
    assert open_keyring(folder) is before
    keyring._in_use.clear()
    keyring._parsed.cache_clear()
    keyring._load.cache_clear()
    assert open_keyring(folder).jwks == before.jwks


@pytest.mark.slow
def test_processes_that_start_at_once_share_one_key(folder: Path) -> None:
    with ProcessPoolExecutor(3, mp_context=get_context("spawn")) as pool:
        kids = set(pool.map(_kid, [folder] * 6))
    assert len(kids) == 1
    assert files(folder) == ["key-0001.pem"]


def _kid(folder: Path) -> str:
    return open_keyring(folder).keys[-1].kid


def test_a_new_key_is_shown_at_once_and_signs_a_day_later(folder: Path) -> None:
    [first] = shown(folder)
    made = rotate(folder, now=NOW)
    assert shown(folder) == [first, made.kid]
    ring = open_keyring(folder)
    assert LEAD >= DAY
    assert ring.signer(NOW + DAY).kid == first
    assert ring.signer(NOW + LEAD).kid == made.kid


def test_what_runs_already_signs_with_the_new_key_when_its_time_comes(folder: Path, tmp_path: Path) -> None:
    open_keyring(folder)
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(folder, elsewhere)
    kid = rotate(elsewhere, now=NOW).kid
    shutil.copytree(elsewhere, folder, dirs_exist_ok=True)  # as another process or host does it
    assert open_keyring(folder).signer(NOW + LEAD).kid == kid


def test_in_an_emergency_a_new_key_signs_at_once(folder: Path) -> None:
    open_keyring(folder)
    waiting, at_once = rotate(folder, now=NOW), rotate(folder, now=NOW, at_once=True)
    ring = open_keyring(folder)
    assert ring.signer(NOW).kid == ring.signer(NOW + 2 * LEAD).kid == at_once.kid
    assert ring.status(ring.keys[1], NOW) is Status.OLD
    retire(folder, waiting.kid, now=NOW)


def test_the_first_rotation_of_an_empty_folder_makes_the_one_key_that_signs(folder: Path) -> None:
    made = rotate(folder, now=NOW)
    assert made.signs_from == ALWAYS
    assert shown(folder) == [made.kid]


@pytest.mark.parametrize("restored", ["copied", "touched"])
def test_a_copy_or_a_restored_backup_agrees_on_which_key_signs(folder: Path, restored: str, tmp_path: Path) -> None:
    open_keyring(folder)
    made = rotate(folder, now=NOW)
    other = tmp_path / "other"
    if restored == "copied":
        shutil.copytree(folder, other, copy_function=shutil.copyfile)
    else:
        shutil.copytree(folder, other)
        for file in other.iterdir():
            os.utime(file, (0, 0))
    for file in other.iterdir():
        file.chmod(0o600)
    ring = open_keyring(other)
    assert ring.jwks == open_keyring(folder).jwks
    assert (ring.signer(NOW + DAY).kid, ring.signer(NOW + LEAD).kid) == (ring.keys[0].kid, made.kid)


def test_rotations_at_the_same_time_make_a_key_each(folder: Path) -> None:
    open_keyring(folder)
    with ThreadPoolExecutor(8) as pool:
        made = {key.kid for key in pool.map(lambda _: rotate(folder, now=NOW), range(8))}
    assert len(made) == 8
    assert set(shown(folder)) > made
    assert len(files(folder)) == 9  # and no half or forgotten file among them


def test_a_key_is_retired_when_nothing_that_it_signed_can_be_good(folder: Path) -> None:
    [first] = shown(folder)
    rotate(folder, now=NOW)
    over = open_keyring(folder).needed_until(open_keyring(folder).keys[0])
    assert over is not None
    with pytest.raises(KeyNeeded):
        retire(folder, first, now=over - MINUTE)
    retire(folder, first, now=over)
    assert first not in shown(folder)
    assert len(files(folder)) == 1


def test_the_operator_may_retire_an_old_key_before_its_time(folder: Path) -> None:
    [first] = shown(folder)
    rotate(folder, now=NOW, at_once=True)
    retire(folder, first, now=NOW, though_needed=True)
    assert first not in shown(folder)


def test_the_signing_key_is_never_retired(folder: Path) -> None:
    [first] = shown(folder)
    rotate(folder, now=NOW)
    for though_needed in (False, True):
        with pytest.raises(KeyNeeded, match="signs"):
            retire(folder, first, now=NOW, though_needed=though_needed)
    assert first in shown(folder)


def test_a_key_that_waits_may_be_taken_back(folder: Path) -> None:
    [first] = shown(folder)
    retire(folder, rotate(folder, now=NOW).kid, now=NOW)
    assert shown(folder) == [first]


def test_a_key_that_is_not_there_is_not_found(folder: Path) -> None:
    open_keyring(folder)
    with pytest.raises(NotFound):
        retire(folder, "key-9", now=NOW)


def test_a_key_that_was_copied_under_a_second_name_is_shown_once_and_goes_as_one(folder: Path) -> None:
    [first] = shown(folder)
    shutil.copy(folder / "key-0001.pem", folder / "key-0002.pem")
    assert shown(folder) == [first]
    rotate(folder, now=NOW, at_once=True)
    retire(folder, first, now=NOW, though_needed=True)
    assert first not in shown(folder)


def test_other_files_in_the_folder_are_none_of_ours(folder: Path) -> None:
    [first] = shown(folder)
    for name in ("README.md", ".new-half", "key-0001.pem.bak", "key-one.pem", "private.pem"):
        (folder / name).write_text("-----BEGIN")
    assert shown(folder) == [first]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601, 0o644])
def test_a_key_that_others_may_get_at_is_refused(folder: Path, mode: int) -> None:
    open_keyring(folder)
    (folder / "key-0001.pem").chmod(mode)
    with pytest.raises(KeysExposed, match="chmod 600"):
        keyring.require_private(folder)
    with pytest.raises(KeysExposed):
        rotate(folder, now=NOW)


@pytest.mark.parametrize("mode", [0o750, 0o701, 0o755, 0o777])
def test_a_folder_of_keys_that_others_may_open_is_refused(folder: Path, mode: int) -> None:
    open_keyring(folder)
    folder.chmod(mode)
    with pytest.raises(KeysExposed, match="chmod 700"):
        keyring.require_private(folder)


def test_a_folder_without_keys_exposes_none(folder: Path) -> None:
    keyring.require_private(folder)
    folder.mkdir(mode=0o755)
    keyring.require_private(folder)


def pem(private: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, *, password: bytes | None = None) -> bytes:
    locked = BestAvailableEncryption(password) if password else NoEncryption()
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, locked)


UNUSABLE = {
    "empty": b"",
    "cut_short": b"-----BEGIN PRIVATE KEY-----\nMIIEvQ",
    "short_key": pem(rsa.generate_private_key(65537, 1024)),
    "elliptic": pem(ec.generate_private_key(ec.SECP256R1())),
    "locked": pem(rsa.generate_private_key(65537, 2048), password=b"secret"),
}


@pytest.mark.parametrize("case", UNUSABLE)
def test_a_file_that_is_no_key_stops_the_start_and_not_what_runs(
    folder: Path, case: str, caplog: pytest.LogCaptureFixture
) -> None:
    [first] = shown(folder)
    (folder / "key-0002.pem").write_bytes(UNUSABLE[case])
    assert shown(folder) == [first]
    assert "key-0002.pem" in caplog.text
    with pytest.raises(KeysUnusable, match=r"key-0002\.pem"):
        keyring.read_keyring(folder)
    keyring._in_use.clear()
    with pytest.raises(KeysUnusable, match=r"key-0002\.pem"):
        open_keyring(folder)


def test_a_name_without_a_date_is_refused(folder: Path) -> None:
    open_keyring(folder)
    (folder / "key-0001.pem").rename(folder / "key-0002-20261399T999999Z.pem")
    with pytest.raises(KeysUnusable, match="date"):
        keyring.read_keyring(folder)


def test_a_folder_that_is_suddenly_empty_makes_no_new_key(folder: Path) -> None:
    before = shown(folder)
    shutil.move(folder / "key-0001.pem", folder.parent / "away.pem")
    assert shown(folder) == before
    assert files(folder) == []
    shutil.rmtree(folder)
    assert shown(folder) == before


def test_a_folder_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(KeysUnusable, match="written"):
        open_keyring(tmp_path / "file" / "keys")
