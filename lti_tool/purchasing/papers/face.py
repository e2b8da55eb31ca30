"""The typeface of papers: which letters it has, how wide a text is in it, and where its lines end."""

import unicodedata
from collections.abc import Iterator
from functools import cache

from reportlab.pdfbase.pdfmetrics import registerFont
from reportlab.pdfbase.ttfonts import TTFont

from lti_tool import shipped
from lti_tool.purchasing.papers import script

REGULAR, BOLD = "DejaVuSansCondensed", "DejaVuSansCondensed-Bold"
MISSING = "\u25a1"
"""Stands for a letter that the typeface lacks."""


@cache
def font(name: str) -> TTFont:
    """The font, known to reportlab from its first use on."""
    loaded = TTFont(name, shipped.FONTS / "dejavu" / f"{name}.ttf")
    registerFont(loaded)
    return loaded


def width(text: str, name: str, size: float) -> float:
    """How wide the text is, in points."""
    return float(font(name).stringWidth(text, size))


def spelled(text: str) -> str:
    """The text on one line, in letters that the typeface has; what it lacks is replaced in sight, not left out."""
    return "".join(_letters(script.joined(unicodedata.normalize("NFC", text))))


def lines(text: str, name: str, size: float, room: float) -> list[str]:
    """The text as it is seen, in lines that fit the room; inside a word they end only where it fits no line."""
    done, line = [], ""
    for word in spelled(text).split(" "):
        longer = f"{line} {word}" if line else word
        if width(longer, name, size) <= room:
            line = longer
            continue
        *full, rest = _parts(word, name, size, room)
        done += [line, *full] if line else full
        line = rest
    return [script.seen(one) for one in (*done, line)]


def _letters(text: str) -> Iterator[str]:
    known = font(REGULAR).face.charToGlyph  # the bold face has the same letters
    for letter in text:
        kind = unicodedata.category(letter)
        plain = unicodedata.normalize("NFKC", letter)
        if kind in ("Cc", "Zl", "Zp", "Zs"):
            yield "\u00a0" if letter in "\u00a0\u202f" else " "
        elif kind != "Cf":  # marks of direction and joining are not seen
            yield next((text for text in (letter, plain) if _has(text, known)), MISSING)


def _has(text: str, known: dict[int, int]) -> bool:
    # Beyond 16 bits reportlab draws the letter, but says another one to whoever copies it out.
    return all(ord(letter) in known and ord(letter) <= 0xFFFF for letter in text)


def _parts(word: str, name: str, size: float, room: float) -> list[str]:
    parts = [""]
    for letter in word:
        if parts[-1] and width(parts[-1] + letter, name, size) > room:
            parts.append("")
        parts[-1] += letter
    return parts
