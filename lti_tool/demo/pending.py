"""Things that wait for one answer: kept by an unguessable name, given out once, forgotten when they are too old."""

import time
from threading import Lock
from typing import Generic, TypeVar

_Thing = TypeVar("_Thing")


class Pending(Generic[_Thing]):
    """Safe between threads."""

    def __init__(self, lasts_s: float) -> None:
        self._lasts_s = lasts_s
        self._waiting: dict[str, tuple[_Thing, float]] = {}
        self._lock = Lock()

    def put(self, name: str, thing: _Thing) -> None:
        """Waits from now on."""
        now = time.time()
        with self._lock:
            while self._waiting:  # oldest first: a launch must not cost more the more launches there were
                oldest = next(iter(self._waiting))
                if self._waiting[oldest][1] > now:
                    break
                del self._waiting[oldest]
            self._waiting[name] = (thing, now + self._lasts_s)

    def look(self, name: str) -> _Thing | None:
        """What waits under that name, and goes on waiting."""
        with self._lock:
            thing, ends_at = self._waiting.get(name, (None, 0.0))
        return thing if ends_at > time.time() else None

    def take(self, name: str) -> _Thing | None:
        """What waits under that name, for the one who asks first."""
        with self._lock:
            thing, ends_at = self._waiting.pop(name, (None, 0.0))
        return thing if ends_at > time.time() else None
