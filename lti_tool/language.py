"""The reader's language: every sentence that people read passes `_` or `ngettext`, and every figure its locale.

The edges say who reads (`speak`, `speaking`); where nobody does, as for programs and the command line, it is English.
English sentences are the keys of the catalogs in `translations/`; a percent sign in one is written %%. Whole numbers
among the figures are written the reader's way by themselves.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from gettext import NullTranslations

from babel import Locale, UnknownLocaleError
from babel.numbers import format_decimal
from babel.support import Translations

from lti_tool import shipped

LANGUAGES = {"en": "English", "es": "Español"}
"""What a reader can choose, each named in itself."""


@dataclass(frozen=True)
class Language:
    """A catalog of sentences, and the locale in which numbers, money and moments stand among them."""

    locale: Locale
    catalog: NullTranslations

    @cached_property
    def tag(self) -> str:
        """Its locale as text, which is a quicker key than the locale itself."""
        return str(self.locale)


_ENGLISH = Language(Locale("en", "US"), NullTranslations())
_spoken: ContextVar[Language] = ContextVar("spoken", default=_ENGLISH)


@lru_cache(maxsize=256)
def language(tag: str) -> Language:
    """What is spoken to somebody who asks for `tag` ("es-MX"); English where we do not have it, or it is no tag."""
    try:
        locale = Locale.parse(tag.replace("-", "_"))
    except (ValueError, TypeError, UnknownLocaleError):
        return _ENGLISH
    if locale.language == "en":
        return Language(locale, _ENGLISH.catalog) if locale.territory else _ENGLISH
    if locale.language not in LANGUAGES:
        return _ENGLISH
    return Language(locale, _catalog(locale.language))


@cache
def _catalog(name: str) -> NullTranslations:
    return Translations.load(shipped.TRANSLATIONS, [name])


def speak(spoken: Language) -> None:
    """From here on, in this request, everything is said in that language."""
    _spoken.set(spoken)


@contextmanager
def speaking(tag: str) -> Iterator[None]:
    """What is said inside is said to somebody who reads that language: a letter, for one."""
    before = _spoken.set(language(tag))
    try:
        yield
    finally:
        _spoken.reset(before)


def locale() -> Locale:
    """The reader's locale."""
    return _spoken.get().locale


def tag() -> str:
    """`locale()` as text, "en_GB": what is kept for one reader is known by it again for the next."""
    return _spoken.get().tag


def _(message: str, **figures: object) -> str:
    """The sentence in the reader's language, with its figures filled in (`%(pool)s`)."""
    return found(message) % written(figures)


def ngettext(one: str, several: str, num: int, **figures: object) -> str:
    """The sentence for that many, by the language's own rule; `%(num)s` is the number itself."""
    return found_for(one, several, num) % written({"num": num, **figures})


def N_(message: str) -> str:  # noqa: N802 - gettext's own name for it, which the extraction looks for
    """Marks a constant for the catalogs; where it is shown, `_` translates it."""
    return message


def number(value: int) -> str:
    """1250 as "1,250", or as the reader's locale has it, with a true minus."""
    return _number(value, _spoken.get().tag)


@lru_cache(maxsize=4096)
def _number(value: int, locale: str) -> str:
    return format_decimal(value, locale=locale).replace("-", "\u2212")


def found(message: str) -> str:
    """The sentence as the reader's catalog has it, before its figures; what is in no catalog stays as it is."""
    return _spoken.get().catalog.gettext(message) if message else ""  # "" is where a catalog keeps its own heading


def found_for(one: str, several: str, num: int) -> str:
    """The sentence for so many, before its figures."""
    return _spoken.get().catalog.ngettext(one, several, num)


def written(figures: Mapping[str, object]) -> dict[str, object]:
    """The figures of a sentence, with whole numbers as the reader writes them."""
    return {name: number(value) if type(value) is int else value for name, value in figures.items()}
