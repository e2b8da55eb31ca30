"""How often one address may ask for what costs something; each worker process counts by itself."""

from typing import cast

from flask import current_app, request
from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from lti_tool.errors import Refusal
from lti_tool.language import _
from lti_tool.settings import Settings

_OFTEN = parse("20/hour")
_LIMITER = "creditroll_pace"


class TooOften(Refusal):
    """The address asked as often as it may; nothing was done."""

    code = "too_often"
    status = 429


def keep_pace(what: str) -> None:
    """Counts one more of `what`, unless the operator limits nothing. Raises TooOften."""
    settings = cast(Settings, current_app.extensions["creditroll"])
    limiter = current_app.extensions.setdefault(_LIMITER, FixedWindowRateLimiter(MemoryStorage()))
    if settings.launch_rate_limit != "off" and not limiter.hit(_OFTEN, what, request.remote_addr or ""):
        raise TooOften(_("That was often. Wait some minutes, then try again."))
