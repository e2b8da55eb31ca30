"""How often one address may ask for what costs something; each worker process counts by itself."""

from flask import request
from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from lti_tool.errors import Refusal


class TooOften(Refusal):
    """The address asked as often as it may; nothing was done."""

    code = "too_often"
    status = 429


class Pace:
    """A limit such as "20/hour" for each address; where the operator limits no launches, nothing here either."""

    def __init__(self, limit: str) -> None:
        self._limit = parse(limit)
        self._limiter = FixedWindowRateLimiter(MemoryStorage())

    def keep(self, launch_rate_limit: str) -> None:
        """Counts this request. Raises TooOften."""
        if launch_rate_limit != "off" and not self._limiter.hit(self._limit, request.remote_addr or ""):
            raise TooOften("That was often. Wait some minutes, then try again.")
