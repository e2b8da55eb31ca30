"""The machine API for programs in Python: needs neither Flask nor a database, and never spends twice.

    creditroll = Client("https://credits.example.org", "crk_…")
    with creditroll.hold(member, 1, reference="film-7") as hold:
        render()            # used if this ends well, free again if it raises

Every call that changes something has one Idempotency-Key, kept through all its retries, so that an answer that was lost
on its way costs nothing. See docs/api.md for the calls.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import requests

_TIMEOUT_S = (3.0, 30.0)
_PASSING = frozenset({429, 500, 502, 503, 504})
"""Answers after which the same request may be sent again: nothing was done, or the key makes it harmless."""
_LONGEST_WAIT_S = 60.0


class CreditrollError(Exception):
    """Anything that kept a call from its answer."""


class Unreachable(CreditrollError):
    """No answer came in all tries. Whether the call took effect is unknown; send it again with its key."""


class Refused(CreditrollError):
    """The tool said no: `code` is stable, `detail` a sentence for people, `figures` the numbers behind it."""

    def __init__(self, status: int, code: str, detail: str, figures: Mapping[str, Any]) -> None:
        super().__init__(f"{code} ({status}): {detail}")
        self.status = status
        self.code = code
        self.detail = detail
        self.figures = figures


class InsufficientCredits(Refused):
    """The member has too few, and no further bundles may be allotted: nothing was taken."""


@dataclass(frozen=True)
class Balance:
    """A member's units: received = available + held + used."""

    available: int
    held: int
    used: int
    received: int


@dataclass(frozen=True)
class Held:
    """A hold as the tool has it; a spend is one that was captured at once and never expires."""

    id: str
    status: str
    amount: int
    captured: int
    resource: str
    member: str
    reference: str | None
    expires_at: datetime | None
    balance: Balance


class Client:
    """One tool, one API key and one resource. Its connections are kept; use one for each thread.

    `resource` is what calls are about that name none. `tries` is how often a call is sent in all where answers fail to
    come; `sleep` waits between them, in seconds.
    """

    def __init__(
        self,
        url: str,
        api_key: str,
        *,
        resource: str = "export-credits",
        tries: int = 5,
        timeout_s: tuple[float, float] = _TIMEOUT_S,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._base = f"{url.rstrip('/')}/api/v1"
        self._resource = resource
        self._tries = tries
        self._timeout_s = timeout_s
        self._sleep = sleep
        self._http = requests.Session()
        self._http.headers["Authorization"] = f"Bearer {api_key}"

    def licenses(self) -> Iterator[dict[str, Any]]:
        """The licenses that the key reaches, with their figures. Raises CreditrollError, as all calls do."""
        return self._pages("/licenses", {})

    def license(self, license_id: str) -> dict[str, Any]:
        """One license with its figures."""
        return self._get(f"/licenses/{license_id}", {})

    def members(self, license_id: str) -> Iterator[dict[str, Any]]:
        """All members of a license."""
        return self._pages(f"/licenses/{license_id}/members", {})

    def member(self, member_id: str) -> dict[str, Any]:
        """One member with balances."""
        return self._get(f"/members/{member_id}", {})

    def find_member(self, license_id: str, *, issuer: str, client_id: str, subject: str) -> dict[str, Any] | None:
        """The member whom an LMS calls so; None if the license has none."""
        named = {"issuer": issuer, "client_id": client_id, "subject": subject}
        return next(self._pages(f"/licenses/{license_id}/members", named), None)

    def transfers(self, license_id: str, *, after: str | None = None) -> Iterator[dict[str, Any]]:
        """The journal, oldest first, from behind the transfer `after` on."""
        return self._pages(f"/licenses/{license_id}/transfers", {} if after is None else {"after": after})

    def hold(
        self,
        member_id: str,
        amount: int,
        *,
        resource: str | None = None,
        reference: str | None = None,
        expires_in_s: int = 3_600,
        key: str | None = None,
    ) -> "Hold":
        """Sets units aside; `with` captures them at its end, or releases them on an error.

        `key` is the Idempotency-Key where the caller has a lasting one, as the id of the job. Raises
        InsufficientCredits and Refused.
        """
        sent = _sent(resource=resource or self._resource, amount=amount, reference=reference, expires_in=expires_in_s)
        return Hold(self, _held(self._post(f"/members/{member_id}/holds", sent, key)))

    def find_hold(self, hold_id: str) -> "Hold":
        """A hold made before, to go on with."""
        return Hold(self, _held(self._get(f"/holds/{hold_id}", {})))

    def spend(
        self,
        member_id: str,
        amount: int,
        *,
        resource: str | None = None,
        reference: str | None = None,
        key: str | None = None,
    ) -> Held:
        """Takes units for good. Raises InsufficientCredits and Refused."""
        sent = _sent(resource=resource or self._resource, amount=amount, reference=reference)
        return _held(self._post(f"/members/{member_id}/spends", sent, key))

    def _pages(self, path: str, query: Mapping[str, str]) -> Iterator[dict[str, Any]]:
        cursor: str | None = ""
        while cursor is not None:
            page = self._get(path, {**query, "limit": "500"} | ({"cursor": cursor} if cursor else {}))
            yield from page["items"]
            cursor = page["next"]

    def _get(self, path: str, query: Mapping[str, str]) -> dict[str, Any]:
        return self._call("GET", path, params=dict(query))

    def _post(self, path: str, body: Mapping[str, object], key: str | None) -> dict[str, Any]:
        return self._call("POST", path, json=dict(body), headers={"Idempotency-Key": key or str(uuid4())})

    def _call(self, method: str, path: str, **sent: Any) -> dict[str, Any]:
        """Sends until an answer comes that stands, with the same key each time."""
        for left in range(self._tries - 1, -1, -1):
            pause_s = 0.2 * 2 ** (self._tries - 1 - left)
            try:
                answer = self._http.request(
                    method, self._base + path, timeout=self._timeout_s, allow_redirects=False, **sent
                )
            except requests.RequestException as error:
                if left == 0:
                    raise Unreachable(f"No answer from {self._base} in {self._tries} tries.") from error
            else:
                if answer.status_code not in _PASSING or left == 0:
                    return _read(answer)
                pause_s = _asked_to_wait(answer) or pause_s
            self._sleep(min(pause_s, _LONGEST_WAIT_S))
        raise AssertionError("the last try returns or raises")


class Hold:
    """Units set aside. As a context manager it captures them, or releases them if the block raises."""

    def __init__(self, client: Client, held: Held) -> None:
        self._client = client
        self.held = held
        self._capture_key, self._release_key = str(uuid4()), str(uuid4())

    @property
    def id(self) -> str:
        """The hold's id: keep it to go on after a crash, with `Client.find_hold`."""
        return self.held.id

    @property
    def is_open(self) -> bool:
        """Whether it was neither captured nor released here."""
        return self.held.status == "held"

    def capture(self, amount: int | None = None) -> Held:
        """Uses all, or as much as is said; the rest goes free. Raises Refused (`hold_not_open`)."""
        self.held = self._close("capture", _sent(amount=amount), self._capture_key)
        return self.held

    def release(self) -> Held:
        """Frees all. Raises Refused (`hold_not_open`)."""
        self.held = self._close("release", {}, self._release_key)
        return self.held

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self.is_open:
            return
        if error is None:
            self.capture()
            return
        try:
            self.release()
        except CreditrollError as refused:
            # What went wrong in the block is what its caller must hear; the hold goes free by itself at its time.
            error.add_note(f"The hold {self.id} could not be released: {refused}")

    def _close(self, how: str, sent: Mapping[str, object], key: str) -> Held:
        return _held(self._client._post(f"/holds/{self.id}/{how}", sent, key))


def _sent(**given: object) -> dict[str, object]:
    return {name: value for name, value in given.items() if value is not None}


def _read(answer: requests.Response) -> dict[str, Any]:
    try:
        shape: dict[str, Any] = answer.json()
        if answer.status_code < 300:
            return shape
        code, detail = str(shape["code"]), str(shape["detail"])
    except (ValueError, KeyError, TypeError) as error:
        raise Unreachable(f"Something other than Creditroll answered with {answer.status_code}.") from error
    refusal = InsufficientCredits if code == "insufficient_credits" else Refused
    told = {"type", "title", "status", "detail", "code"}
    raise refusal(answer.status_code, code, detail, {key: shape[key] for key in shape.keys() - told})


def _held(shape: Mapping[str, Any]) -> Held:
    known = {field.name: shape[field.name] for field in fields(Held)}
    expires_at = known["expires_at"]
    return Held(
        **known
        | {
            "expires_at": datetime.fromisoformat(expires_at) if expires_at else None,
            "balance": Balance(**{field.name: shape["balance"][field.name] for field in fields(Balance)}),
        }
    )


def _asked_to_wait(answer: requests.Response) -> float | None:
    text = answer.headers.get("Retry-After", "")
    return float(text) if text.isascii() and text.isdecimal() else None
