"""Whatever is bought, at whatever price and tax, and whatever was paid: the figures on a paper add up to the cent."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lti_tool.price_list import PriceList, Tier
from lti_tool.purchasing.catalog import price
from lti_tool.purchasing.papers.facts import Received
from tests.factories import EXPORT_CREDITS, NOW, SHOP
from tests.purchasing.paper import INVOICE, QUOTE, RECEIPT, amounts, drawn

AGREED = st.fixed_dictionaries(
    {
        "quantity": st.integers(1, 1_000_000),
        "each": st.integers(1, 100_000),
        "rate": st.integers(0, 10_000),
        "is_exempt": st.booleans(),
    }
)
PARTS = st.lists(st.integers(1, 10**11), max_size=4)


@pytest.mark.slow
@settings(deadline=None, max_examples=80)
@given(agreed=AGREED, parts=PARTS, share=st.integers(0, 100))
def test_the_figures_on_every_paper_add_up(agreed: dict[str, int], parts: list[int], share: int) -> None:
    shop = replace(
        SHOP,
        most=1_000_000,
        tax_rate=agreed["rate"],
        prices={EXPORT_CREDITS.name: PriceList((), (Tier(1, agreed["each"]),))},
    )
    bought = price(shop, EXPORT_CREDITS.name, agreed["quantity"], is_exempt=bool(agreed["is_exempt"]))
    received = tuple(Received(NOW, "bank", "ACH", part) for part in parts) or (
        Received(NOW, "bank", "ACH", bought.total),
    )
    came = sum(one.amount for one in received)
    for base in (QUOTE, INVOICE, RECEIPT):
        facts = replace(
            base,
            quantity=bought.quantity,
            goods=bought.goods,
            tax=bought.tax,
            total=bought.total,
            tax_rate=bought.tax_rate,
            is_exempt=bought.is_exempt,
            received=() if base is QUOTE else received,
            given_back=came * share // 100 if base is RECEIPT else 0,
        )
        lines = amounts(drawn(facts))
        shown = dict(lines)
        [tax] = [cents for label, cents in lines if label.startswith(("Sales tax", "Exempt, certificate"))]
        assert shown["Subtotal"] + tax == shown["Total"] == bought.total
        assert tax == (0 if agreed["is_exempt"] else (bought.goods * agreed["rate"] + 5_000) // 10_000)
        if base is INVOICE:
            due = shown["Total"] + shown["Paid"] + shown.get("Paid too much", 0)
            assert due == shown["Amount due"] == max(0, bought.total - came)
        if base is RECEIPT:
            payments = [cents for label, cents in lines if "reference ACH" in label]
            kept = next(shown[label] for label in ("Paid, less what was given back", "Paid") if label in shown)
            assert sum(payments) + shown.get("Given back", 0) == kept
