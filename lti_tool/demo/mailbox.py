"""A mail server that delivers nowhere: each letter that the tool hands in is kept, for whoever tries the demo."""

import socketserver
from collections.abc import Callable
from threading import Thread
from typing import cast

OPENING, TEXT, TAKEN = "220 demo", "DATA", "."
_ANSWERS = {
    "EHLO": "250 demo",
    "MAIL": "250 OK",
    "RCPT": "250 OK",
    "DATA": "354 Go on",
    ".": "250 OK",
    "QUIT": "221 Bye",
}


class Mailbox(socketserver.ThreadingTCPServer):
    """Listens on loopback, at a port that is free; `keep` gets each letter as it came."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, keep: Callable[[bytes], object]) -> None:
        super().__init__(("127.0.0.1", 0), _Talk)
        self.keep = keep

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    def __enter__(self) -> "Mailbox":
        Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_failure: object) -> None:
        self.shutdown()
        self.server_close()

    def answer(self, verb: str) -> str:
        """What it says to a command, and with "." to a whole letter."""
        return _ANSWERS.get(verb, "502 Not here")


class _Talk(socketserver.StreamRequestHandler):
    """As much of RFC 5321 as a sender needs."""

    def handle(self) -> None:
        mailbox = cast(Mailbox, self.server)
        self._say(OPENING)
        while line := self.rfile.readline():
            verb = line[:4].decode("ascii", "replace").strip().upper()
            answer = mailbox.answer(verb)
            self._say(answer)
            if verb == "QUIT":
                return
            if verb == TEXT and answer.startswith("354"):
                letter = self._letter()
                answer = mailbox.answer(TAKEN)
                if answer.startswith("250"):
                    mailbox.keep(letter)
                self._say(answer)

    def _letter(self) -> bytes:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        return b"".join(lines)

    def _say(self, answer: str) -> None:
        self.wfile.write(f"{answer}\r\n".encode())
