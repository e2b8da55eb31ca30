"""The books as a child would keep them: plain numbers, one thing at a time, no database, nothing of the product.

Each wish is answered with None if it is granted, else with the code of its refusal; then nothing changed.
"""

from dataclasses import dataclass, field

BUNDLE = 5
MOST_OPEN = 100
Shares = tuple[tuple[str, int], ...]
"""What each person is to get by hand, in the order of their names."""


@dataclass(frozen=True)
class Held:
    """An open hold: so much, until that second."""

    amount: int
    until: int


@dataclass
class Person:
    """One member: what came in, what was used, what each open hold keeps; and the courses they are active in."""

    learns: bool = True
    received: int = 0
    automatic: int = 0
    used: int = 0
    movements: int = 0
    """How many rows of the journal are theirs."""
    holds: dict[str, Held] = field(default_factory=dict)
    courses: set[str] = field(default_factory=set)

    def held(self, now: int) -> int:
        """What open holds keep at that second."""
        return sum(one.amount for one in self.holds.values() if one.until > now)

    def available(self, now: int) -> int:
        """What can be held or spent."""
        return self.received - self.used - self.held(now)


@dataclass
class Model:
    """One licence; `movements` counts its batches, `version` the settings that were saved."""

    issued: int = 0
    pool: int = 0
    movements: int = 0
    maximum: int = 0
    version: int = 0
    people: dict[str, Person] = field(default_factory=dict)
    forms: dict[str, Shares] = field(default_factory=dict)

    def come_in(self, amount: int) -> None:
        """Units from outside, granted or bought; negative ones go back out."""
        self.issued += amount
        self.pool += amount
        self.movements += 1

    def set_maximum(self, maximum: int, based_on: int) -> str | None:
        """A teacher saves a maximum over the version that the form showed."""
        if maximum % BUNDLE:
            return "invalid"
        is_first = based_on == self.version == 0  # which is somebody's decision, even if it changes nothing
        if maximum == self.maximum and not is_first:
            return None
        if based_on != self.version:
            return "stale_setting"
        self.maximum, self.version = maximum, self.version + 1
        return None

    def give(self, shares: Shares, form: str) -> str | None:
        """A teacher gives by hand: everybody the same number, or each their own."""
        if form in self.forms:
            return None if self.forms[form] == shares else "form_reused"
        if not all(self.people[one].courses for one, _ in shares):
            return "member_not_active"
        if sum(amount for _, amount in shares) > self.pool:
            return "pool_short"
        self.forms[form] = shares
        self._leave_pool(shares)
        return None

    def launch(self, who: str, course: str, *, learns: bool) -> None:
        """Somebody with an account comes in by a launch."""
        person = self.people.setdefault(who, Person(learns=learns))
        person.courses.add(course)
        if learns and person.received == person.used:
            self._top_up(who, 1, 0)

    def hold(self, who: str, amount: int, now: int) -> str | None:
        """Whether so much can be set aside; bundles come where they are needed."""
        person = self.people[who]
        if not person.courses:
            return "member_not_active"
        if sum(one.until > now for one in person.holds.values()) >= MOST_OPEN:
            return "too_many_holds"
        return self._cover(who, amount, now)

    def spend(self, who: str, amount: int, now: int) -> str | None:
        """Hold and capture in one."""
        if not self.people[who].courses:
            return "member_not_active"
        refused = self._cover(who, amount, now)
        if refused is None:
            self.use(who, amount)
        return refused

    def use(self, who: str, amount: int) -> None:
        """Units are gone for good."""
        person = self.people[who]
        person.used += amount
        person.movements += 1

    def list_course(self, course: str, listed: set[str], kept: set[str], *, confirm: bool) -> bool:
        """A complete roster: whoever is not on it has left, but for those `kept`. False: it waits for a yes."""
        here = {who for who, person in self.people.items() if course in person.courses}
        gone = here - listed - kept
        if len(here) >= 10 and 2 * len(gone) > len(here) and not confirm:
            return False
        for who in gone:
            self.people[who].courses.discard(course)
        for who in listed:
            self.people.setdefault(who, Person()).courses.add(course)
        return True

    def adds_up(self) -> bool:
        """Whether the model itself keeps R5."""
        return self.issued == self.pool + sum(person.received for person in self.people.values())

    def _cover(self, who: str, amount: int, now: int) -> str | None:
        person = self.people[who]
        if person.available(now) < amount and person.learns:
            self._top_up(who, amount, now)
        return None if person.available(now) >= amount else "insufficient_credits"

    def _top_up(self, who: str, need: int, now: int) -> None:
        person, bundles = self.people[who], 0
        while person.available(now) + bundles * BUNDLE < need:
            bundles += 1
        total = bundles * BUNDLE
        if total and self.maximum and person.received + total <= self.maximum and total <= self.pool:
            self._leave_pool(((who, total),))
            person.automatic += total

    def _leave_pool(self, shares: Shares) -> None:
        self.movements += 1
        for one, amount in shares:
            self.pool -= amount
            self.people[one].received += amount
            self.people[one].movements += 1
