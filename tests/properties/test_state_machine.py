"""Whatever happens to a licence, in whatever order, its books are those of a plain model, and they balance.

Fewer steps, or more: `CREDITROLL_STEPS=500 .venv/bin/pytest tests/properties/test_state_machine.py`.
"""

import os
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from lti_tool.db import micros
from lti_tool.errors import Refusal
from lti_tool.ledger import pools
from lti_tool.ledger.accounts import Account
from lti_tool.ledger.audit import audit
from tests.conftest import Books
from tests.factories import NOW
from tests.ledger.a_class import Class, open_class
from tests.properties.model import Model, Pupil, Shares

_RUN = 50
"""Steps of one run; a fresh licence starts each."""
STEPS = int(os.environ.get("CREDITROLL_STEPS", "10000"))

amounts = st.integers(1, 12)


class LicenseMachine(RuleBasedStateMachine):
    """One licence in the database beside its model; both must grant and refuse alike."""

    members = Bundle("members")
    open_holds = Bundle("open_holds")
    forms = Bundle("forms")

    def __init__(self, books: Books) -> None:
        super().__init__()
        self.books = books
        self.real: Class = open_class(books, credits=20)
        self.model = Model()
        self.model.grant(20)
        self.now: datetime = NOW
        self.saved = 0

    @rule(target=members)
    def enroll(self) -> str:
        member = self.real.student()
        self.model.pupils[member] = Pupil()
        return member

    @rule(amount=st.integers(1, 60))
    def grant(self, amount: int) -> None:
        self.real.grant(amount)
        self.model.grant(amount)

    @rule(amount=st.integers(1, 60))
    def buy(self, amount: int) -> None:
        self.saved += 1
        order = f"order {self.saved}"
        self.real.buy(amount, order)
        self.model.grant(amount)
        assert not self._granted(lambda: self.real.buy(amount, order))

    @rule(bundles=st.integers(0, 6))
    def set_maximum(self, bundles: int) -> None:
        self.real.set_maximum(bundles * 5)
        self.model.maximum = bundles * 5

    @rule(target=forms, people=st.lists(members, min_size=1, max_size=4, unique=True), each=amounts)
    def give(self, people: list[str], each: int) -> tuple[Shares, str]:
        return self._save_new([(one, each) for one in people])

    @rule(target=forms, people=st.lists(members, min_size=2, max_size=4, unique=True), data=st.data())
    def give_each_their_own(self, people: list[str], data: st.DataObject) -> tuple[Shares, str]:
        return self._save_new([(one, data.draw(amounts)) for one in people])

    @rule(target=forms, each=st.integers(1, 3))
    def give_everybody(self, each: int) -> tuple[Shares, str]:
        return self._save_new([(one, each) for one in self.model.pupils])

    @rule(form=forms)
    def save_again(self, form: tuple[Shares, str]) -> None:
        self._save(form)

    @rule(form=forms, each=amounts)
    def save_again_with_other_figures(self, form: tuple[Shares, str], each: int) -> None:
        shares, key = form
        self._save((tuple((one, each) for one, _ in shares), key))

    @rule(member=members)
    def launch(self, member: str) -> None:
        granted = self.model.launch(member, self.now)
        assert self._granted(lambda: self.real.launch(member)) == granted

    @rule(member=members, amount=amounts)
    def spend(self, member: str, amount: int) -> None:
        granted = self.model.spend(member, amount, self.now)
        assert self._granted(lambda: self.real.spend(member, amount, now=self.now)) == granted

    @rule(target=open_holds, member=members, amount=amounts, minutes=st.integers(1, 60))
    def hold(self, member: str, amount: int, minutes: int) -> tuple[str, str]:
        lasts = timedelta(minutes=minutes)
        granted = self.model.hold(member, amount, self.now)
        try:
            held = self.real.hold(member, amount, lasts=lasts, now=self.now)
        except Refusal:
            assert not granted
            return member, "none"
        assert granted
        self.model.pupils[member].holds[held.id] = (amount, self.now + lasts)
        return member, held.id

    @rule(held=consumes(open_holds), part=amounts)
    def capture(self, held: tuple[str, str], part: int) -> None:
        member, hold_id = held
        amount = self._open(member, hold_id)
        granted = self._granted(lambda: self.real.capture(hold_id, part, now=self.now))
        assert granted == (part <= amount)
        if granted:
            del self.model.pupils[member].holds[hold_id]
            self.model.pupils[member].used += part

    @rule(held=consumes(open_holds))
    def release(self, held: tuple[str, str]) -> None:
        member, hold_id = held
        granted = bool(self._open(member, hold_id))
        assert self._granted(lambda: self.real.release(hold_id, now=self.now)) == granted
        if granted:
            del self.model.pupils[member].holds[hold_id]

    @rule(minutes=st.integers(1, 90))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule()
    def sweep(self) -> None:
        self.real.sweep(self.now)

    @rule(member=members)
    def leave(self, member: str) -> None:
        self.real.leave(member)
        self.model.pupils[member].left = True

    @rule(member=members)
    def come_back(self, member: str) -> None:
        self.real.come_back(member)
        self.model.pupils[member].left = False

    @invariant()
    def figures_are_the_models_and_the_books_balance(self) -> None:
        license_id = self.real.license_id
        with self.books() as session:
            [totals] = pools.totals(session, license_id, now_us=micros(self.now))
            rows = session.scalars(select(Account).where(Account.license_id == license_id))
            accounts = {row.member_id: (row.received, row.auto_received, row.used) for row in rows}
            faults = audit(session, license_id)
        pupils = self.model.pupils.values()
        assert (totals.issued, totals.pool) == (self.model.issued, self.model.pool)
        assert totals.held == sum(pupil.held(self.now) for pupil in pupils)
        assert totals.used == sum(pupil.used for pupil in pupils)
        assert totals.available == sum(pupil.available(self.now) for pupil in pupils)
        assert accounts == {
            member: (pupil.received, pupil.automatic, pupil.used) for member, pupil in self.model.pupils.items()
        }
        assert faults == []

    def _save_new(self, shares: list[tuple[str, int]]) -> tuple[Shares, str]:
        self.saved += 1
        wish = (tuple(sorted(shares)), f"form {self.saved}")
        self._save(wish)
        return wish

    def _save(self, wish: tuple[Shares, str]) -> None:
        shares, key = wish
        if not shares:
            return
        granted = self.model.give(shares, key)
        assert self._granted(lambda: self.real.allot_shares(dict(shares), request_key=key)) == granted

    def _open(self, member: str, hold_id: str) -> int:
        """What the hold still keeps in the model; 0 if it is over, or was never granted."""
        amount, until = self.model.pupils[member].holds.get(hold_id, (0, self.now))
        return amount if until > self.now else 0

    def _granted(self, deed: object) -> bool:
        assert callable(deed)
        try:
            deed()
        except Refusal:
            return False
        return True


@pytest.mark.slow
@pytest.mark.timeout(1_200)
def test_the_books_are_those_of_a_plain_model(books: Books) -> None:
    class Here(LicenseMachine):
        def __init__(self) -> None:
            super().__init__(books)

    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=max(1, STEPS // _RUN),
            stateful_step_count=_RUN,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
