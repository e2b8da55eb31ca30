"""What a number of units costs, by packs and tiers (R28)."""

from dataclasses import replace

import pytest

from lti_tool.price_list import Pack, PriceList
from lti_tool.purchasing import catalog
from lti_tool.purchasing.refusals import NotForSale
from tests.factories import SHOP

NAME = "export-credits"
PACKS_ONLY = replace(SHOP, prices={NAME: PriceList((Pack(10, 999), Pack(50, 3_999)), ())})


@pytest.mark.parametrize(
    ("quantity", "goods"), [(25, 1_500), (32, 1_920), (49, 2_940), (50, 2_750), (100, 5_000), (300, 13_500)]
)
def test_a_pack_has_its_price_and_any_other_number_its_tiers(quantity: int, goods: int) -> None:
    price = catalog.price(SHOP, NAME, quantity)
    assert (price.goods, price.tax, price.total) == (goods, 0, goods)


def test_tax_is_rounded_to_the_cent_and_the_exempt_pay_none() -> None:
    shop = replace(SHOP, tax_rate=825)
    price = catalog.price(shop, NAME, 26)
    assert (price.goods, price.tax, price.total) == (1_560, 129, 1_689)
    exempt = catalog.price(shop, NAME, 26, is_exempt=True)
    assert (exempt.goods, exempt.tax, exempt.total) == (1_560, 0, 1_560)
    assert [catalog.tax_on(goods, 50) for goods in (99, 100, 299, 300)] == [0, 1, 1, 2]


@pytest.mark.parametrize(
    ("quantity", "says"),
    [
        (11, "The nearest are 10 and 50."),
        (51, "The nearest is 50."),
        (0, "The nearest is 10."),
        (200_000, "at most 100,000"),
    ],
)
def test_what_is_not_for_sale_is_refused_with_what_is_nearest(quantity: int, says: str) -> None:
    with pytest.raises(NotForSale) as refused:
        catalog.price(PACKS_ONLY, NAME, quantity)
    assert says in refused.value.detail


def test_a_shortfall_is_covered_by_the_smallest_quantity_for_sale() -> None:
    assert [catalog.least(SHOP, NAME, wanted) for wanted in (1, 32, 100_000, 100_001)] == [1, 32, 100_000, None]
    assert [catalog.least(PACKS_ONLY, NAME, wanted) for wanted in (1, 11, 51)] == [10, 50, None]
