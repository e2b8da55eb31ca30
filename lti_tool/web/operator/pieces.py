"""What the operator's lists have in common: how long a page of them is, and what was looked for."""

from collections.abc import Sequence
from typing import TypeVar

from flask import request

PAGE = 50
_LONGEST_TEXT = 120

_Row = TypeVar("_Row")


def text() -> str:
    """What `?find=` looks for."""
    return request.args.get("find", "").strip()[:_LONGEST_TEXT]


def after() -> str:
    """Where the page goes on."""
    return request.args.get("after", "")[:_LONGEST_TEXT]


def cut(found: Sequence[_Row]) -> tuple[Sequence[_Row], _Row | None]:
    """Of PAGE + 1 rows those of this page, and the last of them if there are more."""
    rows = found[:PAGE]
    return rows, rows[-1] if len(found) > PAGE else None
