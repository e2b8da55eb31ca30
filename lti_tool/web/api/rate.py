"""How often one key may call: counted in each worker process, so a tool with W workers lets at most W times as many."""

import math
import time

from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from lti_tool.errors import Refusal


class TooManyRequests(Refusal):
    """The key used up its requests; `figures["retry_after"]` says in how many seconds it has new ones."""

    code = "too_many_requests"
    status = 429


class Rate:
    """A limit such as "1200/minute", for each key by itself; "off" lets everything through."""

    def __init__(self, limit: str) -> None:
        self._limit = None if limit == "off" else parse(limit)
        self._limiter = None if limit == "off" else FixedWindowRateLimiter(MemoryStorage())

    def count(self, key_id: str) -> None:
        """Counts one request of the key. Raises TooManyRequests."""
        if self._limit is None or self._limiter is None or self._limiter.hit(self._limit, key_id):
            return
        window = self._limiter.get_window_stats(self._limit, key_id)
        wait_s = max(1, math.ceil(window.reset_time - time.time()))
        raise TooManyRequests(f"This key may make {self._limit}. Try again in {wait_s} s.", retry_after=wait_s)
