"""What the stand-in keeps: sessions, the payments made in them, refunds and disputes; and how Stripe shows each."""

import secrets
from dataclasses import dataclass, field
from typing import Any

from lti_tool.demo.gateway.parameters import NewSession

# Whoever pays is known to Stripe, and its events say so: none of this may be kept by the tool.
_PAYER = {
    "name": "Dana Whitfield-Made-Up",
    "email": "payer@made-up-school.example",
    "phone": None,
    "address": {"country": "US", "postal_code": "02139", "line1": "1 Made-up Street", "city": "Cambridge"},
}


def new_id(prefix: str, length: int = 24) -> str:
    """An id as Stripe makes them: `pi_3Q…`."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    return prefix + "".join(secrets.choice(letters) for _ in range(length))


@dataclass
class Dispute:
    """A bank takes money back; `status` is needs_response, won or lost."""

    amount: int
    reason: str
    created: int
    status: str = "needs_response"
    id: str = field(default_factory=lambda: new_id("du_"))


@dataclass
class Payment:
    """A payment intent and its one charge; `status` is processing, succeeded or requires_payment_method."""

    session: "Session"
    method: str
    created: int
    status: str = "succeeded"
    refunded: int = 0
    dispute: Dispute | None = None
    id: str = field(default_factory=lambda: new_id("pi_"))
    charge: str = field(default_factory=lambda: new_id("ch_"))

    @property
    def amount(self) -> int:
        """In minor units."""
        return self.session.total

    @property
    def left(self) -> int:
        """What was not given back yet."""
        return self.amount - self.refunded

    def shape(self) -> dict[str, Any]:
        """A `payment_intent`."""
        return {
            **self._common("payment_intent", self.id),
            "amount_received": self.amount if self.status == "succeeded" else 0,
            "latest_charge": self.charge,
            "status": self.status,
        }

    def charge_shape(self) -> dict[str, Any]:
        """A `charge`; it copies its intent's metadata, and `amount_refunded` is the sum of all refunds."""
        return {
            **self._common("charge", self.charge),
            "amount_captured": self.amount if self.status == "succeeded" else 0,
            "amount_refunded": self.refunded,
            "billing_details": _PAYER,
            "captured": self.status == "succeeded",
            "disputed": self.dispute is not None,
            "paid": self.status == "succeeded",
            "payment_intent": self.id,
            "payment_method_details": {"type": self.method},
            "refunded": self.refunded == self.amount,
            "status": {"processing": "pending", "succeeded": "succeeded"}.get(self.status, "failed"),
        }

    def dispute_shape(self, dispute: Dispute) -> dict[str, Any]:
        """A `dispute`; it has metadata of its own, which is empty: only the ids lead to the payment."""
        return {
            "id": dispute.id,
            "object": "dispute",
            "amount": dispute.amount,
            "charge": self.charge,
            "created": dispute.created,
            "currency": self.session.currency,
            "livemode": False,
            "metadata": {},
            "payment_intent": self.id,
            "reason": dispute.reason,
            "status": dispute.status,
        }

    def _common(self, kind: str, one: str) -> dict[str, Any]:
        data = self.session.wanted.payment_intent_data
        return {
            "id": one,
            "object": kind,
            "amount": self.amount,
            "created": self.created,
            "currency": self.session.currency,
            "description": data.description,
            "livemode": False,
            "metadata": data.metadata,
        }


@dataclass
class Session:
    """A checkout session; `status` is open, complete or expired."""

    wanted: NewSession
    created: int
    expires_at: int
    status: str = "open"
    payment: Payment | None = None
    is_declined: bool = False
    """Whether the last card was; the payer may try another."""
    id: str = field(default_factory=lambda: new_id("cs_test_", 58))

    @property
    def currency(self) -> str:
        """Of all its lines, in small letters."""
        return self.wanted.line_items[0].price_data.currency

    @property
    def total(self) -> int:
        """All lines, in minor units."""
        return sum(line.price_data.unit_amount * line.quantity for line in self.wanted.line_items)

    @property
    def is_paid(self) -> bool:
        """Whether the money is there: a bank transfer takes days."""
        return self.payment is not None and self.payment.status == "succeeded"

    @property
    def success_url(self) -> str:
        """Where the payer goes on; Stripe fills this one word in."""
        return self.wanted.success_url.replace("{CHECKOUT_SESSION_ID}", self.id)

    def shape(self, gateway_url: str) -> dict[str, Any]:
        """A `checkout.session`; only an open one has the address of its page."""
        wanted = self.wanted
        return {
            "id": self.id,
            "object": "checkout.session",
            "amount_subtotal": self.total,
            "amount_total": self.total,
            "cancel_url": wanted.cancel_url,
            "client_reference_id": wanted.client_reference_id,
            "created": self.created,
            "currency": self.currency,
            "customer": None,
            "customer_details": _PAYER if self.payment else None,
            "customer_email": wanted.customer_email,
            "expires_at": self.expires_at,
            "livemode": False,
            "locale": wanted.locale,
            "metadata": wanted.metadata,
            "mode": wanted.mode,
            "payment_intent": self.payment.id if self.payment else None,
            "payment_method_types": wanted.payment_method_types or ["card", "us_bank_account"],
            "payment_status": "paid" if self.is_paid else "unpaid",
            "status": self.status,
            "submit_type": wanted.submit_type,
            "success_url": wanted.success_url,
            "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
            "ui_mode": "hosted",
            "url": f"{gateway_url}/pay/{self.id}" if self.status == "open" else None,
        }
