"""Which language a page speaks: the reader's choice, else what their LMS says, else their browser's wish, else English.

A choice is an address's `?language=es`, which a link in the foot of each page has. The browser keeps it for the next
launch, in a cookie that counts for who chose; a page keeps it in its own visit, so that it stays without cookies, too.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import quote, urlencode

from babel import localedata
from flask import Flask, Response, current_app, g, request, session
from markupsafe import Markup, escape
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from lti_tool import language
from lti_tool.language import LANGUAGES
from lti_tool.web import access
from lti_tool.web.session import CHOSEN, VISIT

_COOKIE = "__Host-creditroll-language"
_KEPT_S = 31_536_000
_LONGEST = 1000
_TAG = re.compile(r"([A-Za-z]{2,3})(?:[-_][A-Za-z]{4})?(?:[-_]([A-Za-z]{2}|\d{3}))?(?![A-Za-z0-9])")


@dataclass(frozen=True)
class Link:
    """A language named in itself, and where the page is in it; None for the one that it is in."""

    code: str
    name: str
    href: str | None


def speak(app: Flask, *, programs: tuple[str, ...]) -> None:
    """Has each request answered in its reader's language, and gives templates `_`, `ngettext` and `{% trans %}`.

    Below a prefix in `programs` it stays English.
    """

    @app.before_request
    def choose() -> None:
        if request.path.startswith(programs):
            language.speak(language.language("en"))
        else:
            visit = session.get(VISIT)
            speak_to(visit["locale"] if visit else "")

    @app.teardown_request
    def forget(_error: BaseException | None) -> None:
        # The thread goes on with somebody else, who may be refused before anybody looked what they speak.
        language.speak(language.language("en"))

    app.after_request(_keep)
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.policies["ext.i18n.trimmed"] = True
    app.jinja_env.newstyle_gettext = True  # type: ignore[attr-defined] # an attribute that the extension adds
    app.jinja_env.globals.update(
        _=_plain,
        gettext=_filled,
        ngettext=_filled_for,
        language=_own_name_of,
        direction=_direction,
        language_links=links,
        languages=all_links,
    )


def speak_to(locale: str) -> None:
    """From here on, speaks to somebody whose LMS says `locale`; "" where none does."""
    chosen = _chosen()
    if chosen:
        g.language = chosen  # pages carry it in their visit
    language.speak(language.language(_tag(chosen, locale, request.headers.get("Accept-Language", "")[:_LONGEST])))


def links() -> Sequence[Link]:
    """The languages of this page; none where it cannot be asked for again: an answer to an LMS, or a refusal."""
    if "refusal" in g or access.rule() is access.PLATFORM:
        return ()
    if request.method == "GET":
        return all_links(_others())
    return all_links() if _is_there_to_look() else ()


def all_links(others: Sequence[tuple[str, str]] = ()) -> Sequence[Link]:
    """Every language, for whatever address has these other arguments."""
    spoken = language.locale().language
    return [
        Link(code, name, None if code == spoken else f"?{urlencode([*others, (CHOSEN, code)])}")
        for code, name in LANGUAGES.items()
    ]


def is_choice() -> bool:
    """Whether this request only asks for the page that it came from in another language."""
    return request.args.get(CHOSEN) in LANGUAGES


def _is_there_to_look() -> bool:
    adapter = current_app.create_url_adapter(request)
    return adapter is not None and adapter.test(request.path, method="GET")


def _others() -> list[tuple[str, str]]:
    return [(name, value) for name, value in request.args.items(multi=True) if name != CHOSEN]


def _chosen() -> str:
    """What the reader chose: now, earlier on this page, or earlier in this browser; "" for nothing that we have."""
    code: str = request.args.get(CHOSEN) or session.get(CHOSEN) or _kept()
    return code if code in LANGUAGES else ""


def _kept() -> str:
    """The browser's; on a shared computer what another person chose does not count."""
    code, _dot, whose = request.cookies.get(_COOKIE, "").partition(".")
    return code if whose in ("", _person() or whose) else ""


def _person() -> str:
    visit = session.get(VISIT)
    return (visit["person_id"] or "nobody") if visit else ""


def _keep(response: Response) -> Response:
    if not is_choice():
        return response
    response.set_cookie(
        _COOKIE,
        f"{request.args[CHOSEN]}.{_person()}",
        max_age=_KEPT_S,
        secure=True,
        httponly=True,
        samesite="None",
        partitioned=True,
    )
    if "HX-Boosted" in request.headers:  # going back is not to choose again
        others = urlencode(_others())
        path = quote(request.path)
        response.headers["HX-Replace-Url"] = f"{path}?{others}" if others else path
    return response


@lru_cache(maxsize=1024)
def _tag(chosen: str, locale: str, header: str) -> str:
    """What to speak, with the place by which figures are written: a school's, if possible, in that language."""
    wishes = [locale, *(tag for tag, quality in parse_accept_header(header, LanguageAccept) if quality > 0)]
    told = [(found[1].lower(), (found[2] or "").upper()) for found in map(_TAG.match, wishes) if found]
    spoken = chosen or next((code for code, _place in told if code in LANGUAGES), "en")
    places = [place for code, place in told if code == spoken and place]
    if spoken != "en":  # which stands in for all that we lack, and has no part in their places
        places += [place for _code, place in told if localedata.exists(f"{spoken}_{place}")]
    return f"{spoken}-{places[0]}" if places else spoken


def _own_name_of() -> str:
    """The `lang` of a page."""
    return str(language.locale()).replace("_", "-")


def _direction() -> str:
    """The `dir` of a page."""
    return language.locale().text_direction


def _plain(message: str, **figures: Any) -> Markup:
    """`{{ _("…") }}`: a text, whoever wrote it; nothing in it is markup but what a figure brings along."""
    return _with(_escaped(message, language.tag()), figures)


def _filled(message: str, **figures: Any) -> Markup:
    """`{% trans %}`: a sentence that stands in the template, with its tags. Jinja's own writes numbers one way only."""
    return _with(language.found(message), figures)


def _filled_for(one: str, several: str, num: int, **figures: Any) -> Markup:
    return _with(language.found_for(one, several, num), {"num": num, **figures})


@lru_cache(maxsize=4096, typed=True)  # a list says the same words in each of its rows
def _escaped(message: str, _tag: str) -> str:
    return str(escape(language.found(message)))


def _with(text: str, figures: Mapping[str, Any]) -> Markup:
    """The text, which is markup, with its figures, which are not unless they say so."""
    safe = {name: escape(figure) for name, figure in language.written(figures).items()}
    return Markup(text % safe)  # noqa: S704 - a template's own text, and the rest is escaped above
