"""Whom an order is billed to, as a school's office writes it: parsed once, with a sentence for each wrong field."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from lti_tool.errors import Invalid
from lti_tool.language import N_, _
from lti_tool.purchasing.orders import Order

FIELDS = ("po_number", "billing_organization", "billing_name", "billing_email", "billing_address")
_LONGEST = {"po_number": 60, "billing_organization": 120, "billing_name": 120, "billing_email": 254}
_EMPTY = {
    "po_number": N_("Enter the number of the purchase order."),
    "billing_organization": N_("Enter the school or district that pays."),
    "billing_name": N_("Enter who receives the invoice."),
    "billing_email": N_("Enter the e-mail address of whoever receives the invoice."),
}
_MOST_LINES, _LONGEST_LINE = 4, 100
_EMAIL = re.compile(r"""[^\s@<>()\[\],;:\\"]{1,64}@(?:[\w-]{1,63}\.)+[\w-]{2,63}""")
_JOINERS = str.maketrans("", "", "\u200c\u200d")  # not shown, but Persian and Indic names are spelled with them


class BillingInvalid(Invalid):
    """Fields that cannot be taken: `figures["wrong"]` has a sentence for each, `figures["field"]` is the first."""

    def __init__(self, wrong: Mapping[str, str]) -> None:
        field, detail = next(iter(wrong.items()))
        super().__init__(detail, field=field, wrong=dict(wrong))
        self.wrong = dict(wrong)


@dataclass(frozen=True)
class Billing:
    """The purchase order's number, and who gets the invoice; the address may be empty and has at most 4 lines."""

    po_number: str
    organization: str
    name: str
    email: str
    address: str

    @classmethod
    def read(cls, typed: Mapping[str, str], *, is_whole: bool = True) -> Self:
        """What was typed into the fields `FIELDS`; some may be empty unless `is_whole`. Raises BillingInvalid."""
        found = {field: " ".join(typed.get(field, "").split()) for field in _LONGEST}
        lines = [" ".join(line.split()) for line in typed.get("billing_address", "").strip().splitlines()]
        asked = {field: text for field, text in found.items() if text or is_whole}
        wrong = {field: sentence for field, text in asked.items() if (sentence := _fault(field, text))}
        if sentence := _address_fault(lines):
            wrong["billing_address"] = sentence
        if wrong:
            raise BillingInvalid(wrong)
        return cls(*[*found.values(), "\n".join(lines)])

    @classmethod
    def of(cls, order: Order) -> Self:
        """What the order has; empty texts where nobody said."""
        return cls(*(getattr(order, field) or "" for field in FIELDS))

    def put_on(self, order: Order) -> None:
        """Writes it onto the order."""
        for field, text in zip(
            FIELDS, (self.po_number, self.organization, self.name, self.email, self.address), strict=True
        ):
            setattr(order, field, text or None)


def _fault(field: str, text: str) -> str:
    longest = _LONGEST[field]
    if not text:
        return _(_EMPTY[field])
    if not _is_visible(text):
        return _("This has a character that cannot be shown. Type it, instead of pasting it.")
    if len(text) > longest:
        return _("This has at most %(most)s characters; what you typed has %(count)s.", most=longest, count=len(text))
    if field == "billing_email" and not _EMAIL.fullmatch(text):
        return _("This is not an e-mail address such as office@school.org.")
    return ""


def _address_fault(lines: list[str]) -> str:
    if len(lines) > _MOST_LINES:
        return _("An address has at most %(most)s lines; this one has %(count)s.", most=_MOST_LINES, count=len(lines))
    if not all(map(_is_visible, lines)):
        return _("This has a character that cannot be shown. Type it, instead of pasting it.")
    if any(len(line) > _LONGEST_LINE for line in lines):
        return _("A line of an address has at most %(most)s characters.", most=_LONGEST_LINE)
    return ""


def _is_visible(text: str) -> bool:
    return text.translate(_JOINERS).isprintable()
