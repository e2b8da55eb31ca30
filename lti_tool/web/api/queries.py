"""What may stand behind the question mark: each list's parameters; anything else is refused, never guessed at."""

import re
from typing import Annotated, TypeVar
from uuid import UUID

from flask import request
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from lti_tool.errors import Invalid

LARGEST_PAGE = 500
_LONGEST = 2_000
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)

_OWN_WORDS = {
    "extra_forbidden": "There is no such parameter here",
    "string_pattern_mismatch": "It holds a character that no text can hold",
}

Query = TypeVar("Query", bound=BaseModel)


def _whole(text: object) -> object:
    # pydantic alone would read "1_0", " 10" and "10.0" as numbers.
    if isinstance(text, str) and not re.fullmatch(r"[0-9]{1,9}", text):
        raise PydanticCustomError("whole", "Input should be a whole number")
    return text


# A database text cannot hold NUL, so nothing that we keep is named by one.
_Name = Annotated[str, Field(min_length=1, max_length=_LONGEST, pattern=r"^[^\x00]*$")]


class Nothing(BaseModel):
    """No parameters."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _moment(text: object) -> object:
    # pydantic would take bare numbers and dates, too.
    if isinstance(text, str) and not _RFC3339.fullmatch(text):
        raise PydanticCustomError("moment", "Input should be a moment in RFC 3339, as 2026-11-23T09:00:00Z")
    return text


class AtMoment(Nothing):
    """The books as they stood at a past moment; now, if none is said."""

    at: Annotated[
        Annotated[AwareDatetime, BeforeValidator(_moment)] | None,
        Field(description="A past moment in RFC 3339, as `2026-11-23T09:00:00Z`; now if not said."),
    ] = None


class Page(Nothing):
    """One page of a list."""

    limit: Annotated[
        int,
        BeforeValidator(_whole),
        Field(ge=1, le=LARGEST_PAGE, description=f"How many at most: 1 to {LARGEST_PAGE}, 100 if not said."),
    ] = 100
    cursor: Annotated[_Name | None, Field(description="The `next` of the page before.")] = None


class MemberPage(Page, AtMoment):
    """A page of members, as they stand or stood; or the one whom the LMS calls by issuer, client_id and subject."""

    issuer: Annotated[
        _Name | None, Field(description="With `client_id` and `subject`: the one whom an LMS calls so.")
    ] = None
    client_id: Annotated[_Name | None, Field(description="The LMS's own, as in its launches.")] = None
    subject: Annotated[_Name | None, Field(description="The member's `sub` in that LMS.")] = None


class TransferPage(Page):
    """A page of the journal, from behind the transfer `after` on."""

    after: Annotated[UUID | None, Field(description="A transfer's id: what came behind it.")] = None


def read(model: type[Query]) -> Query:
    """This request's parameters. Raises Invalid, naming the first bad one."""
    if not request.query_string:
        return model()
    sent = request.args.to_dict(flat=False)
    for field, values in sent.items():
        if len(values) > 1:
            raise Invalid(f"{field}: Give it once.", field=field)
    try:
        return model.model_validate({field: values[0] for field, values in sent.items()})
    except ValidationError as error:
        raise invalid(error.errors(include_url=False)[0]) from error


def invalid(fault: ErrorDetails) -> Invalid:
    """The refusal that names the field, from the first fault that pydantic found."""
    # An unknown field is named as it was sent: shortened, and without halves of characters that no answer can hold.
    field = ".".join(str(part) for part in fault["loc"]).encode("utf-8", "replace").decode()[:100]
    why = _OWN_WORDS.get(fault["type"], fault["msg"])
    return Invalid(f"{field}: {why}.", field=field)
