"""Stripe's idempotency: a key's first answer is every later one's; and faults that tests plant before answers."""

import json
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any

from lti_tool.demo.gateway.errors import StripeError
from lti_tool.demo.gateway.things import new_id

_MOST_KEYS = 5_000
LOST = "lost"
"""A planted fault: the call takes effect, and its answer breaks off."""


@dataclass(frozen=True)
class Answer:
    """What one call was answered."""

    status: int
    body: str
    is_replayed: bool = False
    is_lost: bool = False


@dataclass(frozen=True)
class _Kept:
    path: str
    parameters: Mapping[str, Any]
    answer: Answer | None


class Answers:
    """The oldest key is forgotten first; safe between threads."""

    def __init__(self) -> None:
        self._kept: dict[str, _Kept] = {}
        self._lock = Lock()
        self.planted: deque[int | str] = deque()
        """What the next calls of the API meet, one each: a status, or LOST."""

    def give(
        self, key: str | None, path: str, parameters: Mapping[str, Any], work: Callable[[], Mapping[str, Any]]
    ) -> Answer:
        """The answer of this call, worked out once a key; what `work` refuses is remembered, too. Raises StripeError.

        docs.stripe.com/api/idempotent_requests: parameters that fail validation never got here, so nothing is kept.
        """
        fault = self._fault()
        if key is None:
            return _marked(_worked(work), fault)
        with self._lock:
            kept = self._kept.get(key)
            if kept is None:
                self._kept[key] = _Kept(path, parameters, None)
                while len(self._kept) > _MOST_KEYS:
                    del self._kept[next(iter(self._kept))]
        if kept is not None:
            return _marked(_again(kept, key, path, parameters), fault)
        answer = _worked(work)
        with self._lock:
            self._kept[key] = _Kept(path, parameters, answer)
        return _marked(answer, fault)

    def _fault(self) -> int | str | None:
        with self._lock:
            fault = self.planted.popleft() if self.planted else None
        if isinstance(fault, int):
            kind = {402: "card_error", 429: "rate_limit_error"}.get(fault, "api_error")
            raise StripeError("This was planted by a test.", status=fault, kind=kind)
        return fault


def _worked(work: Callable[[], Mapping[str, Any]]) -> Answer:
    try:
        return Answer(200, json.dumps(work(), indent=2))
    except StripeError as refusal:
        return Answer(refusal.status, json.dumps(refusal.shape(), indent=2))


def _marked(answer: Answer, fault: int | str | None) -> Answer:
    return Answer(answer.status, answer.body, answer.is_replayed, is_lost=fault == LOST)


def _again(kept: _Kept, key: str, path: str, parameters: Mapping[str, Any]) -> Answer:
    for what, same in (("endpoint", kept.path == path), ("parameters", kept.parameters == parameters)):
        if not same:
            raise StripeError(
                f"Keys for idempotent requests can only be used with the same {what} they were first used with. "
                f"Try using a key other than '{key}' if you meant to execute a different request.",
                kind="idempotency_error",
            )
    if kept.answer is None:
        raise StripeError(
            f"There is currently another in-progress request using this Idempotent Key: {key}. Try again later.",
            status=409,
            code="idempotency_key_in_use",
        )
    return Answer(kept.answer.status, kept.answer.body, is_replayed=True)


def new_request_id() -> str:
    """For the header by which support finds a call."""
    return new_id("req_", 14)
