"""The books as a child would keep them: plain numbers, one thing at a time, no database."""

from dataclasses import dataclass, field
from datetime import datetime

BUNDLE = 5
Shares = tuple[tuple[str, int], ...]


@dataclass
class Pupil:
    """One member: what came in, what was used, and what each open hold keeps until when."""

    received: int = 0
    automatic: int = 0
    used: int = 0
    left: bool = False
    holds: dict[str, tuple[int, datetime]] = field(default_factory=dict)

    def held(self, now: datetime) -> int:
        return sum(amount for amount, until in self.holds.values() if until > now)

    def available(self, now: datetime) -> int:
        return self.received - self.used - self.held(now)


@dataclass
class Model:
    """One licence. Each method says whether the wish was granted; if not, nothing changed."""

    issued: int = 0
    pool: int = 0
    maximum: int = 0
    pupils: dict[str, Pupil] = field(default_factory=dict)
    forms: dict[str, Shares] = field(default_factory=dict)

    def grant(self, amount: int) -> None:
        self.issued += amount
        self.pool += amount

    def give(self, shares: Shares, form: str) -> bool:
        if form in self.forms:
            return self.forms[form] == shares
        total = sum(amount for _, amount in shares)
        if any(self.pupils[one].left for one, _ in shares) or total > self.pool:
            return False
        self.forms[form] = shares
        self.pool -= total
        for one, amount in shares:
            self.pupils[one].received += amount
        return True

    def launch(self, one: str, now: datetime) -> bool:
        pupil = self.pupils[one]
        if pupil.left:
            return False
        # A hold past its time is free again, so the student has something left (R8, R19).
        if pupil.received == pupil.used:
            self.top_up(pupil, 1, now)
        return True

    def top_up(self, pupil: Pupil, need: int, now: datetime) -> None:
        bundles = 0
        while pupil.available(now) + bundles * BUNDLE < need:
            bundles += 1
        total = bundles * BUNDLE
        if self.maximum and pupil.received + total <= self.maximum and total <= self.pool:
            self.pool -= total
            pupil.received += total
            pupil.automatic += total

    def hold(self, one: str, amount: int, now: datetime) -> bool:
        pupil = self.pupils[one]
        if pupil.left:
            return False
        if pupil.available(now) < amount:
            self.top_up(pupil, amount, now)
        return pupil.available(now) >= amount

    def spend(self, one: str, amount: int, now: datetime) -> bool:
        granted = self.hold(one, amount, now)
        if granted:
            self.pupils[one].used += amount
        return granted
