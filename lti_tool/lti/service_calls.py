"""Calls to an LMS's services: they wait when they are told to, never for long, and fail with one stable code."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from lti_tool.language import _
from lti_tool.outbound import Answer, OutboundError, PrivateAddress, TimedOut, TooLarge

_PAUSES_S = (1.0, 4.0)
"""Between tries where something broke; then it is taken for broken."""
_THROTTLE_S = 2.0
"""Where the LMS throttles us without saying for how long (Canvas)."""


class Fault(StrEnum):
    """Why a service could not be used; the words for people are beside their pages."""

    TOKEN_REFUSED = "token_refused"  # noqa: S105 # a code, not a password
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    REFUSED = "refused"
    THROTTLED = "throttled"
    TIMEOUT = "timeout"
    UNREACHABLE = "unreachable"
    PRIVATE_ADDRESS = "private_address"
    UNAVAILABLE = "unavailable"
    INCOMPLETE = "incomplete"
    TOO_LARGE = "too_large"
    LOOP = "loop"
    FOREIGN_LINK = "foreign_link"


class ServiceFault(Exception):
    """The service brought no usable answer; `detail` is for the operator and holds no secret."""

    def __init__(self, code: Fault, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


@dataclass
class Patience:
    """How long one piece of work may still wait in all; `sleep` may do other things meanwhile, as show progress."""

    clock: Callable[[], datetime]
    sleep: Callable[[float], None]
    left_s: float = 60.0

    def call(self, send: Callable[[], Answer]) -> Answer:
        """The answer, after as many tries as it is worth: throttling is waited for, what breaks is tried 3 times.

        Any status below 500 that isn't throttling is an answer. Raises ServiceFault.
        """
        pauses = iter(_PAUSES_S)
        while True:
            answer, broken = _try(send)
            if answer is not None and _is_throttling(answer):
                asked_s = answer.retry_after_s(self.clock())
                self._wait(_THROTTLE_S if asked_s is None else asked_s, _("The LMS asks us to slow down."))
                continue
            if broken is None:
                assert answer is not None
                return answer
            pause_s = next(pauses, None)
            if pause_s is None or pause_s > self.left_s:
                raise broken  # what is broken is called so, also where there is no time for another try
            asked_s = answer.retry_after_s(self.clock()) if answer is not None else None
            self._wait(max(pause_s, asked_s or 0.0), broken.detail)

    def _wait(self, pause_s: float, why: str) -> None:
        pause_s = max(pause_s, 0.1)  # "Retry-After: 0" must not become a busy loop without end
        if pause_s > self.left_s:
            raise ServiceFault(
                Fault.THROTTLED, f"{why} {_('It wants %(seconds)s s more than we wait.', seconds=round(pause_s))}"
            )
        self.left_s -= pause_s
        self.sleep(pause_s)


def _try(send: Callable[[], Answer]) -> tuple[Answer | None, ServiceFault | None]:
    try:
        answer = send()
    except TooLarge as error:
        raise ServiceFault(Fault.TOO_LARGE, str(error)) from error
    except PrivateAddress as error:
        raise ServiceFault(Fault.PRIVATE_ADDRESS, str(error)) from error
    except OutboundError as error:
        code = Fault.TIMEOUT if isinstance(error, TimedOut) else Fault.UNREACHABLE
        return None, ServiceFault(code, str(error))
    if answer.status >= 500:
        return answer, ServiceFault(Fault.UNAVAILABLE, _("The LMS answered %(status)s.", status=answer.status))
    return answer, None


def _is_throttling(answer: Answer) -> bool:
    # Canvas throttles with 403 "Rate Limit Exceeded"; a 403 that names a time to come again is no final word either.
    if answer.status == 429:
        return True
    return answer.status == 403 and ("Retry-After" in answer.headers or b"rate limit exceeded" in answer.body.lower())
