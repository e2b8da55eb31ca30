"""An end for an HTTP call by the clock on the wall, however slowly the other side speaks.

Time-outs of sockets begin anew with each byte that comes: in a handshake, in headers, in a body.
"""

import math
import os
import socket
import time
from contextlib import suppress
from contextvars import ContextVar, Token
from functools import cache
from threading import Condition, Lock, Thread
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool


class Deadline:
    """Around one call: what it uses of the network is cut when the time is over."""

    def __init__(self, after_s: float) -> None:
        self.is_over = False
        self.ends_at = math.inf
        self._after_s = after_s
        self._watch = _watch(os.getpid())
        self._lock = Lock()
        self._wires: list[socket.socket] = []
        self._outer: Token[Deadline | None] | None = None

    def __enter__(self) -> "Deadline":
        self.ends_at = time.monotonic() + self._after_s
        self._watch.begin(self)
        self._outer = _current.set(self)
        return self

    def __exit__(self, *_failure: object) -> None:
        self._watch.end(self)
        assert self._outer is not None
        _current.reset(self._outer)
        with self._lock:
            for wire in self._wires:
                wire.close()
            self._wires.clear()

    def watch(self, connected: socket.socket) -> None:
        """From now on the socket is this call's."""
        with self._lock:
            # A copy: TLS takes the socket over before its handshake is done, and nobody sees its own until then.
            self._wires.append(socket.socket(fileno=os.dup(connected.fileno())))
        if self.is_over:
            self.cut()

    def cut(self) -> None:
        """The time is over."""
        with self._lock:
            self.is_over = True
            for wire in self._wires:
                with suppress(OSError):  # the other side may have hung up already
                    wire.shutdown(socket.SHUT_RDWR)


class _Watch:
    """Looks at the clock for all calls of a process: a thread for each would cost as much as the call itself."""

    def __init__(self) -> None:
        self._calls: set[Deadline] = set()
        self._changed = Condition()
        self._wakes_at = math.inf
        self._thread: Thread | None = None

    def begin(self, call: Deadline) -> None:
        """From now on the call is cut when its time is over."""
        with self._changed:
            if self._thread is None or not self._thread.is_alive():
                self._thread = Thread(target=self._look, name="deadlines", daemon=True)
                self._thread.start()  # fails where the machine has no thread left; the next call then tries again
            elif call.ends_at < self._wakes_at:
                self._changed.notify()
            self._calls.add(call)

    def end(self, call: Deadline) -> None:
        """The call is done, or was cut."""
        with self._changed:
            self._calls.discard(call)

    def _look(self) -> None:
        while True:
            with self._changed:
                now = time.monotonic()
                late = [call for call in self._calls if call.ends_at <= now]
                self._calls.difference_update(late)
                if not late:
                    self._wakes_at = min((call.ends_at for call in self._calls), default=math.inf)
                    self._changed.wait(None if math.isinf(self._wakes_at) else self._wakes_at - now)
            for call in late:
                call.cut()


@cache
def _watch(_process: int) -> _Watch:
    return _Watch()  # of this process alone: a fork leaves threads behind


_current: ContextVar[Deadline | None] = ContextVar("deadline", default=None)


def obeys(session: requests.Session) -> None:
    """Lets deadlines end the calls of this session."""
    for adapter in session.adapters.values():
        assert isinstance(adapter, HTTPAdapter)
        adapter.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}


class _Watched(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _watched(super()._new_conn())

    def request(self, *arguments: Any, **options: Any) -> None:
        if self.sock is not None:  # kept from an earlier call
            _watched(self.sock)
        super().request(*arguments, **options)


class _TlsWatched(_Watched, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Watched


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsWatched


def _watched(connected: socket.socket) -> socket.socket:
    deadline = _current.get()
    if deadline is not None:
        deadline.watch(connected)
    return connected
