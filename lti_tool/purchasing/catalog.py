"""What a number of units costs: pure arithmetic on whole numbers of the currency's smallest unit (R28)."""

from collections.abc import Iterator
from dataclasses import dataclass

from lti_tool.language import N_, _
from lti_tool.price_list import Catalog, PriceList
from lti_tool.purchasing.refusals import NotForSale


@dataclass(frozen=True)
class Price:
    """What an order comes to: total = goods + tax, in minor units; `tax_rate` is in hundredths of a percent."""

    quantity: int
    currency: str
    goods: int
    tax: int
    tax_rate: int
    is_exempt: bool

    @property
    def total(self) -> int:
        """What is to be paid."""
        return self.goods + self.tax


def price(catalog: Catalog, resource: str, quantity: int, *, is_exempt: bool = False) -> Price:
    """The price of so many units, with tax unless the buyer is exempt. Raises NotForSale."""
    goods = goods_price(catalog, resource, quantity)
    tax = 0 if is_exempt else tax_on(goods, catalog.tax_rate)
    return Price(quantity, catalog.currency, goods, tax, catalog.tax_rate, is_exempt)


def tax_on(goods: int, rate: int) -> int:
    """The tax on an amount, halves rounded up; `rate` is in hundredths of a percent."""
    return (goods * rate + 5_000) // 10_000


def goods_price(catalog: Catalog, resource: str, quantity: int) -> int:
    """What so many units cost before tax. Raises NotForSale."""
    prices = catalog.prices.get(resource)
    if prices is None:
        raise NotForSale(_("This cannot be bought here. Ask whoever set Creditroll up."), field="quantity")
    found = _priced(prices, quantity) if 1 <= quantity <= catalog.most else None
    if found is None:
        raise NotForSale(_nearest(catalog, prices, quantity), field="quantity")
    return found


def packs(catalog: Catalog, resource: str) -> Iterator[Price]:
    """The packs of the resource with their prices, smallest first, without tax; none if it is not for sale."""
    prices = catalog.prices.get(resource)
    for pack in prices.packs if prices else ():
        yield Price(pack.units, catalog.currency, pack.price, 0, catalog.tax_rate, False)


def sells_any_number(catalog: Catalog, resource: str) -> bool:
    """Whether more than the packs is for sale."""
    prices = catalog.prices.get(resource)
    return prices is not None and bool(prices.tiers)


def least(catalog: Catalog, resource: str, wanted: int) -> int | None:
    """The smallest quantity for sale that covers what is wanted; None if the largest does not."""
    prices = catalog.prices.get(resource)
    if prices is None:
        return None
    sizes = [pack.units for pack in prices.packs]
    if prices.tiers:
        sizes.append(max(wanted, prices.tiers[0].start))
    covering = [size for size in sizes if wanted <= size <= catalog.most]
    return min(covering, default=None)


def cheaper(catalog: Catalog, resource: str, quantity: int) -> Price | None:
    """The cheapest way to have more for less than this quantity costs; None if there is none."""
    prices = catalog.prices[resource]
    more = [pack.units for pack in prices.packs] + [tier.start for tier in prices.tiers]
    larger = [price(catalog, resource, size) for size in more if quantity < size <= catalog.most]
    found = min(larger, key=lambda one: (one.goods, -one.quantity), default=None)
    return found if found is not None and found.goods < goods_price(catalog, resource, quantity) else None


def _priced(prices: PriceList, quantity: int) -> int | None:
    for pack in prices.packs:
        if pack.units == quantity:
            return pack.price
    each = [tier.each for tier in prices.tiers if tier.start <= quantity]
    return quantity * each[-1] if each else None


def _nearest(catalog: Catalog, prices: PriceList, quantity: int) -> str:
    if quantity > catalog.most:
        return _(
            "One order may have at most %(most)s. Place two orders, or ask for a quote by e-mail.", most=catalog.most
        )
    if prices.tiers:
        least = min([prices.tiers[0].start, *(pack.units for pack in prices.packs)])
        return _("The smallest order is %(least)s.", least=least)
    sizes = [pack.units for pack in prices.packs]
    below, above = [size for size in sizes if size < quantity], [size for size in sizes if size > quantity]
    if below and above:
        words = N_("%(quantity)s is not one of the packs. The nearest are %(less)s and %(more)s.")
        return _(words, quantity=quantity, less=below[-1], more=above[0])
    words = N_("%(quantity)s is not one of the packs. The nearest is %(near)s.")
    return _(words, quantity=quantity, near=(below[-1:] + above[:1])[0])
