"""Stripe's parameters: forms with brackets, `line_items[0][price_data][currency]=usd`, checked before anything runs."""

import re
from collections.abc import Iterable
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from lti_tool.demo.gateway.errors import StripeError

_DEEPEST = 6
_PART = re.compile(r"\[([^\[\]]*)\]")
_PLACE = re.compile(r"\d{0,4}", re.ASCII)
# docs.stripe.com/metadata: 50 keys of 40 characters, values of 500.
Metadata = Annotated[
    dict[Annotated[str, StringConstraints(max_length=40)], Annotated[str, StringConstraints(max_length=500)]],
    Field(max_length=50),
]
_Amount = Annotated[int, Field(ge=0, le=99_999_999)]
_Url = Annotated[str, StringConstraints(pattern=r"^https?://[^\s]+$", max_length=5000)]
_Model = TypeVar("_Model", bound=BaseModel)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ProductData(_Strict):
    """What is sold, in words."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=5000)]
    description: str | None = None
    metadata: Metadata = {}


class PriceData(_Strict):
    """The price of one, in minor units."""

    currency: Annotated[str, StringConstraints(to_lower=True, pattern=r"^[a-zA-Z]{3}$")]
    unit_amount: _Amount
    product_data: ProductData
    tax_behavior: str | None = None


class LineItem(_Strict):
    """One line of the bill."""

    price_data: PriceData
    quantity: Annotated[int, Field(ge=1, le=999_999)]


class PaymentIntentData(_Strict):
    """What the payment, its charge and its refunds will carry."""

    metadata: Metadata = {}
    description: str | None = None
    receipt_email: str | None = None
    statement_descriptor_suffix: str | None = None


class AdaptivePricing(_Strict):
    """Whether payers see prices in their own currency."""

    enabled: bool


class NewSession(_Strict):
    """`POST /v1/checkout/sessions`, as far as one-off payments on a hosted page go."""

    mode: Literal["payment"]
    line_items: Annotated[list[LineItem], Field(min_length=1, max_length=100)]
    success_url: _Url
    cancel_url: _Url | None = None
    client_reference_id: Annotated[str, StringConstraints(max_length=200)] | None = None
    metadata: Metadata = {}
    payment_intent_data: PaymentIntentData = PaymentIntentData()
    expires_at: int | None = None
    customer_email: str | None = None
    payment_method_types: list[str] | None = None
    billing_address_collection: Literal["auto", "required"] | None = None
    submit_type: Literal["auto", "book", "donate", "pay", "subscribe"] | None = None
    locale: str | None = None
    adaptive_pricing: AdaptivePricing | None = None
    expand: list[str] = []


class NewRefund(_Strict):
    """`POST /v1/refunds`; without an amount all that is left."""

    payment_intent: str | None = None
    charge: str | None = None
    amount: Annotated[int, Field(ge=1)] | None = None
    reason: Literal["duplicate", "fraudulent", "requested_by_customer"] | None = None
    metadata: Metadata = {}


class Nothing(_Strict):
    """A call without parameters of its own."""

    expand: list[str] = []


def read(pairs: Iterable[tuple[str, str]], model: type[_Model]) -> _Model:
    """The parameters of one call. Raises StripeError as Stripe does, naming the first that is wrong."""
    try:
        return model.model_validate(nested(pairs))
    except ValidationError as error:
        raise _refusal(error) from error


def nested(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """`a[b][0]=c` as {"a": {"b": ["c"]}}. Raises StripeError."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        *path, last = (name.partition("[")[0], *_PART.findall(name))
        if len(path) > _DEEPEST:
            raise StripeError("Parameters are nested too deep.", param=name)
        here = found
        for part in path:
            here = here.setdefault(part, {})
            if not isinstance(here, dict):
                raise StripeError(f"Invalid parameter: {name}", param=name)
        here[last] = value
    return {name: _listed(value) for name, value in found.items()}


def _listed(value: Any) -> Any:
    """Numbers as names are a list's; `a[]=` without a number is one, too."""
    if not isinstance(value, dict):
        return value
    inner = {name: _listed(each) for name, each in value.items()}
    is_list = all(_PLACE.fullmatch(name) for name in inner)
    return [inner[name] for name in sorted(inner, key=lambda name: int(name or 0))] if is_list else inner


def _refusal(error: ValidationError) -> StripeError:
    first = error.errors(include_url=False)[0]
    head, *rest = (str(part) for part in first["loc"])
    param = head + "".join(f"[{part}]" for part in rest)
    if first["type"] == "missing":
        return StripeError(f"Missing required param: {param}.", code="parameter_missing", param=param)
    if first["type"] == "extra_forbidden":
        return StripeError(f"Received unknown parameter: {param}", code="parameter_unknown", param=param)
    return StripeError(f"Invalid {param}: {first['msg']}", code="parameter_invalid", param=param)
