"""Processes that end in the middle: the transaction is lost, and whoever asked does not know how far it came."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, event


class Crash(BaseException):
    """The process is gone. Nobody in the product may catch it, so it is no Exception."""


class Crashes:
    """Ends what runs in its block at a chosen moment: before its n-th statement, or before its COMMIT."""

    def __init__(self, engine: Engine) -> None:
        self._left = 0
        event.listen(engine, "before_cursor_execute", self._come)
        if engine.dialect.name == "sqlite":  # on PostgreSQL it may have gone along with the last statement already
            event.listen(engine, "commit", self._come)

    @contextmanager
    def at(self, moment: int) -> Iterator[None]:
        """The block ends with Crash at that moment, from 1 on, if it gets that far; 0 is never."""
        self._left = moment
        yield
        self._left = 0

    def _come(self, *_about: object) -> None:
        if self._left:
            self._left -= 1
            if self._left == 0:
                raise Crash
