"""A licence with its students, seen from the ledger: each method is one transaction of its own."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from lti_tool.ledger import accounts, allotment, expiry, holds, issuing, policies, pools
from lti_tool.ledger.accounts import Account
from lti_tool.ledger.allotment import TopUp
from lti_tool.ledger.audit import Fault, audit
from lti_tool.ledger.holds import DEFAULT_LIFE, Held, Spent
from lti_tool.ledger.movements import OPERATOR, Actor, Posted, Share
from lti_tool.ledger.transfers import Batch
from lti_tool.licenses.licenses import License
from lti_tool.lti.contexts import Context
from lti_tool.lti.roles import Role
from tests.conftest import Books
from tests.factories import EXPORT_CREDITS, NOW, make_context, make_license, make_member

TEACHER = Actor("person", "00000000-0000-7000-8000-000000000001")
SERVICE = Actor("api_key", "00000000-0000-7000-8000-000000000002")


@dataclass(frozen=True)
class Figures:
    """One account, in units, with its number of transfers."""

    balance: int
    held: int
    received: int
    auto_received: int
    used: int
    version: int


@dataclass(frozen=True)
class Class:
    """A licence and one course of it."""

    books: Books
    license_id: str
    context_id: str

    def student(self, *, role: Role = Role.LEARNER, active: bool = True, has: int = 0) -> str:
        """One more member, with what a teacher gave by hand; its id."""
        with self.books() as session:
            license_, context = session.get_one(License, self.license_id), session.get_one(Context, self.context_id)
            member_id = make_member(session, license_, context, role=role, active=active).id
        if has:
            self.allot([member_id], has)
        return member_id

    def students(self, number: int) -> list[str]:
        """That many more students, in the order of their ids."""
        return sorted(self.student() for _ in range(number))

    def set_maximum(self, maximum: int) -> int:
        """Saves the maximum on top of whatever is in force; the version in force after it."""
        with self.books() as session:
            based_on = policies.current(session, self.license_id, EXPORT_CREDITS.name).version
        return self.save_maximum(maximum, based_on)

    def save_maximum(self, maximum: int, based_on: int) -> int:
        """Saves the maximum from a form that saw version `based_on`; the version in force after it."""
        with self.books() as session:
            saved = policies.save(
                session, self.license_id, EXPORT_CREDITS, maximum=maximum, based_on=based_on, actor=TEACHER, now=NOW
            )
        return saved.version

    def grant(self, amount: int) -> Posted:
        """More credits for the pool."""
        with self.books() as session:
            return issuing.grant(session, self.license_id, EXPORT_CREDITS, amount=amount, actor=OPERATOR, now=NOW)

    def buy(self, amount: int, order: str) -> Posted:
        """What an order of that name brings to the pool, once."""
        with self.books() as session:
            return issuing.purchase(
                session,
                self.license_id,
                EXPORT_CREDITS.name,
                amount=amount,
                order=order,
                number=order,
                actor=OPERATOR,
                now=NOW,
            )

    def allot(
        self, member_ids: Collection[str], each: int, *, note: str | None = None, request_key: str | None = None
    ) -> Posted:
        """Credits by hand."""
        with self.books() as session:
            return allotment.allot(
                session,
                self.license_id,
                EXPORT_CREDITS,
                member_ids=member_ids,
                each=each,
                actor=TEACHER,
                now=NOW,
                note=note,
                request_key=request_key,
            )

    def allot_shares(
        self, shares: Mapping[str, int], *, notes: Mapping[str, str] | None = None, request_key: str | None = None
    ) -> Posted:
        """Credits by hand, an amount of their own for each."""
        wished = [Share(one, amount, (notes or {}).get(one)) for one, amount in shares.items()]
        with self.books() as session:
            return allotment.allot_shares(
                session, self.license_id, EXPORT_CREDITS, wished, actor=TEACHER, now=NOW, request_key=request_key
            )

    def allot_by_form(self, member_ids: Collection[str], each: int, request_key: str) -> Posted:
        """Credits by hand, from a form with that token."""
        return self.allot(member_ids, each, request_key=request_key)

    def launch(self, member_id: str) -> TopUp:
        """A student's launch, as far as the books are concerned."""
        with self.books() as session:
            return allotment.top_up_at_launch(session, self.license_id, EXPORT_CREDITS, member_id, now=NOW)

    def spend(self, member_id: str, amount: int, *, now: datetime = NOW, reference: str | None = None) -> Spent:
        """A spend by a program."""
        with self.books() as session:
            return holds.spend(
                session,
                self.license_id,
                EXPORT_CREDITS,
                member_id,
                amount=amount,
                actor=SERVICE,
                now=now,
                reference=reference,
            )

    def hold(self, member_id: str, amount: int, *, lasts: timedelta = DEFAULT_LIFE, now: datetime = NOW) -> Held:
        """A hold by a program."""
        with self.books() as session:
            return holds.hold(
                session,
                self.license_id,
                EXPORT_CREDITS,
                member_id,
                amount=amount,
                actor=SERVICE,
                now=now,
                lasts=lasts,
                reference="export 1",
            )

    def capture(self, hold_id: str, amount: int | None = None, *, now: datetime = NOW) -> Held:
        """A capture by a program."""
        with self.books() as session:
            return holds.capture(session, self.license_id, hold_id, actor=SERVICE, now=now, amount=amount)

    def release(self, hold_id: str, *, now: datetime = NOW) -> Held:
        """A release by a program."""
        with self.books() as session:
            return holds.release(session, self.license_id, hold_id, now=now)

    def sweep(self, now: datetime) -> int:
        """The sweeper's round."""
        with self.books() as session:
            return expiry.sweep(session, now=now)

    def leave(self, member_id: str) -> None:
        """The member is active in no course any more."""
        with self.books() as session:
            accounts.freeze(session, self.license_id, [member_id])

    def come_back(self, member_id: str) -> None:
        """The member is active in a course again."""
        with self.books() as session:
            accounts.thaw(session, self.license_id, [member_id])

    def pool(self) -> int:
        """What the licence has left."""
        with self.books() as session:
            [figures] = pools.totals(session, self.license_id, now_us=0)
        return figures.pool

    def account(self, member_id: str) -> Figures:
        """The member's account, as its row says."""
        with self.books() as session:
            account = session.get_one(Account, (self.license_id, EXPORT_CREDITS.name, member_id))
        return Figures(
            balance=account.balance,
            held=account.held,
            received=account.received,
            auto_received=account.auto_received,
            used=account.used,
            version=account.version,
        )

    def batches(self, kind: str) -> list[Batch]:
        """The licence's batches of that kind, oldest first."""
        chosen = select(Batch).where(Batch.license_id == self.license_id, Batch.kind == kind)
        with self.books() as session:
            return list(session.scalars(chosen.order_by(Batch.pool_version)))

    def faults(self) -> list[Fault]:
        """What an audit of the licence finds."""
        with self.books() as session:
            return audit(session, self.license_id)


def open_class(books: Books, *, credits: int = 100, maximum: int = 0) -> Class:
    """A licence with that many credits and that maximum, and a course without anybody."""
    with books() as session:
        context = make_context(session)
        license_id = make_license(session, credits=credits, context=context).id
    class_ = Class(books, license_id, context.id)
    if maximum:
        class_.set_maximum(maximum)
    return class_
