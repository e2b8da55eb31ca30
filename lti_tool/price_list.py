"""What is for sale and for how much, as the `[catalog]` of the settings says it (R28)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from babel import Locale

_MOST_UNITS = 1_000_000
_MOST_PRICE = 10**11
_WORDS = (
    "tax_name",
    "tax_note",
    "seller_name",
    "seller_address",
    "seller_email",
    "seller_tax_id",
    "seller_tax_form",
)


@dataclass(frozen=True)
class Pack:
    """So many units together, at a price of their own in minor units."""

    units: int
    price: int


@dataclass(frozen=True)
class Tier:
    """From this many units on, each of them costs this much, in minor units."""

    start: int
    each: int


@dataclass(frozen=True)
class PriceList:
    """The packs and the tiers of one resource, smallest first; without tiers only packs are for sale."""

    packs: tuple[Pack, ...]
    tiers: tuple[Tier, ...]


@dataclass(frozen=True)
class Catalog:
    """All that an order needs to know of the shop; prices are whole numbers of the currency's smallest unit."""

    currency: str
    most: int
    """The largest order, in units."""
    quote_days: int
    invoice_days: int
    tax_rate: int
    """Hundredths of a percent: 825 is 8.25 %."""
    tax_name: str
    tax_note: str
    seller_name: str
    seller_address: str
    seller_email: str
    seller_tax_id: str
    seller_tax_form: str
    """The path of a PDF that offices ask for (a W-9), or empty."""
    prices: Mapping[str, PriceList]


def read(table: Mapping[str, Any], *, resources: Collection[str]) -> Catalog:
    """The catalogue from its table. Raises ValueError with one sentence that says what to mend."""
    known = {*Catalog.__dataclass_fields__}
    if unknown := sorted(table.keys() ^ known):
        raise ValueError(f"The catalogue has, or lacks, {', '.join(unknown)}; config/default.toml lists its keys.")
    prices = {name: _price_list(name, entry) for name, entry in _table(table["prices"], "prices").items()}
    if unknown := sorted(prices.keys() - set(resources)):
        raise ValueError(f"The catalogue prices {', '.join(unknown)}, which is no resource.")
    if table["currency"] not in Locale("en").currencies:
        raise ValueError(f"The catalogue's currency must be one as USD, not {table['currency']!r}.")
    return Catalog(
        currency=table["currency"],
        most=_whole(table["most"], "most", 1, _MOST_UNITS),
        quote_days=_whole(table["quote_days"], "quote_days", 1, 365),
        invoice_days=_whole(table["invoice_days"], "invoice_days", 0, 365),
        tax_rate=_whole(table["tax_rate"], "tax_rate", 0, 10_000),
        prices=prices,
        **{word: _text(table[word], word) for word in _WORDS},
    )


def _price_list(name: str, entry: object) -> PriceList:
    table = _table(entry, name)
    if table.keys() - {"packs", "tiers"}:
        raise ValueError(f"The prices of {name} are packs and tiers.")
    packs = [
        Pack(_whole(units, "units", 1, _MOST_UNITS), _whole(price, "price", 1, _MOST_PRICE))
        for units, price in _pairs(table.get("packs", []), ("units", "price"), name)
    ]
    tiers = [
        Tier(_whole(start, "from", 1, _MOST_UNITS), _whole(each, "each", 1, _MOST_PRICE // _MOST_UNITS))
        for start, each in _pairs(table.get("tiers", []), ("from", "each"), name)
    ]
    sizes, starts = [pack.units for pack in packs], [tier.start for tier in tiers]
    if sizes != sorted(set(sizes)) or starts != sorted(set(starts)) or not sizes + starts:
        raise ValueError(f"The packs and tiers of {name} must grow from one to the next, and one of them is needed.")
    return PriceList(tuple(packs), tuple(tiers))


def _pairs(rows: object, keys: tuple[str, str], name: str) -> list[tuple[object, object]]:
    if not isinstance(rows, list) or not all(isinstance(row, dict) and row.keys() == set(keys) for row in rows):
        raise ValueError(f"Each of the packs or tiers of {name} must have {keys[0]} and {keys[1]}.")
    return [(row[keys[0]], row[keys[1]]) for row in rows]


def _table(value: object, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"The catalogue's {name} must be a table.")
    return value


def _whole(value: object, name: str, least: int, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise ValueError(f"The catalogue's {name} must be a whole number from {least:,} to {most:,}, not {value!r}.")
    return value


def _text(value: object, name: str) -> str:
    if not isinstance(value, str) or len(value) > 500:
        raise ValueError(f"The catalogue's {name} must be a text of at most 500 characters.")
    return value.strip()
