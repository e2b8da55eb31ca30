"""Lists in pages: a cursor is a place in one list, and holds although rows come and go."""

import binascii
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from uuid import UUID

from flask import Response, request

from lti_tool.db import moment
from lti_tool.errors import Invalid
from lti_tool.web.api.queries import Page

Item = Mapping[str, object]

_as_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode

START = ""
"""Before every id."""


def start(asked: Page) -> str:
    """The id after which the page begins. Raises Invalid for a cursor that this very list did not give."""
    if asked.cursor is None:
        return START
    try:
        path, _, place = urlsafe_b64decode(asked.cursor.encode()).decode().rpartition("?")
        if path == request.path and _cursor(place) == asked.cursor:
            return str(UUID(place))
    except (binascii.Error, ValueError):
        pass
    raise Invalid("cursor: It is not one that this list gave.", field="cursor")


def listed(items: Sequence[Item], asked: Page) -> Response:
    """One page of items that each have an id; whoever calls has looked for one more than was asked for."""
    shown = items[: asked.limit]
    more = len(items) > asked.limit
    return shaped({"items": shown, "next": _cursor(str(shown[-1]["id"])) if more else None})


def shaped(shape: Item) -> Response:
    """The thing as an answer."""
    return Response(text(shape), content_type="application/json")


def text(shape: Item) -> str:
    """The thing as JSON."""
    return _as_json(shape)


def rfc3339(microseconds: int) -> str:
    """A moment as the database keeps it, in RFC 3339 and UTC: 2026-11-23T09:00:00.000000Z."""
    return moment(microseconds).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _cursor(place: str) -> str:
    return urlsafe_b64encode(f"{request.path}?{place}".encode()).decode()
