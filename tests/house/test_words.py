"""Nobody meets a sentence that is not in their language: every text is marked, and every mark is translated."""

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

from lti_tool import shipped
from lti_tool.language import LANGUAGES
from tests.house import spoken
from tests.house.sources import PACKAGE, name

OTHERS = sorted(LANGUAGES.keys() - {"en"})
FOR_PROGRAMMERS = {"templates/api/docs.html", "templates/styleguide.html"}
"""In English, as is what they document."""
FOR_PROGRAMS = ("lti_tool/web/api/", "lti_tool/web/webhooks/")
FOR_MACHINES = {
    f"lti_tool/web/{module}.py"
    for module in ("csv_out", "figures", "headers", "operations", "operator_visit", "session", "styleguide")
}
"""Headers, cookies, metrics, health; and the style guide, which is for programmers."""
NAMES_OF_FILES = {spoken.Fault("lti_tool/web/papers.py", text) for text in ("Quote", "Invoice", "Receipt")}

# The sentences that the design gives in both languages.
AS_DESIGNED = {
    "6 people × 5 = 30 of 118; 88 remain.": "6 personas × 5 = 30 de 118; quedan 88.",
    "Cannot be taken back.": "No se pueden recuperar.",
    "4 students are waiting.": "4 estudiantes están esperando.",
    "6 people × 25 = 150, but the license has 118: 32 are missing.": (
        "6 personas × 25 = 150, pero la licencia tiene 118: faltan 32."
    ),
    "At 15, up to 225 more credits could go out; the license has 118.": (
        "Con 15 podrían repartirse hasta 225 créditos más; la licencia tiene 118."
    ),
    "The license has 3 credits left; a bundle is 5.": "A la licencia le quedan 3 créditos; se reparten de 5 en 5.",
    "12 is not a multiple of 5.": "12 no es múltiplo de 5.",
    "The nearest are 10 and 15.": "Los más cercanos son 10 y 15.",
    "You have used all 10 credits": "Has usado los 10 créditos",
    "Your teacher can give you more.": "Tu docente puede darte más.",
    "If the export fails, you get them back.": "Si la exportación falla, los recuperas.",
    "Open it again from your course.": "Ábrelo de nuevo desde tu curso.",
    "Nothing was lost.": "No se ha perdido nada.",
    "The license total becomes 400; it is still 300.": "El total de la licencia pasará a 400; por ahora es 300.",
}
_FIGURE = re.compile(r"%\((\w+)\)s")
_KEPT = re.compile(r"%\(\w+\)s|%%|\{\w+\}|</?[a-z][^>]*>|\*\*|`[^`]+`")
"""What a translation must have as often as its original: figures, holes that scripts fill, tags, names on screen."""


def templates() -> Iterator[Path]:
    """Every template that people see."""
    return (path for path in sorted(spoken.TEMPLATES.rglob("*.html")) if name(path) not in FOR_PROGRAMMERS)


def modules() -> Iterator[Path]:
    """Every module that makes pages."""
    found = sorted((PACKAGE / "web").rglob("*.py"))
    return (path for path in found if not name(path).startswith(FOR_PROGRAMS) and name(path) not in FOR_MACHINES)


@cache
def faults() -> list[spoken.Fault]:
    """Every text of pages that is not marked."""
    in_templates = [fault for path in templates() for fault in spoken.in_template(path)]
    return in_templates + [fault for path in modules() for fault in spoken.in_python(path)]


def test_every_text_of_a_page_is_marked_for_translation() -> None:
    assert [fault for fault in faults() if fault not in NAMES_OF_FILES] == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("<p>Saved.</p>", ["Saved."]),
        ('<p>{{ _("Saved.") }} {% trans n=x %}{{ n }} left{% endtrans %} × 5 · Creditroll</p>', []),
        ('<a title="More">{{ "Give" if x else _("Keep") }}</a>', ["Give", "More"]),
        ('<i class="{{ "big red" if x }}" data-once="Saving now"></i><code>make it</code>', ["Saving now"]),
        (
            '{{ ui.field("name", "What is it?", kind="a b") }}{% set x = "All is well" %}',
            ["All is well", "What is it?"],
        ),
        (
            '{% if x == "New York" %}{{ x["New York"] }}{% endif %}<b aria-label="{{ _("Bar") }} chart"></b>',
            ["… chart"],
        ),
    ],
)
def test_what_a_template_says_is_found(source: str, found: list[str]) -> None:
    assert sorted(spoken.texts_of(source)) == found


@cache
def written() -> set[str | tuple[str, ...]]:
    """Every sentence that code and templates mark, as `make translations` finds them."""
    keywords: dict[str, tuple[int, ...] | None] = {"_": None, "N_": None, "ngettext": (1, 2), "gettext": None}
    options = {"**.html": {"trimmed": "true", "newstyle_gettext": "true", "silent": "false"}}
    found: set[str | tuple[str, ...]] = set()
    for folder, pattern, method in ((PACKAGE, "**.py", "python"), (spoken.TEMPLATES, "**.html", "jinja2")):
        rows = extract_from_dir(folder, [(pattern, method)], options_map=options, keywords=keywords)
        found |= {message for _file, _line, message, _comments, _context in rows if message}
    return found


@cache
def catalog(code: str) -> Catalog:
    """The translations as they are written."""
    with (shipped.TRANSLATIONS / code / "LC_MESSAGES/messages.po").open("rb") as file:
        return read_po(file, locale=code)


def pairs(code: str) -> Iterator[tuple[str, str]]:
    """Each sentence with its translation; each form of a plural by itself."""
    for message in catalog(code):
        if message.id:
            yield from zip(_forms(message.id), _forms(message.string), strict=True)


def _forms(text: str | list[str] | tuple[str, ...] | None) -> list[str]:
    return [text or ""] if isinstance(text, str | None) else list(text)


def _is_done(message: Message | None) -> bool:
    return message is not None and not message.fuzzy and all(_forms(message.string))


@pytest.mark.parametrize("code", OTHERS)
def test_every_sentence_is_translated_and_no_other_kept(code: str) -> None:
    known = catalog(code)
    missing = [one for one in written() if not _is_done(known.get(one if isinstance(one, str) else one[0]))]
    assert sorted(map(str, missing)) == []
    kept = {message.id if isinstance(message.id, str) else tuple(message.id) for message in known if message.id}
    assert sorted(map(str, kept - written())) == []


@pytest.mark.parametrize("code", OTHERS)
def test_a_translation_has_the_figures_and_tags_of_its_original(code: str) -> None:
    wrong = [(one, other) for one, other in pairs(code) if Counter(_KEPT.findall(one)) != Counter(_KEPT.findall(other))]
    assert [pair for pair in wrong if set(_FIGURE.findall(pair[0])) != set(_FIGURE.findall(pair[1]))] == []
    assert [pair for pair in wrong if "%" not in pair[0]] == []


@pytest.mark.parametrize("code", OTHERS)
def test_what_is_served_is_what_is_written(code: str) -> None:
    served = read_mo(BytesIO((shipped.TRANSLATIONS / code / "LC_MESSAGES/messages.mo").read_bytes()))
    assert _said_by(served) == _said_by(catalog(code))


def _said_by(catalog: Catalog) -> dict[tuple[str, ...], list[str]]:
    return {tuple(_forms(one.id)): _forms(one.string) for one in catalog if one.id}


def test_spanish_has_its_own_marks() -> None:
    texts = [other for _one, other in pairs("es")]
    assert [text for text in texts if text.count("?") != text.count("¿") or "!" in text] == []
    assert [text for text in texts if "'" in text or re.search(r'(?<!=)"(?![ >])', _KEPT.sub("", text))] == []


def test_the_sentences_of_the_design_are_said_as_given() -> None:
    said = {english: found for english in AS_DESIGNED if (found := _said(english))}
    assert said == {english: AS_DESIGNED[english] for english in said}
    assert len(said) > len(AS_DESIGNED) // 2


def _said(sentence: str) -> str:
    """What the catalog makes of the sentence: by the original that says most of it; "" if none does."""
    best = ("", "")
    for one, other in sentences():
        literal = re.split(r"%\(\w+\)s", one)
        found = re.fullmatch("([\\w ]+?)".join(map(re.escape, literal)), sentence)
        if found and len("".join(literal)) > max(3, len(best[0])):
            figures = dict(zip(_FIGURE.findall(one), found.groups(), strict=True))
            best = (
                "".join(literal),
                other % {key: text.replace("credits", "créditos") for key, text in figures.items()},
            )
    return best[1]


@cache
def sentences() -> list[tuple[str, str]]:
    """The sentences of the catalog one by one, without tags."""
    found: list[tuple[str, str]] = []
    for one, other in pairs("es"):
        here, there = (re.split(r"(?<=\.) ", _plain(text)) for text in (one, other))
        found += zip(here, there, strict=True) if len(here) == len(there) else []
    return found


def _plain(text: str) -> str:
    return re.sub(r"<[^>]*>", "", text)
