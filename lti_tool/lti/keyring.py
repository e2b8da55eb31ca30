"""The folder of the signing keys: made on first need, for its owner's eyes only, never half written, parsed once.

The name of a key's file says since when it signs (`key-0002-20261126T103000Z.pem`), so that every process and host that
has the folder, a copy of it, or one restored from a backup, agrees on which key signs.
"""

import logging
import os
import re
import stat
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import ClassVar

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from lti_tool.errors import NotFound, Refusal
from lti_tool.lti.signing_keys import ALWAYS, Keyring, SigningKey, Status, thumbprint

LEAD = timedelta(hours=25)
"""From showing a key to signing with it: LMSs read our key set once a day or oftener; an hour for caches in between."""

_BITS = 2048
_NAME = re.compile(r"key-(\d{4,9})(?:-(\d{8}T\d{6}Z))?\.pem")
_TIME = "%Y%m%dT%H%M%SZ"
_OTHERS = stat.S_IRWXG | stat.S_IRWXO

_log = logging.getLogger(__name__)
_in_use: dict[Path, Keyring] = {}


class KeysUnusable(Refusal):
    """The folder, or a file in it, is not what it should be."""

    code: ClassVar[str] = "keys_unusable"
    status: ClassVar[int] = 503


class KeysExposed(KeysUnusable):
    """Somebody but the owner could read or change the keys."""

    code: ClassVar[str] = "keys_exposed"


class KeyNeeded(Refusal):
    """The key cannot be retired: it signs, or what it signed may still be good."""

    code: ClassVar[str] = "key_needed"


@dataclass(frozen=True)
class _File:
    """A key's file; equal as long as its content is."""

    number: int
    signs_from: datetime
    path: Path
    content: tuple[int, ...]
    mode: int = field(compare=False)


def open_keyring(folder: Path) -> Keyring:
    """The keys in the folder as they are now; the first is made if there never was one. Raises KeysUnusable.

    Cheap enough for every use: files are parsed when they are new, so a rotation counts at once everywhere. A folder
    that was good and is not any more is written down, and the keys that were in it stay in use.
    """
    try:
        files = _files(folder)
        if not files and folder not in _in_use:
            _write(folder, 1, ALWAYS)
            files = _files(folder)
        _in_use[folder] = _parsed(tuple(files))
    except KeysUnusable as fault:
        if folder not in _in_use:
            raise
        _log.error("the signing keys stay as they were: %s", fault.detail)
    return _in_use[folder]


def read_keyring(folder: Path) -> Keyring:
    """The keys as the files are, for their operator; there may be none. Raises KeysUnusable, KeysExposed."""
    require_private(folder)
    files = _files(folder)
    return _parsed(tuple(files)) if files else Keyring(())


def require_private(folder: Path) -> None:
    """Raises KeysExposed if others than the owner may get at the keys."""
    if not (files := _files(folder)):
        return
    if folder.stat().st_mode & _OTHERS:
        raise KeysExposed(f"The folder of the signing keys is open to others: run `chmod 700 {folder}`.")
    for file in files:
        if file.mode & _OTHERS:
            raise KeysExposed(
                f"The signing key {file.path.name} is open to others: run `chmod 600 {file.path}`, and"
                " `creditroll keys rotate --now` if anybody may have read it."
            )


def rotate(folder: Path, *, now: datetime, at_once: bool = False) -> SigningKey:
    """Makes a key that is shown from now on and signs after LEAD, or at once. Raises KeysUnusable, KeysExposed.

    Of any number of rotations at the same time each makes its own key.
    """
    require_private(folder)
    number = 1
    signs_from = ALWAYS
    if files := _files(folder):
        number = files[-1].number + 1
        signs_from = (now if at_once else now + LEAD).replace(microsecond=0)
    path = _write(folder, number, signs_from)
    return _load(next(file for file in _files(folder) if file.path == path))


def retire(folder: Path, kid: str, *, now: datetime, though_needed: bool = False) -> SigningKey:
    """Removes a key. Raises KeyNeeded, NotFound, KeysUnusable, KeysExposed.

    A key whose time has not come can go at any time. The signing key cannot; one that signed until lately can if the
    operator would rather have what it signed refused.
    """
    keyring = read_keyring(folder)
    key = next((key for key in keyring.keys if key.kid == kid), None)
    if key is None:
        raise NotFound("There is no key of that name.")
    status, needed_until = keyring.status(key, now), keyring.needed_until(key)
    if status is Status.SIGNING:
        raise KeyNeeded("This key signs. Make another one with `creditroll keys rotate` first, and wait for its time.")
    if status is Status.OLD and needed_until and needed_until > now and not though_needed:
        raise KeyNeeded(
            f"What this key signed may be good until {needed_until:%Y-%m-%d %H:%M} UTC. Wait until then, or use --now.",
            needed_until=needed_until,
        )
    for file in _files(folder):
        if _load(file).kid == kid:
            file.path.unlink(missing_ok=True)
    return key


def _files(folder: Path) -> list[_File]:
    """The files of keys, oldest key first; whatever else is in the folder is none of ours."""
    try:
        paths = folder.iterdir() if folder.exists() else ()
        found = [_file(path, *named) for path in paths if (named := _named(path.name))]
    except OSError as error:
        raise KeysUnusable(f"The signing keys in {folder} cannot be read: {error.strerror}.") from error
    return sorted(found, key=lambda file: (file.number, file.signs_from, file.path.name))


def _file(path: Path, number: int, signs_from: datetime) -> _File:
    found = path.stat()
    return _File(number, signs_from, path, (found.st_ino, found.st_mtime_ns, found.st_size), found.st_mode)


@lru_cache(maxsize=64)
def _named(name: str) -> tuple[int, datetime] | None:
    """The number of a key and since when it signs, by the name of its file."""
    if not (match := _NAME.fullmatch(name)):
        return None
    number, time = match.groups()
    try:
        return int(number), datetime.strptime(time, _TIME).replace(tzinfo=UTC) if time else ALWAYS
    except ValueError as error:
        raise KeysUnusable(f"The name of the signing key {name} holds no date.") from error


def _write(folder: Path, number: int, signs_from: datetime) -> Path:
    """A new key in a file of its own, whole or not at all.

    However many processes start at once, all of them end up with one first key: the first link to its name stands.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        with NamedTemporaryFile(dir=folder, prefix=".new-") as file:  # made with mode 600
            file.write(_generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
            file.flush()
            os.fsync(file.fileno())
            return _link(Path(file.name), folder, number, signs_from)
    except OSError as error:
        raise KeysUnusable(f"No signing key can be written to {folder}: {error.strerror}.") from error


def _generate() -> RSAPrivateKey:
    while True:
        private = generate_private_key(65537, _BITS)
        if not thumbprint(private).startswith("-"):  # on a command line it would look like an option
            return private


def _link(new: Path, folder: Path, number: int, signs_from: datetime) -> Path:
    since = "" if signs_from == ALWAYS else f"-{signs_from:{_TIME}}"
    while True:
        path = folder / f"key-{number:04}{since}.pem"
        try:
            path.hardlink_to(new)
        except FileExistsError:
            if not since:
                return path  # another process made the first key meanwhile
            number += 1
        else:
            return path


@lru_cache(maxsize=8)
def _parsed(files: tuple[_File, ...]) -> Keyring:
    if not files:
        raise KeysUnusable("The folder of the signing keys is empty, and was not: restore it from a backup.")
    return Keyring(tuple({key.kid: key for key in map(_load, files)}.values()))


@lru_cache(maxsize=32)
def _load(file: _File) -> SigningKey:
    try:
        private = load_pem_private_key(file.path.read_bytes(), None)
    except (OSError, ValueError, TypeError) as error:
        raise KeysUnusable(f"The signing key {file.path.name} cannot be read.") from error
    if not isinstance(private, RSAPrivateKey) or private.key_size < _BITS:
        raise KeysUnusable(f"The signing key {file.path.name} is no RSA key of {_BITS} bits or more.")
    return SigningKey(thumbprint(private), private, file.signs_from)
