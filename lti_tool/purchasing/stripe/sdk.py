"""The official SDK, held to our rules for calls. Only this module imports it: 30 MB that most workers never need."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import stripe
from stripe._base_address import BaseAddresses

from lti_tool.language import _
from lti_tool.outbound import Outbound, OutboundError, Unreachable
from lti_tool.purchasing.refusals import (
    AskedOtherwise,
    PaymentNotTaken,
    ProviderBusy,
    ProviderFault,
    ProviderRefusesUs,
    ProviderUnreachable,
)

_RETRIES = 2
"""How often the SDK tries a call again, by the same idempotency key."""

_log = logging.getLogger(__name__)
# It would write a file into the home of whoever runs us, and tell Stripe how fast our calls are.
stripe.enable_telemetry = False
# It logs the texts of errors, which we say in our own words.
logging.getLogger("stripe").addHandler(logging.NullHandler())
logging.getLogger("stripe").propagate = False


class Calls(stripe.HTTPClient):
    """Lets the SDK call through `Outbound`: bounded in time and size, no redirects, no private addresses."""

    name = "creditroll"

    def __init__(self, outbound: Outbound) -> None:
        super().__init__()
        self._outbound = outbound

    def request(
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None, **_for_telemetry: Any
    ) -> tuple[str, int, Mapping[str, str]]:
        """One try of a call, as the SDK asks for it. Raises APIConnectionError."""
        body = post_data.encode() if isinstance(post_data, str) else post_data
        try:
            answer = self._outbound.call(method.upper(), url, headers=headers or {}, body=body)
        except OutboundError as error:
            _log.warning("stripe: %s", error)
            raise _no_connection(error) from error
        return answer.body.decode("utf-8", "replace"), answer.status, answer.headers

    def close(self) -> None:
        """Connections are kept for the next call."""


def client(key: str, base: str, outbound: Outbound) -> stripe.StripeClient:
    """The SDK for this key; `base` is another server than Stripe's own, if not empty."""
    addresses: BaseAddresses = {"api": base} if base else {}
    return stripe.StripeClient(key, base_addresses=addresses, max_network_retries=_RETRIES, http_client=Calls(outbound))


@contextmanager
def refusing() -> Iterator[None]:
    """Calls in the block fail with what a person is told of it. Raises ProviderFault."""
    try:
        yield
    except stripe.StripeError as error:
        raise _refusal(error) from error


def _refusal(error: stripe.StripeError) -> ProviderFault:
    """The log has what Stripe's support asks for, and no more."""
    _log.warning(
        "stripe: %s, status %s, code %s, request %s",
        type(error).__name__,
        error.http_status,
        error.code,
        error.request_id,
    )
    match error:
        case stripe.IdempotencyError():
            return AskedOtherwise(
                _("The payment has to be prepared anew. Your order is kept, and nothing was charged. Try again.")
            )
        case stripe.RateLimitError() | stripe.StripeError(http_status=409):
            return ProviderBusy(
                _(
                    "Card payments are busy at this moment. "
                    "Your order is kept, and nothing was charged. Wait a minute, then try again."
                )
            )
        case stripe.AuthenticationError() | stripe.PermissionError():
            return ProviderRefusesUs(
                _(
                    "Card payments are not set up right. Your order is kept, and nothing was charged. "
                    "Tell whoever runs Creditroll, or use a purchase order."
                )
            )
        case stripe.InvalidRequestError(code="amount_too_small" | "amount_too_large"):
            return PaymentNotTaken(
                _(
                    "This amount cannot be paid by card. "
                    "Your order is kept, and nothing was charged. Use a purchase order instead."
                )
            )
        case stripe.InvalidRequestError() | stripe.CardError():
            return PaymentNotTaken(
                _(
                    "This cannot be paid by card now. "
                    "Your order is kept, and nothing was charged. Tell whoever runs Creditroll."
                )
            )
        case _:
            return ProviderUnreachable(
                _(
                    "The page for paying by card could not be opened. "
                    "Your order is kept, and nothing was charged. Wait a minute, then try again."
                )
            )


def _no_connection(error: OutboundError) -> stripe.APIConnectionError:
    failure = stripe.APIConnectionError(str(error))  # type: ignore[no-untyped-call] # the SDK has no annotation there
    failure.should_retry = isinstance(error, Unreachable)
    return failure
