"""Minor units become what people read."""

import pytest

from lti_tool.money import each_shown, shown


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
