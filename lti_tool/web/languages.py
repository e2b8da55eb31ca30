"""Which language a page speaks: what the reader chose, else what their launch or their browser asks for."""

from functools import lru_cache
from typing import Any

from flask import Flask, request, session
from markupsafe import Markup, escape
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from lti_tool import language
from lti_tool.language import LANGUAGES

CHOSEN = "language"
"""Where the session keeps what the reader chose."""


def speak(app: Flask, *, programs: tuple[str, ...]) -> None:
    """Has each request answered in its reader's language, and gives templates `_`, `ngettext` and `{% trans %}`.

    Below a prefix in `programs` it stays English.
    """

    @app.before_request
    def choose() -> None:
        is_program = request.path.startswith(programs)
        language.speak(language.language("en" if is_program else _asked()))

    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.policies["ext.i18n.trimmed"] = True
    app.jinja_env.newstyle_gettext = True  # type: ignore[attr-defined] # an attribute that the extension adds
    app.jinja_env.globals.update(
        _=_plain,
        gettext=_filled,
        ngettext=_filled_for,
        language=_own_name_of,
        direction=_direction,
        languages=LANGUAGES,
    )


def _asked() -> str:
    if chosen := session.get(CHOSEN):
        return str(chosen)
    visit = session.get("visit")
    if visit and visit["locale"]:
        return str(visit["locale"])
    return _best(request.headers.get("Accept-Language", ""))


@lru_cache(maxsize=256)
def _best(header: str) -> str:
    """The first of the browser's languages that we have; its own tag, since it names the place too."""
    for tag, quality in parse_accept_header(header, LanguageAccept):
        if quality > 0 and tag.partition("-")[0].lower() in LANGUAGES:
            return tag
    return "en"


def _own_name_of() -> str:
    """The `lang` of a page."""
    return str(language.locale()).replace("_", "-")


def _direction() -> str:
    """The `dir` of a page."""
    return language.locale().text_direction


def _plain(message: str, **figures: Any) -> Markup:
    """`{{ _("…") }}`: a text, whoever wrote it; nothing in it is markup but what a figure brings along."""
    return escape(language.found(message)) % language.written(figures)


def _filled(message: str, **figures: Any) -> Markup:
    """`{% trans %}`: a sentence that stands in the template, with its tags. Jinja's own writes numbers one way only."""
    return Markup(language.found(message)) % language.written(figures)  # noqa: S704 - a template's own text


def _filled_for(one: str, several: str, num: int, **figures: Any) -> Markup:
    figures = language.written({"num": num, **figures})
    return Markup(language.found_for(one, several, num)) % figures  # noqa: S704 - a template's own text
