"""How pages write numbers, dates and plurals."""

import re
from collections.abc import Collection
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal
from flask import Flask
from markupsafe import Markup

from lti_tool.language import locale, number
from lti_tool.money import each_shown, shown

_PARTS = re.compile(r"(?<=[^/:])(?=/[^/])|(?<==)")
_PATTERNS = {"short": "MMM d, h:mm a", "day": "MMM d", "long": "MMMM d"}


def register(app: Flask) -> None:
    """Gives templates these words as filters."""
    app.jinja_env.filters["n"] = number
    app.jinja_env.filters["money"] = money
    app.jinja_env.filters["each"] = each
    app.jinja_env.filters["percent"] = percent
    app.jinja_env.filters["when"] = when
    app.jinja_env.filters["day"] = day
    app.jinja_env.filters["plural"] = plural
    app.jinja_env.filters["in_parts"] = in_parts
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True


def money(minor: int, currency: str) -> str:
    """1500 of USD as "$15.00", in the visit's language."""
    return shown(minor, currency, locale())


def each(minor: int, quantity: int, currency: str) -> str:
    """What one of `quantity` costs, "$0.45", in the visit's language."""
    return each_shown(minor, quantity, currency, locale())


def percent(hundredths: int) -> str:
    """825 as "8.25 %", in the visit's language."""
    return f"{format_decimal(Decimal(hundredths) / 100, locale=locale())} %"


def plural(count: int, one: str, several: str) -> str:
    """ "1 student", "27 students", "1,250 students"."""
    return f"{number(count)} {one if count == 1 else several}"


def in_parts(address: str) -> Markup:
    """An address that a narrow page breaks before a part of its path, not within a word; copied, it is whole."""
    return Markup("<wbr>").join(_PARTS.split(address))


def listed(words: Collection[str]) -> str:
    """ "Ada", "Ada and Grace", "Ada, Grace and Emmy"."""
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last


def when(moment: datetime, style: str = "short") -> Markup:
    """The moment in the visit's language, in UTC; the page's script turns it into the reader's own time.

    `style` is "short" (with the time), "start" (the same at the start of a line), "day" or "long".
    """
    return _written(moment, style, locale())


@lru_cache(maxsize=4096)  # Babel takes 0.1 ms, and pages show the same moments again
def _written(moment: datetime, style: str, locale: Locale) -> Markup:
    has_clock = style in ("short", "start")
    text = format_datetime(moment, _pattern("short" if has_clock else style, locale), locale=locale)
    zone = " UTC" if has_clock else ""
    exact = moment.isoformat(timespec="seconds")
    return Markup('<time datetime="{}" data-style="{}">{}{}</time>').format(exact, style, text, zone)


@lru_cache(maxsize=1024)
def _day(day: date, style: str, locale: Locale) -> str:
    return format_date(day, "LLL" if style == "month" else _pattern(style, locale), locale=locale)


def day(value: date, style: str = "day") -> str:
    """A day of the calendar, which is the same for every reader: "day", "long", or only the "month"."""
    return _day(value, style, locale())


def _pattern(style: str, locale: Locale) -> str:
    skeleton = _PATTERNS[style]
    if locale.language == "en":
        return skeleton
    # Other languages order their parts otherwise: Babel has their pattern for the same parts.
    parts = {"short": "MMMdjm", "day": "MMMd", "long": "MMMMd"}[style].replace("j", "h" if _is_12h(locale) else "H")
    skeletons = locale.datetime_skeletons
    return skeletons[parts].pattern if parts in skeletons else "d MMM, HH:mm" if style == "short" else "d MMM"


def _is_12h(locale: Locale) -> bool:
    return "a" in locale.time_formats["short"].pattern
