"""Minor units become what people read."""

import pytest

from lti_tool.errors import Invalid
from lti_tool.money import each_shown, is_counted_alike, shown, typed


@pytest.mark.parametrize(
    ("minor", "currency", "locale", "text"),
    [
        (1500, "USD", "en_US", "$15.00"),
        (1500, "JPY", "en_US", "¥1,500"),
        (123_456, "EUR", "de_DE", "1.234,56\u00a0€"),
        (-5, "USD", "en_US", "-$0.05"),
        (1_250, "KWD", "en_US", "KWD1.250"),
    ],
)
def test_money_has_the_decimals_of_its_currency(minor: int, currency: str, locale: str, text: str) -> None:
    assert shown(minor, currency, locale) == text


@pytest.mark.parametrize(
    ("minor", "quantity", "text"),
    [(11_250, 250, "$0.45"), (1_000, 800, "$0.0125"), (999, 25, "$0.3996"), (1_000, 3, "$3.3333")],
)
def test_the_price_of_one_has_more_decimals_only_where_it_needs_them(minor: int, quantity: int, text: str) -> None:
    assert each_shown(minor, quantity, "USD") == text


def test_the_price_of_one_is_written_as_its_language_does() -> None:
    assert each_shown(333, 2, "EUR", "de_DE") == "1,665\u00a0€"
    assert each_shown(1_000, 800, "JPY", "en_US") == "¥1.25"


def test_what_is_typed_is_read_to_the_smallest_unit_or_refused_with_an_example() -> None:
    for text, currency, minor in (
        ("50.00", "USD", 5_000),
        (" $1,250.07 ", "USD", 125_007),
        ("50", "USD", 5_000),
        ("USD 0.29", "USD", 29),
        ("1,250", "JPY", 1_250),
        ("1.250", "KWD", 1_250),
    ):
        assert typed(text, currency) == minor
    for text, currency, example in (
        ("1.250,00", "USD", "1,250.00"),
        ("5.0", "USD", "1,250.00"),
        ("5.00", "JPY", "1,250"),
        ("\u0663.00", "USD", "1,250.00"),
        (",".join(["999"] * 99), "USD", "1,250.00"),
    ):
        with pytest.raises(Invalid) as refused:
            typed(text, currency)
        assert refused.value.detail == f"Write an amount of {currency} as {example}."


def test_a_currency_that_stripe_counts_in_other_units_is_known() -> None:
    alike = {currency: is_counted_alike(currency) for currency in ("USD", "EUR", "JPY", "HUF", "ISK", "RSD", "KWD")}
    assert [currency for currency, is_alike in alike.items() if not is_alike] == ["ISK", "RSD", "KWD"]
