"""`creditroll serve`: the production server with its workers and the background jobs, ended together."""

import logging
import multiprocessing
import multiprocessing.process
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from threading import Event, Lock, Thread

import click
from flask import Flask
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.mp import MPServer

from lti_tool import logs, schema
from lti_tool.cli import Failed
from lti_tool.db import open_engine
from lti_tool.lti.keyring import open_keyring, require_private
from lti_tool.settings import Settings, load, require_secret

_THREADS = 8
"""Most requests that a worker has under way: as many as it has database connections."""
_LAST_S = 15
"""What requests and jobs under way may still take when the server ends."""
_QUIET = {"formatters": {}, "handlers": {}, "loggers": {"_granian": {"propagate": True}}}

_log = logging.getLogger(__name__)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True)
@click.option("--workers", type=click.IntRange(1, 64), default=2, show_default=True, help="Processes.")
def command(host: str, port: int, workers: int) -> None:
    """Run the production server until it is told to end (SIGTERM, Ctrl-C).

    SIGHUP replaces the workers one by one. Migrations are never run from here.
    """
    settings = load(os.environ)
    require_secret(settings)
    require_private(settings.keys_dir)
    _require_current_database(settings)
    _require_free(host, port)
    open_keyring(settings.keys_dir)  # the first key is made now, where a fault is seen, and not for the first LMS
    logs.configure(settings.log_level)
    with _shared_metrics():
        import_module("lti_tool.app")  # once, for all workers: a new one then answers within milliseconds
        _run(host, port, workers, settings)


def _run(host: str, port: int, workers: int, settings: Settings) -> None:
    with _jobs():
        if settings.log_level in ("debug", "info"):
            click.echo(f"Creditroll answers at http://{host}:{port} with {workers} workers. Ctrl-C ends it.", err=True)
        _server(host, port, workers, settings).serve()


def application() -> Flask:
    """The WSGI application of one worker; any other WSGI server can be given this factory."""
    from lti_tool.app import create_app

    if (parent := multiprocessing.parent_process()) is not None:
        _end_once(parent)
    settings = load(os.environ)
    logs.configure(settings.log_level)
    return create_app(settings)


def blocking_threads() -> int:
    """How many requests a worker has under way at once: enough to keep its core busy while some wait."""
    return min(_THREADS, multiprocessing.cpu_count() * 2 + 1)


def _require_current_database(settings: Settings) -> None:
    engine = open_engine(settings.database_url)
    try:
        if schema.current(engine) != schema.newest():
            raise Failed("The database is not up to date: run `creditroll db upgrade` first.")
    finally:
        engine.dispose()


def _require_free(host: str, port: int) -> None:
    # The workers share the port (SO_REUSEPORT), so a second server would quietly take half of the first one's visitors.
    try:
        family, kind, proto, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, proto) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise Failed(f"Cannot listen at {host}:{port}: {error.strerror}. Choose another with --port.") from error


def _server(host: str, port: int, workers: int, settings: Settings) -> MPServer:
    return MPServer(
        f"{__name__}:application",
        factory=True,
        interface=Interfaces.WSGI,
        address=host,
        port=port,
        workers=workers,
        blocking_threads=blocking_threads(),
        websockets=False,
        respawn_failed_workers=True,
        workers_kill_timeout=_LAST_S,
        log_level=LogLevels.info if settings.log_level == "debug" else LogLevels.warning,
        log_dictconfig=_QUIET,
    )


@contextmanager
def _shared_metrics() -> Iterator[None]:
    # Set before prometheus_client is imported: it decides then whether workers count together.
    with tempfile.TemporaryDirectory(prefix="creditroll-metrics-") as folder:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        yield


# Popen waits until its pipe to the child is closed. A worker that is forked at that moment gets a copy of it, and Popen
# would wait as long as the worker lives, without seeing the jobs end.
_forking = Lock()
os.register_at_fork(before=_forking.acquire, after_in_parent=_forking.release, after_in_child=_forking.release)


@contextmanager
def _jobs() -> Iterator[None]:
    ended = Event()
    keeper = Thread(target=_keep_jobs, args=(ended,), name="jobs")
    keeper.start()
    try:
        yield
    finally:
        ended.set()
        keeper.join()


def _keep_jobs(ended: Event) -> None:
    while not ended.is_set():
        # Its own session: Ctrl-C is for the server, which then ends the jobs in order.
        command = [sys.executable, "-m", "lti_tool.jobs", str(os.getpid())]
        with _forking:
            jobs = subprocess.Popen(command, start_new_session=True)  # noqa: S603 # our own module, nothing from outside
        while jobs.poll() is None and not ended.wait(0.5):
            pass
        if ended.is_set():
            jobs.terminate()
            try:
                jobs.wait(_LAST_S)
            except subprocess.TimeoutExpired:
                jobs.kill()
                jobs.wait()
        else:
            _log.error("the jobs ended with %s; starting them again", jobs.returncode)
            ended.wait(2)


def _end_once(parent: multiprocessing.process.BaseProcess) -> None:
    """Lets a worker hear one SIGTERM, in a thread: Granian's worker hangs when a second signal meets its handler.

    Ctrl-C sends one to everybody, and the server then a second; a service manager may do the same.
    """
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # a forked worker has the server's handler, which ends nothing here
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})

    def end() -> None:
        signal.sigwait({signal.SIGTERM})
        handler = signal.getsignal(signal.SIGTERM)
        if callable(handler):
            handler(signal.SIGTERM, None)
        else:
            os._exit(0)  # still starting: nothing is under way

    def watch() -> None:
        # A server that was killed outright cannot end its workers, and they would keep the port.
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)

    for what in (end, watch):
        Thread(target=what, name=what.__name__, daemon=True).start()
