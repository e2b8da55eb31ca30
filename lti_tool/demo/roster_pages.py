"""How a roster is cut into pages: by a token that nobody can guess, or by an offset that shifts when people leave."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import abort
from itsdangerous import BadSignature, URLSafeSerializer

from lti_tool.demo.courses import Enrollment
from lti_tool.demo.families.family import RosterRules

_KEPT = ("rlid", "role", "limit")


@dataclass(frozen=True)
class Page:
    """Where to go on, being the so many-th page: after the enrollment of that number, or of that many people."""

    after: int = 0
    number: int = 1


@dataclass(frozen=True)
class Pages:
    """The pages of one roster, for what was asked of it."""

    rules: RosterRules
    url: str
    asked: Mapping[str, str]
    largest: int | None
    secret: str

    def current(self) -> Page:
        """The page that was asked for."""
        if self.rules.by_offset:
            after = self._number("from") or 0
            return Page(after, 1 + after // (self._limit() or 1))
        token = self.asked.get("page")
        if token is None:
            return Page()
        try:
            return Page(*self._tokens().loads(token.removeprefix("bookmark:")))
        except BadSignature:
            abort(404, "There is no such page; a page token is case-sensitive.")

    def cut(self, people: Sequence[Enrollment], page: Page) -> tuple[Sequence[Enrollment], Page | None]:
        """The people of a page, and the page after it."""
        limit = self._limit()
        left = people[page.after :]
        if not self.rules.by_offset:  # by number of enrollment: who leaves meanwhile shifts nobody
            left = [each for each in people if each.number > page.after]
        if limit is None or len(left) <= limit:
            return left, None
        after = page.after + limit if self.rules.by_offset else left[limit - 1].number
        return left[:limit], Page(after, page.number + 1)

    def address(self, page: Page) -> str:
        """Where that page is."""
        if self.rules.by_offset:
            wanted = {"limit": str(self._limit() or ""), "from": str(page.after)}
            wanted |= {name: self.asked[name] for name in ("rlid",) if name in self.asked}
        else:
            token = self._tokens().dumps([page.after, page.number])
            wanted = {"page": f"bookmark:{token}", **{name: self.asked[name] for name in _KEPT if name in self.asked}}
        return f"{self.url}{'&' if '?' in self.url else '?'}{urlencode(wanted)}"

    def _limit(self) -> int | None:
        """An LMS may have a greatest page of its own and cut `limit` to it."""
        asked = self._number("limit")
        if asked == 0:
            abort(400, "limit is not a positive number.")
        return min(filter(None, (asked, self.largest)), default=None)

    def _number(self, name: str) -> int | None:
        raw = self.asked.get(name)
        if raw is None:
            return None
        return int(raw) if raw.isdecimal() else abort(400, f"{name} is not a number.")

    def _tokens(self) -> URLSafeSerializer:
        """Page tokens are signed: letters of both cases, and a lower-cased one is no token any more."""
        return URLSafeSerializer(self.secret, salt="page")
