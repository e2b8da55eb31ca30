"""A paper's facts to start a test from, and how a reader of the PDF sees it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pypdfium2

from lti_tool.purchasing.papers import draw
from lti_tool.purchasing.papers.facts import Facts, Received, Seller
from tests.factories import NOW

SELLER = Seller("Creditroll", ("1 Example Street", "Springfield, IL 62701"), "orders@creditroll.example", "12-3456789")
QUOTE = Facts(
    kind="quote",
    number="Q-2026-7F3A9KQX",
    order_number="CR-2026-7F3A9KQX",
    status="draft",
    is_over=False,
    license_name="Lincoln High",
    item="Export credits",
    about="One credit turns one finished piece of work into a file you can keep.",
    quantity=100,
    currency="USD",
    goods=5000,
    tax=413,
    total=5413,
    tax_name="Sales tax",
    tax_note="Schools with a certificate of exemption pay no tax on purchase orders.",
    tax_rate=825,
    is_exempt=False,
    po_number="",
    billed_to=(),
    quoted_at=NOW,
    expires_at=NOW + timedelta(days=30),
    placed_at=None,
    due_at=None,
    received=(),
    given_back=0,
    takes_cards=False,
    seller=SELLER,
    locale="en_US",
)
INVOICE = replace(
    QUOTE,
    kind="invoice",
    number="I-2026-7F3A9KQX",
    status="placed",
    po_number="4500-2291",
    billed_to=("Springfield School District", "Zoë O’Brien-Nguyễn", "12 Main Street", "accounts@springfield.example"),
    placed_at=NOW,
    due_at=NOW + timedelta(days=30),
)
RECEIPT = replace(
    INVOICE,
    kind="receipt",
    number="R-2026-7F3A9KQX",
    status="fulfilled",
    received=(Received(NOW + timedelta(days=20), "bank", "ACH 0042", 5413),),
)

_AMOUNT = re.compile(r"(?m)^(?P<label>.*?)\s?(?P<sign>\u2212?)\$(?P<amount>[\d,]+\.\d\d)$")


@contextmanager
def opened(pdf: bytes) -> Iterator[Any]:
    """The document as a viewer opens it."""
    document = pypdfium2.PdfDocument(pdf)
    yield document
    document.close()


def text(pdf: bytes) -> str:
    """All that can be selected and copied out of the document, page after page."""
    with opened(pdf) as document:
        pages = "\n".join(page.get_textpage().get_text_range() for page in document)
    return pages.replace("\r\n", "\n").replace("\u00a0", " ")


def drawn(facts: Facts) -> str:
    """The text of the facts' paper."""
    return text(draw.pdf(facts))


def amounts(shown: str) -> list[tuple[str, int]]:
    """Each line that ends with dollars: its label, and the cents."""
    return [
        (one["label"], int(re.sub("[,.]", "", one["amount"])) * (-1 if one["sign"] else 1))
        for one in _AMOUNT.finditer(shown)
    ]
