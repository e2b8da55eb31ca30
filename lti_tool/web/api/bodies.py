"""What programs may send: each call's JSON body, read strictly; anything else is refused, and says which field."""

import json
from typing import Annotated, Any, TypeVar

from flask import abort, request
from pydantic import BaseModel, Field, StrictInt, StrictStr, ValidationError

from lti_tool.errors import Refusal
from lti_tool.ledger.holds import DEFAULT_LIFE, LARGEST_AMOUNT, LONGEST_LIFE, LONGEST_REFERENCE
from lti_tool.web.api.queries import Nothing, invalid

_LARGEST = 16_384
"""Bytes: the longest body that means something is a tenth of it."""

Body = TypeVar("Body", bound=BaseModel)

# No database text holds NUL; half of a surrogate pair, which JSON can write too, is refused by pydantic itself.
Text = Annotated[StrictStr, Field(pattern=r"^[^\x00]*$")]
Amount = Annotated[StrictInt, Field(ge=1, le=LARGEST_AMOUNT)]


class Malformed(Refusal):
    """The body is no JSON object, or a header that must be there is missing."""

    code = "malformed"
    status = 400


class NewSpend(Nothing):
    """Units that are used at once."""

    resource: Annotated[
        Text, Field(min_length=1, max_length=64, description="By its name in the license, as `export-credits`.")
    ]
    amount: Annotated[Amount, Field(description=f"Whole units: 1 to {LARGEST_AMOUNT:,}, no fraction.")]
    reference: Annotated[
        Annotated[Text, Field(max_length=LONGEST_REFERENCE)] | None,
        Field(description=f"Yours, for the journal: at most {LONGEST_REFERENCE} characters."),
    ] = None


class NewHold(NewSpend):
    """Units that are set aside."""

    expires_in: Annotated[
        StrictInt,
        Field(
            ge=1,
            le=int(LONGEST_LIFE.total_seconds()),
            description=f"Seconds from now: 1 to {LONGEST_LIFE.total_seconds():,.0f},"
            f" {DEFAULT_LIFE.total_seconds():,.0f} if not said.",
        ),
    ] = int(DEFAULT_LIFE.total_seconds())


class Capture(Nothing):
    """How much of a hold is used; all of it if not said."""

    amount: Annotated[Amount | None, Field(description="At most what is held; all of it if not said.")] = None


class Release(Nothing):
    """Nothing to say."""


def read(model: type[Body]) -> Body:
    """This request's body. Raises Malformed, Invalid; aborts with 413 and 415."""
    request.max_content_length = _LARGEST + 1  # of a body that does not say its length no more than this is read
    raw = request.get_data()
    if len(raw) > _LARGEST:
        abort(413)
    if not raw and not any(field.is_required() for field in model.model_fields.values()):
        return model()
    if request.mimetype != "application/json":
        abort(415)
    try:
        return model.model_validate(_object(raw))
    except ValidationError as error:
        raise invalid(error.errors(include_url=False)[0]) from error


def _object(raw: bytes) -> dict[str, Any]:
    try:
        sent = _decode(raw.decode("utf-8"))
    except (ValueError, RecursionError) as error:  # a number or a depth that nobody needs, too
        raise Malformed("The body is not JSON in UTF-8, or names a field twice.") from error
    if not isinstance(sent, dict):
        raise Malformed("The body must be a JSON object.")
    return sent


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a field comes twice")
    return found


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")


_decode = json.JSONDecoder(object_pairs_hook=_once_each, parse_constant=_no_constant).decode
