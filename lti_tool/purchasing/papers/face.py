"""The typeface of papers: which letters it has, and how wide a text is in it."""

import unicodedata
from collections.abc import Iterator
from functools import cache

from reportlab.pdfbase.pdfmetrics import registerFont
from reportlab.pdfbase.ttfonts import TTFont

from lti_tool import shipped

REGULAR, BOLD = "DejaVuSansCondensed", "DejaVuSansCondensed-Bold"
MISSING = "\u25a1"
"""Stands for a letter that the typeface lacks."""


@cache
def font(name: str) -> TTFont:
    """The font, known to reportlab from its first use on."""
    loaded = TTFont(name, shipped.FONTS / "dejavu" / f"{name}.ttf")
    registerFont(loaded)
    return loaded


def spelled(text: str, name: str = REGULAR) -> str:
    """The text in letters of the typeface only, on one line; what it lacks is replaced in sight, not left out."""
    return "".join(_letters(text, font(name).face.charToGlyph))


def _letters(text: str, known: dict[int, int]) -> Iterator[str]:
    for letter in unicodedata.normalize("NFC", text):
        kind = unicodedata.category(letter)
        if kind in ("Cc", "Zl", "Zp", "Zs"):
            yield "\u00a0" if letter in "\u00a0\u202f" else " "
        elif kind != "Cf":  # marks of direction and joining are not seen
            yield letter if ord(letter) in known else MISSING


def width(text: str, name: str, size: float) -> float:
    """How wide the text is, in points."""
    return float(font(name).stringWidth(text, size))


def lines(text: str, name: str, size: float, room: float) -> list[str]:
    """The text in lines that fit the room, broken between words; inside one only where it fits no line."""
    done, line = [], ""
    for word in spelled(text, name).split(" "):
        longer = f"{line} {word}" if line else word
        if width(longer, name, size) <= room:
            line = longer
            continue
        *full, line = _parts(word, name, size, room)
        done += [*([longer.removesuffix(word).rstrip()] if longer != word else []), *full]
    return [*done, line]


def _parts(word: str, name: str, size: float, room: float) -> list[str]:
    parts = [""]
    for letter in word:
        if parts[-1] and width(parts[-1] + letter, name, size) > room:
            parts.append("")
        parts[-1] += letter
    return parts
