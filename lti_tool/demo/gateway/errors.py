"""Stripe's refusals, in Stripe's shape (docs.stripe.com/api/errors)."""

from collections.abc import Mapping
from typing import Any


class StripeError(Exception):
    """One refusal; the SDK makes its own exception of status and `kind`."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message, self.status, self.kind, self.code, self.param = message, status, kind, code, param

    def shape(self) -> Mapping[str, Any]:
        """The body of the answer."""
        known = {"type": self.kind, "code": self.code, "param": self.param, "message": self.message}
        return {"error": {name: value for name, value in known.items() if value is not None}}


def missing(kind: str, one: str, param: str) -> StripeError:
    """There is no such thing here."""
    return StripeError(f"No such {kind}: '{one}'", status=404, code="resource_missing", param=param)
