"""Money that came, or may come, for orders; and everything about it that a person has to look at (R30)."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import BigInteger, Boolean, String, Text, func, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from lti_tool.db import Base, Instant, Sql, micros
from lti_tool.errors import Invalid, NotFound
from lti_tool.ids import new_id
from lti_tool.language import _

_LONGEST_NOTE = 500
_MOST_EVENTS = 200


class Payment(Base):
    """One payment, in minor units. `refunded` and `lost` (to a dispute) only grow, so late news changes nothing.

    `reference` is the provider's own id: a payment intent, or what a bank statement says. `order_id` is None as long
    as nobody knows what it is for.
    """

    __tablename__ = "payments"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    provider: Mapped[str] = mapped_column(Text)
    reference: Mapped[str] = mapped_column(Text)
    order_id: Mapped[str | None] = mapped_column(String(36))
    amount: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    refunded: Mapped[int] = mapped_column(BigInteger, default=0)
    lost: Mapped[int] = mapped_column(BigInteger, default=0)
    is_disputed: Mapped[bool] = mapped_column(Boolean, default=False)
    paid_at: Mapped[datetime | None] = mapped_column(Instant)
    created_at: Mapped[datetime] = mapped_column(Instant)


class PaymentEvent(Base):
    """One message of a payment provider, as it was understood; never changed. `summary` is JSON without people."""

    __tablename__ = "payment_events"

    provider: Mapped[str] = mapped_column(Text, primary_key=True)
    event_id: Mapped[str] = mapped_column(Text, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    order_id: Mapped[str | None] = mapped_column(String(36))
    payment_reference: Mapped[str | None] = mapped_column(Text)
    outcome: Mapped[str] = mapped_column(Text)
    summary: Mapped[str] = mapped_column(Text)
    payload_sha256: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(Instant)
    received_at: Mapped[datetime] = mapped_column(Instant)


class PaymentProblem(Base):
    """Something about money that a person has to look at, listed until somebody closes it."""

    __tablename__ = "payment_problems"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    code: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    order_id: Mapped[str | None] = mapped_column(String(36))
    payment_id: Mapped[str | None] = mapped_column(String(36))
    event_id: Mapped[str | None] = mapped_column(Text)
    detail: Mapped[str] = mapped_column(Text)
    noted_at: Mapped[datetime] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    closed_note: Mapped[str | None] = mapped_column(Text)


_OPEN_PAYMENT = Sql(
    """
    insert into payments (id, provider, reference, amount, currency, status, refunded, lost, is_disputed, created_at)
    values (:id, :provider, :reference, 0, :currency, 'pending', 0, 0, :false, :now)
    on conflict (provider, reference) do nothing
    """
)


def locked(session: Session, provider: str, reference: str, *, currency: str, now: datetime) -> Payment:
    """The payment with this reference, made if it is the first one hears of it; nobody else changes it meanwhile."""
    _OPEN_PAYMENT.run(
        session,
        id=new_id(),
        provider=provider,
        reference=reference,
        currency=currency,
        now=micros(now),
        false=False,
    )
    query = select(Payment).where(Payment.provider == provider, Payment.reference == reference)
    return session.scalars(query.with_for_update(key_share=True).execution_options(populate_existing=True)).one()


def of_order(session: Session, order_id: str) -> Sequence[Payment]:
    """The order's payments, oldest first."""
    query = select(Payment).where(Payment.order_id == order_id).order_by(Payment.created_at, Payment.id)
    return session.scalars(query).all()


def of_orders(session: Session, order_ids: Sequence[str]) -> dict[str, list[Payment]]:
    """The payments of each of these orders, oldest first, by the order's id."""
    found: dict[str, list[Payment]] = {order_id: [] for order_id in order_ids}
    query = select(Payment).where(Payment.order_id.in_(order_ids)).order_by(Payment.created_at, Payment.id)
    for payment in session.scalars(query):
        found[str(payment.order_id)].append(payment)
    return found


def paid(payments: Sequence[Payment], currency: str) -> int:
    """What came in for an order in its currency, in minor units, before anything was given back."""
    return sum(one.amount for one in payments if one.status == "paid" and one.currency == currency)


def given_back(payments: Sequence[Payment], currency: str) -> int:
    """What of that went back, by refunds and lost disputes, in minor units."""
    return sum(
        min(one.amount, one.refunded + one.lost)
        for one in payments
        if one.status == "paid" and one.currency == currency
    )


_KEEP = Sql(
    """
    insert into payment_events (provider, event_id, kind, order_id, payment_reference, outcome, summary,
                                payload_sha256, made_at, received_at)
    values (:provider, :event_id, :kind, :order_id, :payment_reference, :outcome, :summary, :payload_sha256, :made_at,
            :received_at)
    on conflict do nothing
    """
)


def keep(
    session: Session,
    *,
    provider: str,
    event_id: str,
    kind: str,
    order_id: str | None,
    payment_reference: str | None,
    outcome: str,
    summary: Mapping[str, object],
    payload_sha256: str,
    made_at: datetime,
    now: datetime,
) -> bool:
    """Keeps a provider's message; False if it is kept already, and then nothing of it must take effect again."""
    kept = _KEEP.run(
        session,
        provider=provider,
        event_id=event_id,
        kind=kind,
        order_id=order_id,
        payment_reference=payment_reference,
        outcome=outcome,
        summary=json.dumps(summary, sort_keys=True),
        payload_sha256=payload_sha256,
        made_at=micros(made_at),
        received_at=micros(now),
    )
    return kept.rowcount == 1


_NOTE = Sql(
    """
    insert into payment_problems (id, code, subject, order_id, payment_id, event_id, detail, noted_at)
    values (:id, :code, :subject, :order_id, :payment_id, :event_id, :detail, :now)
    on conflict (code, subject) do nothing
    """
)


def note_problem(
    session: Session,
    code: str,
    subject: str,
    detail: str,
    *,
    now: datetime,
    order_id: str | None = None,
    payment_id: str | None = None,
    event_id: str | None = None,
) -> None:
    """Lists a problem once for each code and subject (an order's, payment's or event's id), whatever is retried."""
    _NOTE.run(
        session,
        id=new_id(),
        code=code,
        subject=subject,
        order_id=order_id,
        payment_id=payment_id,
        event_id=event_id,
        detail=detail,
        now=micros(now),
    )


def problems(session: Session, *, closed: bool = False, after: str = "", limit: int = 500) -> Sequence[PaymentProblem]:
    """The open problems, oldest first; with `closed` the closed ones too. `after` is the last one that was seen."""
    query = select(PaymentProblem).order_by(PaymentProblem.id).limit(limit)  # ids grow with time
    if not closed:
        query = query.where(PaymentProblem.closed_at.is_(None))
    return session.scalars(query.where(PaymentProblem.id > after) if after else query).all()


def events_of(session: Session, order_id: str) -> Sequence[PaymentEvent]:
    """What providers said of the order, oldest first."""
    query = select(PaymentEvent).where(PaymentEvent.order_id == order_id)
    return session.scalars(query.order_by(PaymentEvent.received_at, PaymentEvent.event_id).limit(_MOST_EVENTS)).all()


def problems_of(session: Session, order_id: str) -> Sequence[PaymentProblem]:
    """The order's open problems, oldest first."""
    query = select(PaymentProblem).where(PaymentProblem.order_id == order_id, PaymentProblem.closed_at.is_(None))
    return session.scalars(query.order_by(PaymentProblem.id)).all()


def open_problems(session: Session) -> Mapping[str, int]:
    """How many problems of each code wait for a person."""
    query = select(PaymentProblem.code, func.count().label("open")).where(PaymentProblem.closed_at.is_(None))
    return {row.code: row.open for row in session.execute(query.group_by(PaymentProblem.code))}


def close_problem(session: Session, problem_id: str, *, note: str, now: datetime) -> PaymentProblem:
    """A person has dealt with it, and says how; the first to say so is kept. Raises NotFound, Invalid."""
    note = note.strip()
    if not 1 <= len(note) <= _LONGEST_NOTE:
        raise Invalid(_("Say in 1 to %(most)s characters what was done about it.", most=_LONGEST_NOTE), field="note")
    found = session.get(PaymentProblem, problem_id)
    if found is None:
        raise NotFound("There is no such problem.")
    if found.closed_at is None:
        found.closed_at, found.closed_note = now, note
        session.flush()
    return found


def close_problems(
    session: Session, code: str, order_id: str, *, note: str, now: datetime, but: str | None = None
) -> None:
    """Ends the order's problems of this kind, which time has solved; the one with the subject `but` stays."""
    open_ones = update(PaymentProblem).where(
        PaymentProblem.code == code, PaymentProblem.order_id == order_id, PaymentProblem.closed_at.is_(None)
    )
    if but is not None:
        open_ones = open_ones.where(PaymentProblem.subject != but)
    session.execute(open_ones.values(closed_at=now, closed_note=note))


def resolve(session: Session, code: str, subject: str, *, note: str, now: datetime) -> None:
    """Ends the problem of this code and subject, if there is an open one, which later news has solved."""
    open_one = update(PaymentProblem).where(
        PaymentProblem.code == code, PaymentProblem.subject == subject, PaymentProblem.closed_at.is_(None)
    )
    session.execute(open_one.values(closed_at=now, closed_note=note))
