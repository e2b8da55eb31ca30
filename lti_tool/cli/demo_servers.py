"""What the demo runs: servers in threads of this process, the tool as its child; none of them outlives it."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Event, Thread

import requests
from flask import Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from lti_tool.cli import Failed, main

LOOPBACK = "127.0.0.1"
LOOK_EVERY_S = 0.1
_START_S = 60
_STOP_S = 20


@contextmanager
def stopping() -> Iterator[Event]:
    """An event that the usual ways to end a program set; what is under way ends in order, without a traceback."""
    stop = Event()
    names = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {name: signal.signal(name, lambda *_: stop.set()) for name in names}
    try:
        yield stop
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


@contextmanager
def claimed(port: int) -> Iterator[socket.socket]:
    """The port, for as long as the block lasts; 0 is any that is free. Raises Failed."""
    with _claim(port) as listening:
        yield listening


def _claim(port: int) -> socket.socket:
    """Listens there, so that two demos cannot both believe that they have the port. Raises Failed."""
    listening = socket.socket()
    # After a stop the system keeps the port for a minute; a port on which somebody listens is refused all the same.
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((LOOPBACK, port))
        listening.listen(128)
    except OSError as error:
        listening.close()
        raise Failed(
            f"Port {port} is in use, perhaps by another demo: end that one, or choose --port (make demo PORT=9000)."
        ) from error
    return listening


@contextmanager
def serving(app: Flask, listening: socket.socket) -> Iterator[None]:
    """One of ours, in threads of this process: it remembers in memory, and so ends with us in any case."""
    server: BaseWSGIServer = make_server(LOOPBACK, 0, app, threaded=True, request_handler=_Quiet, fd=listening.fileno())
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": LOOK_EVERY_S}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


class _Quiet(WSGIRequestHandler):
    """The demo's terminal is for the URL."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing."""


@contextmanager
def tool(port: int, environ: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """`creditroll serve`, which has the jobs' consumer with it; ended, with all its children, in any case."""
    ours = ["-P", "-c", "from lti_tool.cli.demo_servers import run; run()"]
    command = [sys.executable, *ours, "serve", "--host", LOOPBACK, "--port", str(port), "--workers", "1"]
    # Ctrl-C reaches the whole group; a child that is still importing would answer with a traceback. We end it below.
    listening = signal.signal(signal.SIGINT, signal.SIG_IGN)
    tool = subprocess.Popen(command, env=environ, stdin=subprocess.PIPE)  # noqa: S603 - our own words
    signal.signal(signal.SIGINT, listening)
    try:
        yield tool
    finally:
        tool.terminate()
        try:
            tool.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            tool.kill()
            tool.wait()


def run() -> None:
    """The command `creditroll` as the demo's child, which it never outlives: its standard input ends with the demo."""
    Thread(target=_end_with_input, daemon=True).start()
    main()


def _end_with_input() -> None:
    os.read(0, 1)  # not sys.stdin: a worker that is forked meanwhile closes it, and would wait for its lock for ever
    os.kill(os.getpid(), signal.SIGTERM)


def await_answers(tool: subprocess.Popen[bytes], urls: Sequence[str], stop: Event) -> None:
    """Returns once all these addresses answer, or somebody stops us. Raises Failed."""
    deadline = time.monotonic() + _START_S
    while not stop.is_set():
        require_alive(tool)
        if all(_answers(url) for url in urls):
            return
        if time.monotonic() > deadline:
            raise Failed(f"The tool did not answer within {_START_S} seconds; what it said is above.")
        stop.wait(LOOK_EVERY_S)


def _answers(url: str) -> bool:
    # A loopback address through the proxy of this shell would ask another machine.
    with requests.Session() as session:
        session.trust_env = False
        try:
            return session.get(url, timeout=5).status_code == 200
        except requests.RequestException:
            return False


def require_alive(tool: subprocess.Popen[bytes]) -> None:
    """Raises Failed if the tool ended."""
    if tool.poll() is not None:
        raise Failed(f"The tool ended by itself (exit code {tool.returncode}), so the demo ends too.")
