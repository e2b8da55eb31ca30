"""Letters on their way: whoever runs a mailer sends what is due, in a thread of its own, so that a mail server which
hangs keeps nothing else waiting.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from threading import Event, Thread
from urllib.parse import urlsplit

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from lti_tool import clock
from lti_tool.alerts import composing, letters
from lti_tool.alerts.letters import Claimed
from lti_tool.db import writing
from lti_tool.settings import Settings
from lti_tool.smtp import Server, Unsent, Unsure, send
from lti_tool.unforeseen import CODE, outlived

_LOOKS_EVERY_S = 5.0
_WITHIN_S = 30.0
"""How long a mail server may take in all for one letter."""
_LAST_S = 10.0

_log = logging.getLogger(__name__)


class Mailer:
    """Sends for as long as it is at work, or what is due at once; one for a process."""

    def __init__(
        self,
        settings: Settings,
        engine: Engine,
        *,
        now: Callable[[], datetime] = clock.now,
        within_s: float = _WITHIN_S,
    ) -> None:
        self._settings = settings
        self._engine = engine
        self._now = now
        self._within_s = within_s
        self._ended = Event()
        self._server = Server(
            host=settings.smtp_host,
            port=settings.smtp_port,
            starttls=settings.smtp_starttls,
            user=settings.smtp_user,
            password=settings.smtp_password,
            calls_us=urlsplit(settings.public_url).hostname or "localhost",
        )

    @contextmanager
    def at_work(self) -> Iterator[Callable[[], bool]]:
        """During the block a thread of this process sends; what it gives says whether that still lives.

        Without a mail server there is nothing to do.
        """
        if not self._settings.sends_mail:
            yield lambda: True
            return
        thread = Thread(target=self._work, name="mailer", daemon=True)
        thread.start()
        try:
            yield thread.is_alive
        finally:
            self._ended.set()
            thread.join(_LAST_S)

    def _work(self) -> None:
        while not self._ended.wait(_LOOKS_EVERY_S):
            try:
                self.deliver()
            except SQLAlchemyError:
                _log.warning("letters wait for the database")

    def deliver(self) -> int:
        """Sends what is due at this moment, and returns how many letters that were."""
        began, tried = time.monotonic(), 0
        while not self._ended.is_set():
            with writing(self._engine) as session:
                claimed = letters.claim(session, now=self._now())
            if claimed is None:
                break
            tried += 1
            with outlived(f"letter {claimed.letter.id}") as piece:
                self._send(claimed)
            if piece.fault:
                self._settle(claimed, "waiting", error=f"{CODE} ({piece.fault})")
        if tried:
            _log.info("%d letters in %d ms", tried, (time.monotonic() - began) * 1000)
        return tried

    def _send(self, claimed: Claimed) -> None:
        with writing(self._engine) as session:
            ready = composing.compose(session, claimed.letter, settings=self._settings)
        if ready is None:
            self._settle(claimed, "dropped")
            return
        try:
            send(
                self._server,
                ready.text,
                sender=self._settings.smtp_sender,
                recipient=ready.recipient,
                hand=lambda: self._hand(claimed),
                within_s=self._within_s,
            )
        except Unsent as fault:
            _log.warning("letter %s was not sent: %s", claimed.letter.id, fault)
            self._settle(claimed, "failed" if fault.is_final else "waiting", error=str(fault))
        except Unsure:
            _log.warning("letter %s went out, and no answer came: it is not sent again", claimed.letter.id)
        else:
            self._settle(claimed, "sent")

    def _hand(self, claimed: Claimed) -> bool:
        with writing(self._engine) as session:
            return letters.hand(session, claimed)

    def _settle(self, claimed: Claimed, status: str, *, error: str | None = None) -> None:
        with writing(self._engine) as session:
            letters.settle(session, claimed, status, now=self._now(), error=error)
