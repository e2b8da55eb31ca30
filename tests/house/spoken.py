"""Where pages and code speak to people: every text that somebody may read, and whether it is marked for translation."""

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment

from tests.house.sources import ROOT, name, tree

TEMPLATES = ROOT / "templates"
MARKS = frozenset({"_", "N_", "ngettext", "gettext"})

NAMES = frozenset({"Creditroll", "LMS", "UTC", "LTI", "CSV", "PDF", "JSON", "ID", "API", "OpenAPI", "Stripe"})
"""What is called so in every language."""
_WORD = re.compile(r"[^\W\d_]{2,}")
_SENTENCE = re.compile(r"^[“(]?[A-Z][a-zß-ÿ’']+( |[.:…?!]*$)|([^\W\d_]{2,}[,.:;…?!’”]* [“(]?){2}[^\W\d_]{2,}")
"""Of text in code, where names of things are written too: it begins as a sentence, or three words stand together."""

_READ_ALOUD = frozenset({"aria-label", "aria-description", "aria-roledescription", "title", "placeholder", "alt"})
_HOLE = re.compile("\ue000(\\d+)\ue001")
_UNREAD = frozenset({"code", "script", "style"})

Token = tuple[str, str]


class Fault(NamedTuple):
    """A text that nobody could translate."""

    file: str
    text: str


def has_words(text: str) -> bool:
    """Whether it can only be understood in one language."""
    is_markup_or_code = '="' in text or re.fullmatch(r"[A-Z0-9-]+", text)
    return not is_markup_or_code and any(word not in NAMES for word in _WORD.findall(_HOLE.sub(" ", text)))


def is_sentence(text: str) -> bool:
    """Whether text in code looks like something to be read, rather than the name of something."""
    return bool(_SENTENCE.search(text)) and has_words(text)


def in_template(path: Path) -> list[Fault]:
    """The texts of a template outside `_()` and `{% trans %}`: between tags, in attributes, in expressions."""
    return [Fault(name(path), text) for text in texts_of(path.read_text("utf-8"))]


def texts_of(source: str) -> list[str]:
    """The same of a template's source."""
    html, holes, blocks = _taken_apart(source)
    reader = _Reader(holes)
    reader.feed(html)
    reader.close()
    texts = [*reader.found, *(text for tokens in blocks for text, _inner in _unmarked(tokens) if is_sentence(text))]
    return [" ".join(text.split()) for text in texts]


def _taken_apart(source: str) -> tuple[str, list[list[Token]], list[list[Token]]]:
    """The template's own text, with a numbered hole for each expression; the expressions; the statements."""
    html: list[str] = []
    holes: list[list[Token]] = []
    blocks: list[list[Token]] = []
    inside: list[Token] | None = None
    translated = False
    for _line, kind, value in Environment(extensions=["jinja2.ext.i18n"], autoescape=True).lex(source):
        if kind in ("variable_begin", "block_begin"):
            inside = []
        elif kind in ("variable_end", "block_end") and inside is not None:
            first = inside[0][1] if inside else ""
            translated = first == "trans" if first in ("trans", "endtrans") else translated
            if kind == "block_end":
                blocks.append(inside)
            elif not translated:
                html.append(f"\ue000{len(holes)}\ue001")
                holes.append(inside)
            inside = None
        elif inside is not None:
            inside += [] if kind == "whitespace" else [(kind, value)]
        elif kind == "data" and not (translated or _is_of_class(blocks)):
            html.append(value)
    return "".join(html), holes, blocks


def _is_of_class(blocks: list[list[Token]]) -> bool:
    """Whether the last statement opens the block that gives the page a class."""
    return bool(blocks) and [value for _kind, value in blocks[-1]] == ["block", "width"]


def _unmarked(tokens: list[Token]) -> Iterator[tuple[str, bool]]:
    """Each text of an expression outside the marks, and whether it is an argument of something."""
    calls: list[str] = []
    for place, (kind, value) in enumerate(tokens):
        before = tokens[place - 1] if place else ("", "")
        after = tokens[place + 1] if place + 1 < len(tokens) else ("", "")
        if value in ("(", "[", "{") and kind == "operator":
            calls.append(before[1] if value == "(" and before[0] == "name" else value)
        elif value in (")", "]", "}") and kind == "operator":
            calls.pop()
        elif kind == "string" and not MARKS & set(calls):
            is_compared = before[1] in ("==", "!=", "in") or after[1] in ("==", "!=", "in")
            is_key = after[1] == ":" or before[1] == "["
            is_of_htmx = before[1] == ":" and tokens[place - 2][1].startswith(('"hx-', "'hx-"))
            if not (is_compared or is_key or is_of_htmx):
                yield value[1:-1], bool(calls)


class _Reader(HTMLParser):
    """Finds what a reader of the page would be shown or told."""

    def __init__(self, holes: list[list[Token]]) -> None:
        super().__init__()
        self.found: list[str] = []
        self._holes = holes
        self._unread = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._unread += tag in _UNREAD
        for key, value in attrs:
            if key in _READ_ALOUD or key.startswith("data-"):
                self._see(value or "", is_read=key in _READ_ALOUD)

    def handle_endtag(self, tag: str) -> None:
        self._unread -= tag in _UNREAD

    def handle_data(self, data: str) -> None:
        if not self._unread:
            self._see(data, is_read=True)

    def _see(self, text: str, *, is_read: bool) -> None:
        if has_words(text) if is_read else is_sentence(text):
            self.found.append(_HOLE.sub("…", text))
        for number in _HOLE.findall(text):
            for inner, is_argument in _unmarked(self._holes[int(number)]):
                looks = has_words if is_read and not is_argument else is_sentence
                self.found += [inner] if looks(inner) else []


_ERRORS = ("ValueError", "AssertionError", "TypeError", "RuntimeError")
_METRICS = ("Counter", "Histogram", "CounterMetricFamily", "GaugeMetricFamily")
_OTHERS = ("Sql", "Rule", "TypeVar", "compile", "add_url_rule", "set_cookie", "get", "add", "replace", "note")
_UNSAID = frozenset((*_ERRORS, *_METRICS, *_OTHERS))
"""Calls whose texts no page shows."""


def in_python(path: Path) -> list[Fault]:
    """The sentences of a module outside the marks; docstrings, logs, SQL and errors of programmers are none."""
    found: list[Fault] = []

    def visit(node: ast.AST, *, said: bool) -> None:
        if isinstance(node, ast.Call) and _is_unsaid(node.func):
            said = False
        if said and (text := _text(node)) and is_sentence(text):
            found.append(Fault(name(path), text))
            return
        for child in _parts(node):
            visit(child, said=said)

    visit(tree(path), said=True)
    return found


def _parts(node: ast.AST) -> Iterator[ast.AST]:
    """What of a piece of code may hold words: no docstring, type, key or message of an assertion."""
    match node:
        case ast.Expr(value=ast.Constant()) | ast.Compare():
            return
        case ast.FunctionDef():
            yield from (*node.decorator_list, *node.args.defaults, *filter(None, node.args.kw_defaults), *node.body)
        case ast.Dict():
            yield from node.values
        case ast.Subscript():
            yield node.value
        case ast.Assert():
            yield node.test
        case ast.AnnAssign():
            yield from filter(None, [node.value])
        case _:
            yield from ast.iter_child_nodes(node)


def _is_unsaid(func: ast.expr) -> bool:
    called = func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")
    is_log = isinstance(func, ast.Attribute) and "log" in ast.unparse(func.value)
    return called in MARKS or called in _UNSAID or is_log


def _text(node: ast.AST) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
    return ""
