"""Money as people read and type it: whole numbers of the smallest unit become text and back here, and nowhere else."""

import re
from decimal import Decimal

from babel import Locale
from babel.numbers import format_currency, get_currency_precision, get_currency_symbol

from lti_tool.errors import Invalid
from lti_tool.language import _

_TYPED = re.compile(r"(\d{1,3}(?:,\d{3})+|\d{1,15})(?:\.(\d+))?", re.ASCII)
_LONGEST = 20
"""Characters of the whole units: more money than there is."""


# docs.stripe.com/currencies#zero-decimal; it counts all others in hundredths, or in thousandths that end in 0.
_WHOLE_AT_STRIPE = frozenset(
    {"BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"}
)


def is_counted_alike(currency: str) -> bool:
    """Whether our smallest unit of the currency is Stripe's, too; of ISK, for one, it wants a hundred times as many."""
    return get_currency_precision(currency) == (0 if currency in _WHOLE_AT_STRIPE else 2)


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


def plain(minor: int, currency: str) -> str:
    """5000 of USD as "50.00": what `typed` reads again, for a field."""
    return f"{_major(minor, currency):.{get_currency_precision(currency)}f}"


def typed(text: str, currency: str) -> int:
    """What "50.00" or "$1,250.00" is in minor units, never by way of a float. Raises Invalid."""
    precision = get_currency_precision(currency)
    symbol = get_currency_symbol(currency, locale="en_US")
    found = _TYPED.fullmatch(text.strip().removeprefix(symbol).removeprefix(currency).removesuffix(currency).strip())
    if found is None or len(found[1]) > _LONGEST or len(found[2] or "0" * precision) != precision:
        example = f"{1250:,}.{'0' * precision}".rstrip(".")
        raise Invalid(
            _("Write an amount of %(currency)s as %(example)s.", currency=currency, example=example), field="amount"
        )
    return int(found[1].replace(",", "") + (found[2] or "0" * precision))


def _major(minor: int, currency: str) -> Decimal:
    return Decimal(minor).scaleb(-get_currency_precision(currency))
