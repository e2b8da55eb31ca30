"""What Stripe's messages change: pages, payments, the list of problems; and through `settle` orders and the books.

They may come late, twice and in any order. So each is kept once; a page or payment that came further goes back for no
older news; and what only a person can judge is listed, never guessed at (R29, R30).
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti_tool import money
from lti_tool.errors import NotFound, Refusal
from lti_tool.purchasing import checkout, fulfilment, orders, payments
from lti_tool.purchasing.orders import Order
from lti_tool.purchasing.payments import Payment, PaymentEvent
from lti_tool.purchasing.stripe.events import (
    DisputeNews,
    Event,
    FailedRefundNews,
    News,
    PageNews,
    RefundNews,
    Unreadable,
)

STRIPE = "stripe"
APPLIED, IGNORED, PROBLEM = "applied", "ignored", "problem"


class HeardBefore(Refusal):
    """The message was kept earlier, or by somebody else at the same moment: nothing of it takes effect again."""

    code: ClassVar[str] = "heard_before"


def take(session: Session, message: Event | Unreadable, *, takes_live: bool, digest: str, now: datetime) -> str:
    """Keeps the message with its outcome, and lets it take effect. Raises HeardBefore; then nothing may be committed.

    `takes_live` says whether our key moves real money; `digest` is the body's, in SHA-256.
    """
    if session.get(PaymentEvent, (STRIPE, message.id)) is not None:
        raise HeardBefore("This message was heard before.")
    kept = _hear(session, message, takes_live, now) if isinstance(message, Event) else _list(session, message, now)
    is_new = payments.keep(
        session,
        provider=STRIPE,
        event_id=kept.event_id,
        kind=message.kind,
        order_id=kept.order_id,
        payment_reference=kept.payment,
        outcome=kept.outcome,
        summary=kept.summary,
        payload_sha256=digest,
        made_at=message.made_at if isinstance(message, Event) else now,
        now=now,
    )
    if not is_new:
        raise HeardBefore("This message was heard before.")
    return kept.outcome


@dataclass(frozen=True)
class _Kept:
    """What is written down of a message: ids, amounts and states only.

    One that we did not believe, or could not read, has another id than its own: sent again once we can, it counts.
    """

    event_id: str
    outcome: str
    summary: Mapping[str, object]
    order_id: str | None = None
    payment: str | None = None


def _list(session: Session, message: Unreadable, now: datetime) -> _Kept:
    detail = f"Stripe's message {message.id} could not be read: {message.why}. Look it up in Stripe's dashboard."
    payments.note_problem(session, "unreadable", message.id, detail, now=now, event_id=message.id)
    return _Kept(f"{message.id}:unreadable", PROBLEM, {"why": message.why})


def _hear(session: Session, event: Event, takes_live: bool, now: datetime) -> _Kept:
    if event.news is None:
        return _Kept(event.id, IGNORED, {})
    hearing = _Hearing(session, event, now)
    outcome = hearing.of(event.news, takes_live=takes_live)
    if not hearing.is_ours:
        return _Kept(f"{event.id}:not_ours", outcome, asdict(event.news))
    order_id = hearing.order.id if hearing.order else None
    return _Kept(event.id, outcome, asdict(event.news), order_id, event.news.payment)


class _Hearing:
    """One message under way: the order that it is about, and whether a person has to look."""

    def __init__(self, session: Session, event: Event, now: datetime) -> None:
        self._session = session
        self._event = event
        self._now = now
        self._has_problem = False
        self.is_ours = False
        self.order: Order | None = None

    def of(self, news: News, *, takes_live: bool) -> str:
        """Lets the news take effect; the outcome."""
        event = self._event
        if event.account is not None:
            # A marketplace hears of its sellers, too, who can name our orders on pages of their own.
            self._note("foreign_account", event.id, f"{event.kind} is about another seller's money: {news.payment}.")
            return PROBLEM
        if event.is_live != takes_live:
            mode = "real" if event.is_live else "test"
            self._note("mode_differs", event.id, f"{event.kind} is about {mode} money, which our key is not for.")
            return PROBLEM
        self.is_ours = True
        is_of_interest = True
        match news:
            case PageNews():
                is_of_interest = self._page(news)
            case RefundNews():
                self._refund(news)
            case FailedRefundNews():
                self._refund_failed(news)
            case DisputeNews():
                self._dispute(news)
        if self.order is not None:
            fulfilment.settle(self._session, self.order.id, now=self._now)
        return PROBLEM if self._has_problem else APPLIED if is_of_interest else IGNORED

    def _page(self, news: PageNews) -> bool:
        """False where no order of ours is concerned, and no money came either."""
        known = self._known_order(news)
        if news.state in ("paid", "pending", "failed") and (known or news.state == "paid"):
            return self._money(news)
        self.order = self._locked(known)
        if news.state == "expired":
            return checkout.mark_expired(self._session, news.session_id)
        self._complete(news)
        if news.state == "free" and self.order is not None:
            self._note("amount_differs", news.payment, f"{self._number} was completed for nothing: {news.payment}.")
        return self.order is not None

    def _money(self, news: PageNews) -> bool:
        """Money that came on a page, will come, or will not."""
        payment = self._payment(news)
        self._complete(news)
        if news.order_id is not None and payment.order_id not in (None, news.order_id):
            self._note("other_order", payment.id, f"{news.payment} came for {self._number} and for another order.")
        elif payment.status == "paid":
            self._compare(payment, news.amount, news.currency)
        elif news.state == "paid":
            payment.amount, payment.currency = news.amount, news.currency
            payment.status, payment.paid_at = "paid", self._event.made_at
            self._match(payment)
        elif news.state == "failed" or payment.status != "failed":
            payment.amount, payment.currency, payment.status = news.amount, news.currency, news.state
        self._session.flush()
        if news.state == "failed" and self.order is not None:
            checkout.refuse(self._session, self.order, now=self._now)
        return True

    def _refund(self, news: RefundNews) -> None:
        payment = self._payment(news)
        if payment.currency == news.currency:
            payment.refunded = max(payment.refunded, news.returned)
        else:
            self._note("amount_differs", payment.id, f"{news.payment} was given back in {news.currency}.")
        self._require_order(payment)
        self._session.flush()

    def _refund_failed(self, news: FailedRefundNews) -> None:
        """Units went back with a refund, and nothing brings them back by itself: a person decides what is fair."""
        payment = self._payment(news)
        detail = f"A refund of {money.shown(news.amount, news.currency)} for {self._number} did not reach the payer."
        self._note("refund_failed", news.refund_id, detail, payment)

    def _dispute(self, news: DisputeNews) -> None:
        """Counts the payment's disputes from all that was told of each: the end of one may be told before its start."""
        payment = self._payment(news)
        disputes = self._disputes(news)
        payment.is_disputed = any(one["state"] == "open" for one in disputes.values())
        lost = [one for one in disputes.values() if one["state"] == "lost"]
        counted = sum(one["amount"] for one in lost if one["currency"] == payment.currency)
        payment.lost = max(payment.lost, counted)
        self._require_order(payment)
        about = f"{money.shown(news.amount, news.currency)} of {self._number} ({news.payment})"
        if disputes[news.dispute_id]["state"] == "open":
            detail = f"The payer's bank asks for {about}. Answer it in Stripe's dashboard."
            self._note("disputed", news.dispute_id, detail, payment)
        else:
            payments.resolve(self._session, "disputed", news.dispute_id, note=news.state, now=self._now)
        if news.state == "lost":
            self._note("dispute_lost", news.dispute_id, f"The payer's bank took back {about}.", payment)
        if news.currency != payment.currency:
            self._note("amount_differs", news.dispute_id, f"The dispute about {about} is in another currency.", payment)
        self._session.flush()

    def _disputes(self, news: DisputeNews) -> Mapping[str, Mapping[str, Any]]:
        """The newest state of each dispute of the payment, by its id, this message included."""
        query = select(PaymentEvent.summary).where(
            PaymentEvent.provider == STRIPE,
            PaymentEvent.payment_reference == news.payment,
            PaymentEvent.kind.in_(("charge.dispute.created", "charge.dispute.closed")),
        )
        told = [*(json.loads(summary) for summary in self._session.scalars(query)), asdict(news)]
        return {one["dispute_id"]: one for one in sorted(told, key=lambda one: one["state"] != "open")}

    def _complete(self, news: PageNews) -> None:
        checkout.mark_complete(self._session, news.session_id)
        payments.resolve(self._session, "webhook_missing", news.session_id, note="told later", now=self._now)

    def _payment(self, news: News) -> Payment:
        """The payment, and its order after it: what a payment is for may become known while one waits for it."""
        payment = payments.locked(self._session, STRIPE, news.payment, currency=news.currency, now=self._now)
        self.order = self._locked(payment.order_id or _named(news))
        if self.order is not None and payment.order_id is None:
            payment.order_id = self.order.id
            payments.resolve(self._session, "unmatched", payment.id, note="matched", now=self._now)
        return payment

    def _known_order(self, news: PageNews) -> str | None:
        """The order that the page is about, which nobody locks yet. What a payment is known to be for goes first."""
        known = select(Payment.order_id).where(Payment.provider == STRIPE, Payment.reference == news.payment)
        order_id = self._session.scalar(known) or news.order_id
        return self._session.scalar(select(Order.id).where(Order.id == order_id))

    def _locked(self, order_id: str | None) -> Order | None:
        try:
            return orders.locked(self._session, order_id) if order_id else None
        except NotFound:
            return None

    def _match(self, payment: Payment) -> None:
        """Whether the payment is what its order asks for. A wrong one is kept, and `settle` counts what it can."""
        self._require_order(payment)
        if self.order is not None:
            self._compare(payment, self.order.total, self.order.currency)

    def _compare(self, payment: Payment, amount: int, currency: str) -> None:
        if (payment.amount, payment.currency) != (amount, currency):
            came, asked = money.shown(payment.amount, payment.currency), money.shown(amount, currency)
            self._note("amount_differs", payment.id, f"{self._number}: {came} came instead of {asked}.", payment)

    def _require_order(self, payment: Payment) -> None:
        if self.order is None:
            detail = f"Payment {payment.reference} is for no order that we know. Look it up in Stripe's dashboard."
            self._note("unmatched", payment.id, detail, payment)

    @property
    def _number(self) -> str:
        return f"Order {self.order.number}" if self.order else "No order"

    def _note(self, code: str, subject: str, detail: str, payment: Payment | None = None) -> None:
        self._has_problem = True
        payments.note_problem(
            self._session,
            code,
            subject,
            detail,
            now=self._now,
            order_id=self.order.id if self.order else None,
            payment_id=payment.id if payment else None,
            event_id=self._event.id,
        )


def _named(news: News) -> str | None:
    """The order that a message names by itself."""
    return news.order_id if isinstance(news, PageNews | RefundNews) else None
