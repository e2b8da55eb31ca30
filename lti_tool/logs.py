"""One JSON line a happening, on stderr, without names, tokens or query strings."""

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

HIDDEN = "(hidden)"
_PRIVATE_KEYS = re.compile(
    r"(^|_)(name|email|subject|sub|title|note|token|secret|password|authorization|cookie|assertion|state|nonce|query)$",
    re.IGNORECASE,
)
# Anybody can have a long path logged: each pattern is linear, by a bound or by where it may begin.
_PRIVATE_TEXT = (
    (re.compile(r"eyJ[\w-]{1,1000}\.[\w-]+(\.[\w-]*)?"), HIDDEN),  # a JWT
    (re.compile(r"(/(?:office|papers|enter)/+)[^/\s'\"<]+"), rf"\1{HIDDEN}"),  # an address that is a key by itself
    (re.compile(r"(?i)(bearer|basic)\s+[\w.~+/=-]+"), rf"\1 {HIDDEN}"),
    (re.compile(r"(?<=[^\s?'\"])\?[^\s'\"]+"), f"?{HIDDEN}"),  # a query string
    (re.compile(r"(://[^/\s:@]*):[^@\s/]+@"), rf"\1:{HIDDEN}@"),  # a password in a URL
    (re.compile(r"(?<![^\s@'\"<>])[^\s@'\"<>]+@[\w-]+(\.[\w-]+)+"), HIDDEN),  # an e-mail address
)


def configure(level: str) -> None:
    """Sends everything that this process logs, libraries included, through one scrubbing formatter."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            scrub,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for library in ("alembic", "asyncio", "huey"):
        logging.getLogger(library).setLevel(logging.WARNING)
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def scrub(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Hides what a log must not keep: by the key that names it, or by how the text looks."""
    for key, value in event.items():
        event[key] = HIDDEN if _PRIVATE_KEYS.search(key) else _clean(value)
    return event


def _clean(value: object) -> object:
    if isinstance(value, str):
        for pattern, instead in _PRIVATE_TEXT:
            value = pattern.sub(instead, value)
        return value
    if isinstance(value, Mapping):
        return {key: HIDDEN if _PRIVATE_KEYS.search(str(key)) else _clean(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(one) for one in value]
    return value
