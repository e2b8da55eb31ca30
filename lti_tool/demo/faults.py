"""Everything that goes wrong at real LMSs, as data: planted by `POST /control/faults`, struck by the services."""

import time
from threading import Lock
from typing import Any, Self
from urllib.parse import urlsplit, urlunsplit

from flask import Response
from pydantic import BaseModel, model_validator

_LARGE = 3_000_000
_ANYWHERE = {"none", "status", "html", "slow"}
KINDS = {
    "keys": _ANYWHERE,
    "token": _ANYWHERE | {"expired"},
    "roster": _ANYWHERE
    | {
        "truncated",  # half the JSON, honestly measured
        "cut_off",  # half the JSON, though all of it was promised: the connection broke
        "loop",  # the next page is this one
        "endless",  # after the last page comes the first, under a new address each time
        "foreign_host",  # the next page is at `host`
        "relative",  # the next page is given without scheme and host
        "unquoted",  # rel=next
        "rows",  # `rows` are added to the page as they are
        "duplicates",  # everybody on the page twice
        "large",  # 3 MB more on the page than there need be
    },
}


class Fault(BaseModel, frozen=True, extra="forbid"):
    """`at` is a key of KINDS and `kind` one of its values; None for `page` is every page, for `times` is for ever.

    `status` answers that status (with Retry-After where `retry_after` is given), `html` a sign-in page with 200, `slow`
    the truth after `delay_s`, `expired` an access token that is refused at its first use.
    """

    at: str
    kind: str
    page: int | None = None
    times: int | None = None
    status: int = 500
    retry_after: str | None = None
    delay_s: float = 0
    host: str = "elsewhere.example"
    rows: list[Any] = []

    @model_validator(mode="after")
    def _exists(self) -> Self:
        if self.kind not in KINDS.get(self.at, set()):
            raise ValueError(f"there is no fault {self.kind!r} at {self.at!r}")
        return self

    def refusal(self) -> Response | None:
        """The answer that replaces the real one, if this fault does so; a slow one only waits."""
        if self.kind == "slow":
            time.sleep(self.delay_s)
        if self.kind == "html":
            return Response("<!doctype html><title>Sign in</title><p>Sign in to continue.", mimetype="text/html")
        if self.kind != "status":
            return None
        response = Response('{"errors":"planted"}', status=self.status, mimetype="application/json")
        if self.retry_after is not None:
            response.headers["Retry-After"] = self.retry_after
        return response

    def damage(self, response: Response) -> Response:
        """A true answer, cut short if this fault does so."""
        if self.kind in {"truncated", "cut_off"}:
            whole = response.get_data()
            response.set_data(whole[: len(whole) // 2])
            if self.kind == "cut_off":
                response.headers["Content-Length"] = str(len(whole))
        return response

    def rows_of(self, members: list[Any]) -> list[Any]:
        """A page's members, with what this fault adds to them."""
        if self.kind == "rows":
            return [*members, *self.rows]
        if self.kind == "duplicates":
            return [*members, *members]
        if self.kind == "large":
            return [{**member, "filler": "x" * (_LARGE // max(len(members), 1))} for member in members]
        return members

    def link(self, url: str, rel: str, *, this_url: str) -> str:
        """One entry of a Link header (RFC 8288), bent if this fault does so."""
        parts = urlsplit(url)
        if rel == "next" and self.kind == "loop":
            url = this_url
        elif rel == "next" and self.kind == "foreign_host":
            url = urlunsplit(parts._replace(netloc=self.host))
        elif rel == "next" and self.kind == "relative":
            url = urlunsplit(parts._replace(scheme="", netloc=""))
        return f"<{url}>; rel={rel}" if self.kind == "unquoted" else f'<{url}>; rel="{rel}"'


NO_FAULT = Fault(at="roster", kind="none")


class Faults:
    """The faults planted now, in the order of planting; safe between threads."""

    def __init__(self) -> None:
        self._planted: list[tuple[Fault, int]] = []
        self._lock = Lock()

    def plant(self, fault: Fault) -> None:
        """From now on it strikes."""
        with self._lock:
            self._planted.append((fault, 0))

    def clear(self) -> None:
        """All is well again."""
        with self._lock:
            self._planted.clear()

    def strike(self, at: str, *, page: int = 1) -> Fault:
        """The first fault that meets this request, or NO_FAULT; it counts as struck."""
        with self._lock:
            for index, (fault, struck) in enumerate(self._planted):
                is_here = fault.at == at and fault.page in {None, page}
                if is_here and (fault.times is None or struck < fault.times):
                    self._planted[index] = (fault, struck + 1)
                    return fault
        return NO_FAULT
