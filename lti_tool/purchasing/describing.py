"""An order as programs read it: one shape for the command line and the machine API (docs/operator/payments.md)."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from lti_tool.purchasing import payments
from lti_tool.purchasing.orders import Order
from lti_tool.purchasing.payments import Payment, PaymentProblem

_TEXTS = ("number", "status", "method", "resource", "quantity", "currency", "goods", "tax", "total", "tax_rate")
_TIMES = ("created_at", "expires_at", "placed_at", "due_at", "fulfilled_at", "closed_at")


def describe(session: Session, orders: Sequence[Order]) -> list[dict[str, Any]]:
    """The orders with their payments, in the same order; amounts are minor units of the order's currency."""
    received = payments.of_orders(session, [order.id for order in orders])
    return [_order(order, received[order.id]) for order in orders]


def describe_problem(problem: PaymentProblem) -> dict[str, Any]:
    """A problem; `order` is its order's id, None where nobody knows it."""
    return {
        "id": problem.id,
        "code": problem.code,
        "detail": problem.detail,
        "order": problem.order_id,
        "payment": problem.payment_id,
        "event": problem.event_id,
        "noted_at": _time(problem.noted_at),
        "closed_at": _time(problem.closed_at),
        "closed_note": problem.closed_note,
    }


def _order(order: Order, received: Sequence[Payment]) -> dict[str, Any]:
    paid = payments.paid(received, order.currency)
    return {
        "id": order.id,
        "license": order.license_id,
        **{name: getattr(order, name) for name in _TEXTS},
        "tax_exempt": order.tax_exempt,
        "paid": paid,
        "given_back": payments.given_back(received, order.currency),
        "is_paid": paid >= order.total,
        "po_number": order.po_number,
        "billing": {
            "organization": order.billing_organization,
            "name": order.billing_name,
            "email": order.billing_email,
            "address": order.billing_address,
        },
        **{name: _time(getattr(order, name)) for name in _TIMES},
        "placed_by": order.placed_by,
        "closed_by": order.closed_by,
        "closed_note": order.closed_note,
        "batch": order.purchase_batch_id,
        "refunded_units": order.refunded_units,
        "shortfall_units": order.shortfall_units,
        "payments": [_payment(payment) for payment in received],
    }


def _payment(payment: Payment) -> dict[str, Any]:
    return {
        "id": payment.id,
        "provider": payment.provider,
        "reference": payment.reference,
        "status": payment.status,
        "amount": payment.amount,
        "currency": payment.currency,
        "refunded": payment.refunded,
        "lost": payment.lost,
        "is_disputed": payment.is_disputed,
        "paid_at": _time(payment.paid_at),
    }


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
