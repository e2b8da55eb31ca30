"""Money as people read it: whole numbers of the smallest unit become text here, and nowhere else."""

import re
from decimal import Decimal

from babel import Locale
from babel.numbers import format_currency, get_currency_precision


def shown(minor: int, currency: str, locale: Locale | str = "en_US") -> str:
    """1500 of USD as "$15.00"; currencies without cents have none (JPY)."""
    return format_currency(_major(minor, currency), currency, locale=locale)


def each_shown(minor: int, quantity: int, currency: str, locale: Locale | str = "en_US") -> str:
    """What one of `quantity` costs; with as many decimals more as it takes, two at most."""
    precision = get_currency_precision(currency)
    each = _major(minor, currency) / quantity
    exact = [digits for digits in (precision, precision + 1) if round(each, digits) == each]
    digits = min(exact, default=precision + 2)
    pattern = Locale.parse(str(locale)).currency_formats["standard"].pattern
    wide = re.sub(r"0(\.0+)?(?!.*[0#])", f"0.{'0' * digits}" if digits else "0", pattern.partition(";")[0])
    return format_currency(each, currency, wide, locale=locale, currency_digits=False)


def _major(minor: int, currency: str) -> Decimal:
    return Decimal(minor).scaleb(-get_currency_precision(currency))
