"""A TCP proxy before PostgreSQL that cuts a connection after a commit is done and before anybody hears of it.

It reads just enough of the protocol (https://www.postgresql.org/docs/current/protocol-message-formats.html) to see
when a transaction that wrote has ended: by COMMIT, or with a single statement that is a transaction of its own.
"""

import re
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Lock, Thread

from sqlalchemy import make_url

_WRITES = re.compile(rb"\b(insert into|update|delete from)\b", re.IGNORECASE)
_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER: closing sends RST, as a firewall that lost the connection does."""


class Proxy:
    """Stands before one database; `url` is that database through it."""

    def __init__(self, database_url: str) -> None:
        target = make_url(database_url)
        host = str(target.query.get("host") or target.host or "127.0.0.1")
        port = target.port or 5432
        self._upstream = f"{host}/.s.PGSQL.{port}" if host.startswith("/") else (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        here = target.set(host="127.0.0.1", port=self._listener.getsockname()[1], query={"sslmode": "disable"})
        self.url = here.render_as_string(hide_password=False)
        self.cuts = 0
        self._armed = False
        self._lock = Lock()
        self._open: list[_Line] = []
        Thread(target=self._accept, daemon=True).start()

    def cut_next(self) -> None:
        """The next acknowledgement of a write is lost, with its connection."""
        self._armed = True

    def takes(self) -> bool:
        """Whether this acknowledgement is the one to lose."""
        with self._lock:
            armed, self._armed = self._armed, False
            self.cuts += armed
            return armed

    def close(self) -> None:
        """Ends everything."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for line in self._open:
            line.cut()

    def _accept(self) -> None:
        with suppress(OSError):  # closed
            while True:
                client, _ = self._listener.accept()
                is_local = isinstance(self._upstream, str)
                server = socket.socket(socket.AF_UNIX if is_local else socket.AF_INET)
                server.connect(self._upstream)
                self._open.append(_Line(self, client, server))


class _Line:
    """One connection through the proxy, with a thread for each direction."""

    def __init__(self, proxy: Proxy, client: socket.socket, server: socket.socket) -> None:
        self._proxy, self._client, self._server = proxy, client, server
        self._prepared: dict[bytes, bytes] = {}
        self._writes = False
        """Whether anything that was sent since the last answer, or in the open transaction, changes rows."""
        for pump in (self._ask, self._answer):
            Thread(target=self._run, args=(pump,), daemon=True).start()

    def cut(self) -> None:
        """Both ends lose the connection at once."""
        for end in (self._client, self._server):
            with suppress(OSError):
                if end.family == socket.AF_INET:
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _run(self, pump: Callable[[], None]) -> None:
        with suppress(OSError, EOFError):
            pump()
        self.cut()

    def _ask(self) -> None:
        """From the client on, noting what is asked."""
        length = _read(self._client, 4)
        self._server.sendall(length + _read(self._client, int.from_bytes(length) - 4))  # the start-up has no kind
        while True:
            kind, body = _message(self._client)
            self._note(kind, body)
            self._server.sendall(_whole(kind, body))

    def _note(self, kind: bytes, body: bytes) -> None:
        if kind == b"P":  # Parse: name, text
            name, statement = body.split(b"\0")[:2]
            self._prepared[name] = statement
        elif kind == b"B":  # Bind: portal, name
            self._writes |= bool(_WRITES.search(self._prepared[body.split(b"\0")[1]]))
        elif kind == b"Q":
            self._writes |= bool(_WRITES.search(body))

    def _answer(self) -> None:
        """Back to the client, whole answers at a time: what a transaction wrote is safe when it says ready and idle."""
        answer = b""
        while True:
            kind, body = _message(self._server)
            answer += _whole(kind, body)
            if kind == b"E" or (kind == b"C" and body == b"ROLLBACK\0"):
                self._writes = False
            if kind == b"R" and body != b"\0\0\0\0":
                self._client.sendall(answer)  # a password is asked for: no answer of ours ends here
                answer = b""
            if kind != b"Z":
                continue
            if body == b"I":  # no transaction is open any more: what was written is committed
                if self._writes and self._proxy.takes():
                    self.cut()
                    return
                self._writes = False
            self._client.sendall(answer)
            answer = b""


def _message(end: socket.socket) -> tuple[bytes, bytes]:
    kind, length = _read(end, 1), int.from_bytes(_read(end, 4))
    return kind, _read(end, length - 4)


def _whole(kind: bytes, body: bytes) -> bytes:
    return kind + (len(body) + 4).to_bytes(4) + body


def _read(end: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size:
        part = end.recv(size - len(found))
        if not part:
            raise EOFError
        found += part
    return found


@contextmanager
def proxy(database_url: str) -> Iterator[Proxy]:
    """Such a proxy for the block."""
    one = Proxy(database_url)
    try:
        yield one
    finally:
        one.close()
