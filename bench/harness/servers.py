"""The programs that are measured: a durable PostgreSQL, the tool as `creditroll serve`, and floors on its server."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import psycopg

from bench.harness import machine
from lti_tool.cli.serve import blocking_threads
from tests import pgembed

_STARTS_WITHIN_S = 60.0


@dataclass(frozen=True)
class Database:
    """A PostgreSQL whose commits are on the disk; `pid` is its first process."""

    url: str
    pid: int
    socket_folder: str

    def create(self, name: str, *, like: str = "template1") -> str:
        """A new database, empty or a copy of one that nobody is connected to; returns its SQLAlchemy URL."""
        with psycopg.connect(dsn(self.url), autocommit=True) as connection:
            connection.execute(f'create database "{name}" template "{like}"')
        return self.url.replace("/postgres?", f"/{name}?")


@dataclass(frozen=True)
class Server:
    """A program that answers at 127.0.0.1:`port`; `pid` is its first process."""

    port: int
    pid: int


def dsn(url: str) -> str:
    """The address of a PostgreSQL database as psycopg takes it."""
    return url.replace("+psycopg", "")


@contextmanager
def postgresql() -> Iterator[Database]:
    """Runs a PostgreSQL on the server's core as long as the block, with its own settings: every commit is synced."""
    with ExitStack() as stack:
        with machine.on_server_cores():
            started = stack.enter_context(pgembed.running())
        yield Database(started.url, started.process.pid, str(started.place.folder))


@contextmanager
def tool(environment: Mapping[str, str], *, workers: int = 1) -> Iterator[Server]:
    """Runs `creditroll serve` on the server's core as long as the block, with its settings in the environment."""
    port = free_port()
    command = [
        str(Path(sys.executable).with_name("creditroll")),
        "serve",
        "--port",
        str(port),
        "--workers",
        str(workers),
    ]
    with _running(command, environment, port, path="/healthz") as server:
        yield server


@contextmanager
def floor(application: str, environment: Mapping[str, str], *, workers: int = 1, path: str = "/") -> Iterator[Server]:
    """Runs a WSGI factory ("bench.floors.spends:application") on the tool's own server with as many threads."""
    port = free_port()
    options = ["--interface", "wsgi", "--factory", "--host", "127.0.0.1", "--port", str(port), "--no-ws"]
    options += ["--workers", str(workers), "--blocking-threads", str(blocking_threads()), "--log-level", "warning"]
    with _running([sys.executable, "-m", "granian", *options, application], environment, port, path=path) as server:
        yield server


def tool_settings(folder: Path, database_url: str) -> dict[str, str]:
    """The environment of a tool that is measured: nothing limited, its keys and files in the folder."""
    return {
        "CREDITROLL_DATABASE_URL": database_url,
        "CREDITROLL_SECRET_KEY": secrets.token_hex(32),
        "CREDITROLL_PUBLIC_URL": "https://tool.test",
        "CREDITROLL_KEYS_DIR": str(folder / "keys"),
        "CREDITROLL_ALLOW_PRIVATE_HOSTS": "localhost,127.0.0.1",
        "CREDITROLL_API_RATE_LIMIT": "off",
        "CREDITROLL_LAUNCH_RATE_LIMIT": "off",
        "CREDITROLL_LOG_LEVEL": "error",
    }


def free_port() -> int:
    """A port that nobody listens at now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _running(command: list[str], environment: Mapping[str, str], port: int, *, path: str) -> Iterator[Server]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("CREDITROLL_")}
    with machine.on_server_cores():
        process = subprocess.Popen(
            command, env={**inherited, **environment}, stdin=subprocess.DEVNULL, start_new_session=True
        )
    try:
        _await(process, port, path)
        yield Server(port, process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)


def _await(process: "subprocess.Popen[bytes]", port: int, path: str) -> None:
    give_up = time.monotonic() + _STARTS_WITHIN_S
    while time.monotonic() < give_up and process.poll() is None:
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", path)
            connection.getresponse().read()
        except (OSError, HTTPException):
            time.sleep(0.05)
        else:
            return
        finally:
            connection.close()
    raise RuntimeError(f"nothing answers at port {port} (exit code {process.poll()})")
