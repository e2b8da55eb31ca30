"""`creditroll serve`: the production server with its workers and the background jobs, ended together."""

import gc
import logging
import multiprocessing
import multiprocessing.process
import os
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from multiprocessing import Process
from threading import Event, Thread

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
        _import_once()
        _run(host, port, workers, settings)


def _import_once() -> None:
    """Imports the tool for workers and jobs, which are forked: they start within milliseconds, and share its memory
    and its zipped files.

    The garbage collector would unshare it, since it writes to each object that it looks at; and while nothing but
    imports happens there is hardly any garbage, but a sixth of the time goes into looking for it.
    """
    if sys.platform == "linux":  # where Python from 3.14 on has a helper fork, whose children the jobs would then be
        multiprocessing.set_start_method("fork", force=True)
    gc.disable()
    import_module("lti_tool.app")
    import_module("lti_tool.web.assets").zipped()
    gc.freeze()
    gc.enable()


def _run(host: str, port: int, workers: int, settings: Settings) -> None:
    try:
        with _jobs():
            if settings.log_level in ("debug", "info"):
                address = f"http://{host}:{port}"
                click.echo(f"Creditroll answers at {address} with {workers} workers. Ctrl-C ends it.", err=True)
            _server(host, port, workers, settings).serve()
    finally:
        _put_log_away(settings)


def _put_log_away(settings: Settings) -> None:
    """SQLite's last user to close brings the write-ahead log into the file; who is forked ends without closing."""
    engine = open_engine(settings.database_url)
    if engine.dialect.name == "sqlite":
        schema.current(engine)
        engine.dispose()


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


@contextmanager
def _jobs() -> Iterator[None]:
    ended = Event()
    # Forked before there are workers and threads, whose pipes and locks it would get copies of.
    keeper = Thread(target=_keep_jobs, args=(_start_jobs(), ended), name="jobs")
    keeper.start()
    try:
        yield
    finally:
        ended.set()
        keeper.join()


def _start_jobs() -> Process:
    jobs = Process(target=_work, args=(os.getpid(),), name="jobs")
    jobs.start()
    return jobs


def _work(parent: int) -> None:
    os.setsid()  # Ctrl-C is for the server, which then ends the jobs in order
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)  # forked late, it has the server's handlers, which end nothing here
    import_module("lti_tool.jobs").work(parent)


def _keep_jobs(jobs: Process, ended: Event) -> None:
    while not ended.is_set():
        while jobs.is_alive() and not ended.wait(0.5):
            pass
        if not ended.is_set():
            _log.error("the jobs ended with %s; starting them again", jobs.exitcode)
            if not ended.wait(2):
                jobs = _start_jobs()
    jobs.terminate()
    if not _has_ended(jobs, within_s=_LAST_S):
        jobs.kill()
        jobs.join()


def _has_ended(jobs: Process, *, within_s: float) -> bool:
    # Not `join`, which with a time to wait hears of the end by a pipe: a worker forked at the wrong moment has a copy.
    give_up = time.monotonic() + within_s
    while jobs.is_alive() and time.monotonic() < give_up:
        time.sleep(0.05)
    return not jobs.is_alive()


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
