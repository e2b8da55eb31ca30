"""The audit of everything, in the background: check by check, so that whoever asked for it sees how far it is."""

from collections import deque
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from lti_tool import clock
from lti_tool.db import writing
from lti_tool.ledger.audit import Audited, size
from lti_tool.purchasing import last_audit
from lti_tool.purchasing.last_audit import CHECKS, Tally
from lti_tool.unforeseen import outlived


class Auditor:
    """Does what `last_audit.ask` asked for; no transaction is open from one check to the next."""

    def __init__(self, engine: Engine, *, now: Callable[[], datetime] = clock.now) -> None:
        self._engine = engine
        self._now = now

    def audit(self) -> None:
        """Looks at everything, and keeps what it found; an unforeseen error ends it as one that did not."""
        began_at, tally, done = self._now(), Tally(), 0
        with outlived("the audit"):
            for done, check in enumerate(CHECKS, start=1):
                with Session(self._engine) as session:
                    deque(tally.watch(check.run(session, None)), maxlen=0)
                with writing(self._engine) as session:
                    last_audit.keep(session, tally, done=done, began_at=began_at, now=self._now())
            with Session(self._engine) as session:
                audited = size(session)
            self._end(tally, began_at, done, audited)
            return
        self._end(tally, began_at, done)

    def _end(self, tally: Tally, began_at: datetime, done: int, audited: Audited | None = None) -> None:
        with writing(self._engine) as session:
            last_audit.keep(
                session, tally, done=done, audited=audited, is_over=True, began_at=began_at, now=self._now()
            )
