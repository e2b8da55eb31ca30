"""Stripe's hosted pages: opened for an order, looked at, and closed. Network only; no transaction is open meanwhile."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from lti_tool.outbound import Outbound
from lti_tool.purchasing.checkout import Checkout
from lti_tool.purchasing.orders import Order
from lti_tool.purchasing.refusals import ProviderUnreachable
from lti_tool.settings import Settings

if TYPE_CHECKING:
    from stripe import StripeClient
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
        from stripe import StripeError

        from lti_tool.purchasing.stripe import sdk

        try:
            made = self._client.v1.checkout.sessions.create(
                self._request(order, checkout), {"idempotency_key": checkout.request_key}
            )
        except StripeError as error:
            raise sdk.refusal(error) from error
        if not made.url:
            raise ProviderUnreachable(
                "The page for paying by card was not opened. Wait a minute, then press Pay again."
            )
        return CheckoutSession(made.id, made.url, checkout.expires_at)

    def expire(self, session_id: str) -> None:
        """Closes a page, so that nobody can pay there any more. Raises ProviderFault, also if it was closed already."""
        from stripe import StripeError

        from lti_tool.purchasing.stripe import sdk

        try:
            self._client.v1.checkout.sessions.expire(session_id)
        except StripeError as error:
            raise sdk.refusal(error) from error

    def _request(self, order: Order, checkout: Checkout) -> "SessionCreateParams":
        """The same in each try of the attempt: Stripe refuses a key that comes back with another question."""
        settings = self._settings
        back = f"{settings.public_url}/checkout/return"
        ours = {"order_id": order.id, "order_number": order.number}
        lines = [_line(order, settings.resources[order.resource].count(order.quantity), order.goods)]
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


def _line(order: Order, name: str, amount: int) -> "SessionCreateParamsLineItem":
    return {
        "price_data": {
            "currency": order.currency.lower(),
            "unit_amount": amount,
            "product_data": {"name": name},
        },
        "quantity": 1,
    }
