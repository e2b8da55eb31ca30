"""Stripe's hosted pages: opened for an order, looked at, and closed. Network only; no transaction is open meanwhile."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from lti_tool.language import _
from lti_tool.outbound import Outbound
from lti_tool.purchasing.checkout import Checkout
from lti_tool.purchasing.orders import Order
from lti_tool.purchasing.overdue import SeenPage
from lti_tool.purchasing.refusals import ProviderUnreachable
from lti_tool.settings import Settings

if TYPE_CHECKING:
    from stripe import StripeClient
    from stripe.checkout import Session
    from stripe.params.checkout import SessionCreateParams, SessionCreateParamsLineItem

_CALL_S = 8.0
"""The longest that one try of a call lasts: somebody waits for it."""


@dataclass(frozen=True)
class CheckoutSession:
    """A hosted page on which the order can be paid."""

    id: str
    url: str
    expires_at: datetime


class Stripe:
    """The seller's account; one for a process, for any number of threads. The SDK is loaded by the first call."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def start(self, order: Order, checkout: Checkout) -> CheckoutSession:
        """Opens the attempt's page, or finds it again. Raises ProviderFault.

        Stripe gets amounts and ids, and nothing of any person: whoever pays types on its page what it needs to know.
        """
        from lti_tool.purchasing.stripe import sdk

        asked, key = self._request(order, checkout), checkout.request_key
        with sdk.refusing():
            made = self._client.v1.checkout.sessions.create(asked, {"idempotency_key": key})
        if not made.url:
            raise ProviderUnreachable(_("The page for paying by card was not opened. Wait a minute, then try again."))
        return CheckoutSession(made.id, made.url, checkout.expires_at)

    def look_up(self, session_id: str) -> SeenPage:
        """How a page stands. Raises ProviderFault; PaymentNotTaken if Stripe does not know it."""
        from lti_tool.purchasing.stripe import sdk

        with sdk.refusing():
            return _seen(self._client.v1.checkout.sessions.retrieve(session_id))

    def expire(self, session_id: str) -> SeenPage:
        """Closes a page, so that nobody can pay there. Raises ProviderFault; PaymentNotTaken if it is not open."""
        from lti_tool.purchasing.stripe import sdk

        with sdk.refusing():
            return _seen(self._client.v1.checkout.sessions.expire(session_id))

    def _request(self, order: Order, checkout: Checkout) -> "SessionCreateParams":
        """The same in each try of the attempt: Stripe refuses a key that comes back with another question."""
        settings = self._settings
        back = f"{settings.public_url}/checkout/return"
        ours = {"order_id": order.id, "order_number": order.number}
        lines = [_line(order, settings.sold(order.resource).count(order.quantity), order.goods)]
        if order.tax:
            lines.append(_line(order, settings.catalog.tax_name, order.tax))
        return {
            "mode": "payment",
            "line_items": lines,
            "client_reference_id": order.id,
            "metadata": ours,
            "payment_intent_data": {"description": f"Order {order.number}", "metadata": ours},
            "success_url": back,
            "cancel_url": back,
            "expires_at": int(checkout.expires_at.timestamp()),
            "submit_type": "pay",
            "adaptive_pricing": {"enabled": False},  # what comes in is compared with the order in its own currency
        }

    @cached_property
    def _client(self) -> "StripeClient":
        from lti_tool.purchasing.stripe import sdk

        settings = self._settings
        outbound = Outbound(settings.allow_private_hosts, within_s=_CALL_S)
        return sdk.client(settings.stripe_secret_key, settings.stripe_api_base, outbound)


def _seen(page: "Session") -> SeenPage:
    payment = page.payment_intent
    return SeenPage(
        status=page.status or "open",
        is_paid=page.payment_status == "paid",
        payment=payment if payment is None or isinstance(payment, str) else payment.id,
    )


def _line(order: Order, name: str, amount: int) -> "SessionCreateParamsLineItem":
    return {
        "price_data": {
            "currency": order.currency.lower(),
            "unit_amount": amount,
            "product_data": {"name": name},
        },
        "quantity": 1,
    }
