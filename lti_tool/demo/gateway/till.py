"""The till: sessions are opened, paid, expired, payments given back and disputed; each says so by an event."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock

from lti_tool import money
from lti_tool.demo.gateway.config import GatewayConfig
from lti_tool.demo.gateway.courier import Courier, Event
from lti_tool.demo.gateway.errors import StripeError, missing
from lti_tool.demo.gateway.parameters import NewRefund, NewSession
from lti_tool.demo.gateway.things import Dispute, Payment, Session, new_id

_MOST_SESSIONS = 2_000
_SOONEST_S, _LATEST_S = 30 * 60, 24 * 60 * 60
_LEAST = 50
"""Minor units below which Stripe takes no payment; so for dollars, and near it for others."""


class Till:
    """Everything that there was, the oldest session forgotten first; safe between threads."""

    def __init__(self, config: GatewayConfig, courier: Courier) -> None:
        self._config = config
        self._courier = courier
        self._sessions: dict[str, Session] = {}
        self._lock = RLock()

    def open(self, wanted: NewSession) -> Session:
        """A session whose page waits for a payer. Raises StripeError."""
        now = int(self._config.clock())
        expires_at = now + _LATEST_S if wanted.expires_at is None else wanted.expires_at
        # A request takes its time: a caller who says exactly 24 hours is not late.
        if not now + _SOONEST_S - 5 <= expires_at <= now + _LATEST_S + 5:
            raise StripeError(
                "The `expires_at` timestamp must be between 30 minutes and 24 hours from Checkout Session creation.",
                param="expires_at",
            )
        session = Session(wanted, created=now, expires_at=expires_at)
        if len({line.price_data.currency for line in wanted.line_items}) > 1:
            raise StripeError("All line items must be of one currency.", param="line_items")
        if session.total < _LEAST:
            least = money.shown(_LEAST, session.currency.upper())
            raise StripeError(
                f"The Checkout Session's total amount due must add up to at least {least}", code="amount_too_small"
            )
        with self._lock:
            self._sessions[session.id] = session
            while len(self._sessions) > _MOST_SESSIONS:
                del self._sessions[next(iter(self._sessions))]
        return session

    def session(self, session_id: str) -> Session:
        """The session as it is now. Raises StripeError."""
        self.expire_overdue()
        with self._lock:
            return self._find(session_id)

    def sessions(self) -> list[Session]:
        """Newest first."""
        with self._lock:
            return list(reversed(self._sessions.values()))

    def payment(self, either_id: str) -> Payment:
        """By the id of the intent or of its charge. Raises StripeError."""
        for session in self.sessions():
            if session.payment and either_id in (session.payment.id, session.payment.charge):
                return session.payment
        raise missing("payment_intent", either_id, "payment_intent")

    def pay(self, session_id: str) -> Event:
        """By card: the money is there at once. Raises StripeError."""
        return self._complete(session_id, "card", "succeeded")

    def pay_later(self, session_id: str) -> Event:
        """By bank transfer: complete, and unpaid until `settle` or `fail`. Raises StripeError."""
        return self._complete(session_id, "us_bank_account", "processing")

    def decline(self, session_id: str) -> None:
        """The card is refused; the session stays open for another one. Raises StripeError."""
        with self._open(session_id) as session:
            session.is_declined = True

    def settle(self, session_id: str) -> Event:
        """The bank transfer has come. Raises StripeError."""
        return self._decide(session_id, "succeeded", "async_payment_succeeded")

    def fail(self, session_id: str) -> Event:
        """The bank transfer has failed, for good. Raises StripeError."""
        return self._decide(session_id, "requires_payment_method", "async_payment_failed")

    def expire(self, session_id: str) -> tuple[Session, Event]:
        """Nobody can pay it any more. Raises StripeError."""
        with self._open(session_id) as session:
            session.status = "expired"
            event = self._about(session, "expired")
        return session, self._courier.take(event)

    def expire_overdue(self) -> None:
        """What was left open too long."""
        now = self._config.clock()
        with self._lock:
            overdue = [one for one in self._sessions.values() if one.status == "open" and one.expires_at <= now]
            for session in overdue:
                session.status = "expired"
        for session in overdue:
            self._courier.take(self._about(session, "expired"))

    def refund(self, wanted: NewRefund) -> tuple[dict[str, object], Event]:
        """Gives money back; the refund as Stripe shows it. Raises StripeError."""
        if not (either_id := wanted.payment_intent or wanted.charge):
            raise StripeError("One of the following params should be provided: payment_intent or charge.")
        with self._lock:
            payment = self.payment(either_id)
            amount = payment.left if wanted.amount is None else wanted.amount
            _require_refundable(payment, amount)
            payment.refunded += amount
            event = self._courier.write("charge.refunded", payment.charge_shape())
        refund = {
            "id": new_id("re_"),
            "object": "refund",
            "amount": amount,
            "charge": payment.charge,
            "created": int(self._config.clock()),
            "currency": payment.session.currency,
            "metadata": wanted.metadata,
            "payment_intent": payment.id,
            "reason": wanted.reason,
            "status": "succeeded",
        }
        return refund, self._courier.take(event)

    def dispute(self, either_id: str, *, amount: int | None = None, reason: str = "fraudulent") -> Event:
        """A card's owner wants the money back, from their bank. Raises StripeError."""
        with self._lock:
            payment = self.payment(either_id)
            wanted = payment.left if amount is None else amount
            if payment.status != "succeeded" or payment.dispute or not 0 < wanted <= payment.amount:
                raise StripeError("This payment cannot be disputed: it is not paid, or is disputed already.")
            payment.dispute = Dispute(wanted, reason, int(self._config.clock()))
            event = self._courier.write("charge.dispute.created", payment.dispute_shape(payment.dispute))
        return self._courier.take(event)

    def close_dispute(self, either_id: str, *, won: bool) -> Event:
        """The bank has decided: for the seller, or not. Raises StripeError."""
        with self._lock:
            payment = self.payment(either_id)
            if payment.dispute is None or payment.dispute.status != "needs_response":
                raise StripeError("This payment has no open dispute.")
            payment.dispute.status = "won" if won else "lost"
            event = self._courier.write("charge.dispute.closed", payment.dispute_shape(payment.dispute))
        return self._courier.take(event)

    def _complete(self, session_id: str, method: str, status: str) -> Event:
        with self._open(session_id) as session:
            session.status = "complete"
            session.payment = Payment(session, method, int(self._config.clock()), status=status)
            event = self._about(session, "completed")
        return self._courier.take(event)

    def _decide(self, session_id: str, status: str, what: str) -> Event:
        with self._lock:
            session = self._find(session_id)
            if session.payment is None or session.payment.status != "processing":
                raise StripeError("No bank transfer is under way for this session.")
            session.payment.status = status
            event = self._about(session, what)
        return self._courier.take(event)

    @contextmanager
    def _open(self, session_id: str) -> Iterator[Session]:
        """The session for the block, in which nobody else changes it."""
        self.expire_overdue()
        with self._lock:
            session = self._find(session_id)
            if session.status != "open":
                raise StripeError(
                    'Only Checkout Sessions with a status in ["open"] can be changed. '
                    f"This Checkout Session has a status of `{session.status}`."
                )
            yield session

    def _find(self, session_id: str) -> Session:
        if session_id not in self._sessions:
            raise missing("checkout.session", session_id, "session")
        return self._sessions[session_id]

    def _about(self, session: Session, what: str) -> Event:
        return self._courier.write(f"checkout.session.{what}", session.shape(self._config.url))


def _require_refundable(payment: Payment, amount: int) -> None:
    if payment.status != "succeeded":
        raise StripeError(f"Payment {payment.id} does not have a successful charge to refund.")
    if payment.left == 0:
        raise StripeError(f"Charge {payment.charge} has already been refunded.", code="charge_already_refunded")
    if payment.dispute and payment.dispute.status != "won":
        raise StripeError(
            f"Charge {payment.charge} has been charged back; cannot issue a refund.", code="charge_disputed"
        )
    if amount > payment.left:
        currency = payment.session.currency.upper()
        wanted, left = (money.shown(each, currency) for each in (amount, payment.left))
        raise StripeError(
            f"Refund amount ({wanted}) is greater than unrefunded amount on charge ({left})", param="amount"
        )
