"""Things that are good for one use: remembered for as long as they could come again, and not much longer."""

import time
from threading import Lock


class Once:
    """Remembers ids until they expire; safe between threads."""

    def __init__(self) -> None:
        self._used: dict[str, float] = {}
        self._lock = Lock()

    def is_first_use(self, one_time_id: str, *, expires_at: float) -> bool:
        """True the first time an id is shown, false ever after; `expires_at` in seconds since the epoch."""
        with self._lock:
            self._forget_expired()
            if one_time_id in self._used:
                return False
            self._used[one_time_id] = expires_at
            return True

    def _forget_expired(self) -> None:
        now = time.time()
        while self._used:  # oldest first: a launch must not cost more the more launches there were
            oldest = next(iter(self._used))
            if self._used[oldest] > now:
                return
            del self._used[oldest]
