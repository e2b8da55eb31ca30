"""Units in use: set aside by a hold, then captured or released; or spent at once (R8, R12, R19, R20)."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, ForeignKeyConstraint, String, Text
from sqlalchemy.orm import Mapped, Session, mapped_column

from lti_tool.db import Base, Instant, Sql, micros, moment
from lti_tool.errors import NotFound
from lti_tool.ids import new_id
from lti_tool.ledger import rules
from lti_tool.ledger.allotment import OF_POOL, TERMS, Terms, locking, standing, top_up
from lti_tool.ledger.expiry import expire_overdue, free
from lti_tool.ledger.movements import Actor
from lti_tool.ledger.refusals import AmountInvalid, HoldNotOpen, InsufficientCredits, TooManyHolds
from lti_tool.ledger.transfers import post_spend
from lti_tool.sending import Sent
from lti_tool.settings import Resource

LARGEST_AMOUNT = 1_000_000
LONGEST_REFERENCE = 200
DEFAULT_LIFE = timedelta(hours=1)
LONGEST_LIFE = timedelta(days=7)
MOST_OPEN = 100
"""Open holds of one member: a program that forgets to close them is stopped before it fills the books."""


class Hold(Base):
    """Units set aside: `held` until captured, released or past `expires_at`; then for ever what it became."""

    __tablename__ = "holds"
    __table_args__ = (
        ForeignKeyConstraint(
            ["license_id", "resource", "member_id"],
            ["accounts.license_id", "accounts.resource", "accounts.member_id"],
        ),
    )

    license_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    resource: Mapped[str] = mapped_column(Text)
    member_id: Mapped[str] = mapped_column(String(36))
    amount: Mapped[int] = mapped_column(BigInteger)
    captured: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(Text)
    reference: Mapped[str | None] = mapped_column(Text)
    actor_kind: Mapped[str] = mapped_column(Text)
    actor_id: Mapped[str | None] = mapped_column(Text)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    at: Mapped[datetime] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)


@dataclass(frozen=True)
class Held:
    """A hold as the books have it, in units; `status` counts a hold past its time as expired.

    `member` are the figures of its member at that moment.
    """

    id: str
    license_id: str
    resource: str
    member_id: str
    amount: int
    captured: int
    status: str
    reference: str | None
    expires_at: datetime
    member: rules.Standing


_COLUMNS = "id, license_id, resource, member_id, amount, captured, status, reference, expires_at"

_INSERT = Sql(
    f"""
    insert into holds ({_COLUMNS}, actor_kind, actor_id, at)
    values (:id, :license_id, :resource, :member_id, :amount, 0, 'held', :reference, :expires_at,
            :actor_kind, :actor_id, :at)
    """
)

_SET_ASIDE = Sql(
    """
    update accounts set held = held + :amount
     where license_id = :license_id and resource = :resource and member_id = :member_id
    """
)


def hold(
    session: Session,
    license_id: str,
    resource: Resource,
    member_id: str,
    *,
    amount: int,
    actor: Actor,
    now: datetime,
    lasts: timedelta = DEFAULT_LIFE,
    reference: str | None = None,
) -> Held:
    """Sets units aside, allotting bundles first where the member runs short (R8, R12, R19).

    `now` is the database's clock. Raises AmountInvalid, NotActive, TooManyHolds, InsufficientCredits; then nothing
    changed.
    """
    _check(amount, reference)
    if not timedelta(seconds=1) <= lasts <= LONGEST_LIFE:
        raise AmountInvalid("A hold lasts from 1 second to 7 days.", field="expires_in")
    before = _make_available(session, license_id, resource, member_id, amount=amount, now=now, holds=True)
    _SET_ASIDE.send(session, license_id=license_id, resource=resource.name, member_id=member_id, amount=amount)
    after = replace(before, available=before.available - amount, held=before.held + amount)
    terms = (license_id, resource.name, member_id, amount)
    held = Held(new_id(), *terms, captured=0, status="held", reference=reference, expires_at=now + lasts, member=after)
    _INSERT.send(
        session,
        id=held.id,
        license_id=license_id,
        resource=resource.name,
        member_id=member_id,
        amount=amount,
        reference=reference,
        expires_at=micros(held.expires_at),
        actor_kind=actor.kind,
        actor_id=actor.id,
        at=micros(now),
    )
    return held


@dataclass(frozen=True)
class Spent:
    """A spend that was posted, and the member's figures after it."""

    transfer_id: str
    member: rules.Standing


def spend(
    session: Session,
    license_id: str,
    resource: Resource,
    member_id: str,
    *,
    amount: int,
    actor: Actor,
    now: datetime,
    reference: str | None = None,
) -> Spent:
    """Hold and capture in one, allotting bundles first where the member runs short (R8, R12).

    `now` is the database's clock. Raises AmountInvalid, NotActive, InsufficientCredits; then nothing changed.
    """
    _check(amount, reference)
    before = _make_available(session, license_id, resource, member_id, amount=amount, now=now)
    transfer_id = post_spend(
        session, license_id, resource.name, member_id, amount=amount, actor=actor, now=now, reference=reference
    )
    return Spent(transfer_id, replace(before, available=before.available - amount, used=before.used + amount))


_CLOSE = Sql(
    """
    update holds set status = :status, captured = :captured, closed_at = :now
     where license_id = :license_id and id = :hold_id
    """
)


def capture(
    session: Session, license_id: str, hold_id: str, *, actor: Actor, now: datetime, amount: int | None = None
) -> Held:
    """Spends all or part of what was set aside and frees the rest (R19).

    Raises NotFound, AmountInvalid (more than is held), HoldNotOpen.
    """
    held = _lock_open(session, license_id, hold_id, now=now)
    taken = held.amount if amount is None else amount
    if not 1 <= taken <= held.amount:
        raise AmountInvalid(f"Capture from 1 to the {held.amount} that are held.", field="amount")
    _close(session, held, status="captured", captured=taken, now=now)
    post_spend(
        session,
        license_id,
        held.resource,
        held.member_id,
        amount=taken,
        actor=actor,
        now=now,
        reference=held.reference,
        hold_id=hold_id,
        from_held=held.amount,
    )
    return _closed(held, status="captured", captured=taken)


def release(session: Session, license_id: str, hold_id: str, *, now: datetime) -> Held:
    """Frees all that was set aside (R19). Raises NotFound, HoldNotOpen."""
    held = _lock_open(session, license_id, hold_id, now=now)
    _close(session, held, status="released", captured=0, now=now)
    free(session, held.license_id, held.resource, held.member_id, amount=held.amount)
    return _closed(held, status="released", captured=0)


_FIND = Sql(
    f"""
    select {", ".join(f"h.{name}" for name in _COLUMNS.split(", "))}, a.balance, a.used, a.received,
           (select coalesce(sum(o.amount), 0) from holds o
             where o.license_id = h.license_id and o.resource = h.resource and o.member_id = h.member_id
               and o.status = 'held' and o.expires_at > :now) as held
      from holds h
      join accounts a on a.license_id = h.license_id and a.resource = h.resource and a.member_id = h.member_id
     where h.license_id = :license_id and h.id = :hold_id
    """
)


def find(session: Session, license_id: str, hold_id: str, *, now: datetime) -> Held:
    """The hold as it stands at `now`. Raises NotFound, for another licence's holds too."""
    row = _FIND.send(session, license_id=license_id, hold_id=hold_id, now=micros(now)).first()
    if row is None:
        raise NotFound("There is no such hold.")
    held_id, of_license, resource, member_id, amount, captured, status, reference, expires_us, *figures = row
    balance, used, received, held = (int(figure) for figure in figures)
    expires_at = moment(expires_us)
    if status == "held" and expires_at <= now:
        status = "expired"
    member = rules.Standing(available=balance - held, held=held, used=used, received=received)
    return Held(held_id, of_license, resource, member_id, amount, captured, status, reference, expires_at, member)


_LICENSE_OF = Sql("select license_id from holds where id = :hold_id")


def license_of(session: Session, hold_id: str) -> Sent:
    """Asks for the licence that a hold belongs to: a row, or none where there is no such hold."""
    return _LICENSE_OF.send(session, hold_id=hold_id)


def _check(amount: int, reference: str | None) -> None:
    if not 1 <= amount <= LARGEST_AMOUNT:
        raise AmountInvalid(f"An amount is a whole number from 1 to {LARGEST_AMOUNT:,}.", field="amount")
    if reference is not None and len(reference) > LONGEST_REFERENCE:
        raise AmountInvalid(f"A reference has at most {LONGEST_REFERENCE} characters.", field="reference")


_HELD_BY = """
    from holds where license_id = :license_id and resource = :resource and member_id = :member_id and status = 'held'
"""
_LOOK = Sql(
    f"""
    select {TERMS},
           exists (select 1 from enrollments
                    where license_id = :license_id and member_id = :member_id and active and role = 'learner'),
           exists (select 1 {_HELD_BY} and expires_at <= :now),
           (select count(*) {_HELD_BY} and expires_at > :now)
    {OF_POOL}
    """
)


def _make_available(
    session: Session,
    license_id: str,
    resource: Resource,
    member_id: str,
    *,
    amount: int,
    now: datetime,
    holds: bool = False,
) -> rules.Standing:
    """Locks the member, allots what is missing if it may, and returns the figures, which cover the amount."""
    where = {"license_id": license_id, "resource": resource.name, "member_id": member_id}
    locked = locking(session, **where)
    looked = _LOOK.send(session, **where, now=micros(now))
    figures = standing(locked)
    *terms, learns, is_overdue, opened = looked.one()
    if is_overdue:
        figures = expire_overdue(session, **where, figures=figures, now=now)
    if holds and opened >= MOST_OPEN:
        raise TooManyHolds(f"This member has {MOST_OPEN} open holds; capture or release some first.")
    if figures.available >= amount:
        return figures
    # R7: what a teacher got by hand is theirs to spend, but nothing comes to them by itself.
    need = amount if learns else 0
    topped = top_up(session, license_id, resource, member_id, need=need, figures=figures, terms=Terms(*terms), now=now)
    if topped.standing.available < amount:
        raise InsufficientCredits(
            available=topped.standing.available,
            max_per_member=topped.maximum,
            received=topped.standing.received,
            pool=topped.pool,
        )
    return topped.standing


_ACCOUNT_OF_HOLD = """
    select 1 from holds h
      join accounts a on a.license_id = h.license_id and a.resource = h.resource and a.member_id = h.member_id
     where h.license_id = :license_id and h.id = :hold_id
"""
_LOCK_ACCOUNT = Sql(_ACCOUNT_OF_HOLD, postgresql=f"{_ACCOUNT_OF_HOLD} for update of a")


def _lock_open(session: Session, license_id: str, hold_id: str, *, now: datetime) -> Held:
    # Member account first, hold second: the order of every other path, so that none can deadlock with this one. A hold
    # keeps its account for ever, so the hold need not be locked to find it; what became of it is read afterwards.
    _LOCK_ACCOUNT.send(session, license_id=license_id, hold_id=hold_id)
    held = find(session, license_id, hold_id, now=now)
    if held.status != "held":
        if held.status == "expired":
            # Somebody is told so: it must stay true, though the clock should be set back. Kept if the refusal is.
            expire_overdue(session, license_id, held.resource, held.member_id, held.member, now=now)
        raise HoldNotOpen(f"The hold is {held.status} already.", status=held.status)
    return held


def _close(session: Session, held: Held, *, status: str, captured: int, now: datetime) -> None:
    # Once more than once, and `holds_keep_their_rules` refuses.
    _CLOSE.send(session, license_id=held.license_id, hold_id=held.id, status=status, captured=captured, now=micros(now))


def _closed(held: Held, *, status: str, captured: int) -> Held:
    """The hold and its member's figures after it was closed, from those that were read under the account's lock."""
    freed, before = held.amount, held.member
    available, used = before.available + freed - captured, before.used + captured
    member = replace(before, available=available, held=before.held - freed, used=used)
    return replace(held, status=status, captured=captured, member=member)
