"""One letter to one mail server, with an end by the clock; the caller learns whether it may have arrived."""

import smtplib
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from lti_tool.deadline import Deadline

_SILENCE_S = 10.0
"""How long the server may say nothing; `Deadline` ends the whole in any case."""


@dataclass(frozen=True)
class Server:
    """Where letters are handed in, and how; `calls_us` is the name that we greet it by."""

    host: str
    port: int
    starttls: bool
    user: str
    password: str
    calls_us: str


class Unsent(Exception):
    """It did not arrive; `is_final` says that it never will. The text is short and names nobody."""

    def __init__(self, why: str, *, is_final: bool = False) -> None:
        super().__init__(why)
        self.is_final = is_final


class Unsure(Exception):
    """All of it went out and no answer came: it may have arrived."""


def send(
    server: Server, letter: bytes, *, sender: str, recipient: str, hand: Callable[[], bool], within_s: float
) -> None:
    """Sends it. `hand` is called just before the text goes out, and says whether it still may.

    Raises Unsent, Unsure.
    """
    handed = False
    try:
        with Deadline(within_s) as deadline, _Conversation(server, deadline) as smtp:
            _introduce(smtp, server)
            _accepted(smtp.mail(sender))
            _accepted(smtp.rcpt(recipient), refuses_for_good=True)
            if not hand():
                raise Unsent("somebody else has it")
            handed = True
            _accepted(smtp.data(letter), refuses_for_good=True)
            with suppress(OSError, smtplib.SMTPException):  # it was taken; how they part changes nothing
                smtp.quit()
    except smtplib.SMTPDataError as error:
        raise _refusal(error.smtp_code, is_final=True) from error
    except smtplib.SMTPResponseException as error:
        raise _refusal(error.smtp_code) from error
    except (OSError, smtplib.SMTPException) as error:
        if handed:
            raise Unsure() from error
        raise Unsent(type(error).__name__) from error


class _Conversation(smtplib.SMTP):
    def __init__(self, server: Server, deadline: Deadline) -> None:
        self._deadline = deadline
        super().__init__(server.host, server.port, local_hostname=server.calls_us, timeout=_SILENCE_S)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:  # what smtplib has to be overridden
        connected = socket.create_connection((host, port), timeout)
        self._deadline.watch(connected)
        return connected

    def __exit__(self, *_failure: object) -> None:
        self.close()  # smtplib's own says goodbye first, and waits for the answer


def _introduce(smtp: smtplib.SMTP, server: Server) -> None:
    smtp.ehlo_or_helo_if_needed()
    if server.starttls:
        smtp.starttls(context=ssl.create_default_context())
        smtp.ehlo()
    if server.user:
        smtp.login(server.user, server.password)


def _accepted(answer: tuple[int, bytes], *, refuses_for_good: bool = False) -> None:
    code, _ = answer
    if code not in (250, 251):
        raise _refusal(code, is_final=refuses_for_good)


def _refusal(code: int, *, is_final: bool = False) -> Unsent:
    """Not the server's words: they name whom the letter is for."""
    return Unsent(f"SMTP {code}", is_final=is_final and 500 <= code < 600)
