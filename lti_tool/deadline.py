"""An end for an HTTP call by the clock on the wall, however slowly the other side speaks.

Time-outs of sockets begin anew with each byte that comes: in a handshake, in headers, in a body.
"""

import os
import socket
from contextlib import suppress
from contextvars import ContextVar, Token
from threading import Lock, Timer
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool


class Deadline:
    """Around one call: what it uses of the network is cut when the time is over."""

    def __init__(self, after_s: float) -> None:
        self.is_over = False
        self._timer = Timer(after_s, self._cut)
        self._timer.daemon = True
        self._lock = Lock()
        self._wires: list[socket.socket] = []
        self._outer: Token[Deadline | None] | None = None

    def __enter__(self) -> "Deadline":
        self._outer = _current.set(self)
        self._timer.start()
        return self

    def __exit__(self, *_failure: object) -> None:
        self._timer.cancel()
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
            self._cut()

    def _cut(self) -> None:
        with self._lock:
            self.is_over = True
            for wire in self._wires:
                with suppress(OSError):  # the other side may have hung up already
                    wire.shutdown(socket.SHUT_RDWR)


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
