"""A page that is filled from the top down, in columns that stand side by side; a full page is followed by another."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Literal

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4, LETTER
from reportlab.pdfgen.canvas import Canvas

from lti_tool.language import _
from lti_tool.purchasing.papers import face
from lti_tool.purchasing.papers.face import BOLD, REGULAR

MARGIN = 54.0
_LEADING, _FOOT = 1.4, 24.0
_COLORS = {
    "text": HexColor("#273540"),
    "muted": HexColor("#586874"),
    "line": HexColor("#D7DADE"),
    "edge": HexColor("#7D8A94"),
    "sunk": HexColor("#F5F6F7"),
    "ok": HexColor("#0B7440"),
    "waiting": HexColor("#273540"),
    "over": HexColor("#8A4B00"),
}


@dataclass(frozen=True)
class Text:
    """Text to set, in as many lines as it takes; `after` is the room below it. All sizes are points."""

    text: str
    size: float = 9.5
    bold: bool = False
    color: str = "text"
    after: float = 0.0

    @property
    def font(self) -> str:
        """The face that it is set in."""
        return BOLD if self.bold else REGULAR


@dataclass(frozen=True)
class Column:
    """Texts below each other, between two places across the page."""

    start: float
    end: float
    texts: Sequence[Text]
    align: Literal["left", "right"] = "left"

    def height(self) -> float:
        """How far down it goes."""
        return sum(len(self.lines(text)) * text.size * _LEADING + text.after for text in self.texts)

    def lines(self, text: Text) -> list[str]:
        """One of its texts as it is broken here."""
        return face.lines(text.text, text.font, text.size, self.end - self.start)


class Sheet:
    """One document that is being drawn. `y` is how far down its page it has come, in points."""

    def __init__(self, *, title: str, author: str, at: datetime, foot: str, is_letter: bool, lang: str) -> None:
        self._size = LETTER if is_letter else A4
        self._made = BytesIO()
        # Invariant: no clock and no chance, so that the same paper is the same file.
        first = face.font(REGULAR).fontName  # no other one is named, so that each is in the file
        self._canvas = Canvas(self._made, self._size, invariant=1, pageCompression=1, initialFontName=first, lang=lang)
        self._canvas.setTitle(title)
        self._canvas.setAuthor(author)
        self._canvas.setSubject(title)
        self._canvas.setCreator("Creditroll")
        self._canvas.setDateFormatter(lambda *_: f"D:{at:%Y%m%d%H%M%S}Z")
        self._foot, self._page = foot, 1
        self.has_gaps = False
        self.y = MARGIN

    @property
    def right(self) -> float:
        """Where the right margin begins, from the left."""
        return float(self._size[0]) - MARGIN

    @property
    def middle(self) -> float:
        """Half way across."""
        return float(self._size[0]) / 2

    def put(self, *columns: Column) -> None:
        """Sets columns side by side, on one page, and goes on below the longest."""
        height = max(column.height() for column in columns)
        self.need(height)
        top = self.y
        for column in columns:
            self.y = top
            for text in column.texts:
                self._set(column, text)
        self.y = top + height

    def write(self, *texts: Text) -> None:
        """Sets texts over the whole width."""
        for text in texts:
            self.put(Column(MARGIN, self.right, [text]))

    def need(self, height: float) -> None:
        """Goes on with a new page where this one has no such room, unless nothing is on it yet."""
        if self.y > MARGIN and self.y + height > self._size[1] - MARGIN - _FOOT:
            self._end_page()
            self._canvas.showPage()
            self._page += 1
            self.y = MARGIN

    def rule(self, start: float = MARGIN, *, color: str = "line") -> None:
        """A line from `start` to the right margin."""
        self._canvas.setStrokeColor(_COLORS[color])
        self._canvas.setLineWidth(0.75)
        self._canvas.line(start, self._up(self.y), self.right, self._up(self.y))

    def band(self, height: float) -> None:
        """Shades what comes next, over the whole width."""
        self._canvas.setFillColor(_COLORS["sunk"])
        self._canvas.rect(MARGIN, self._up(self.y + height), self.right - MARGIN, height, stroke=0, fill=1)

    def end(self) -> bytes:
        """The document as a file."""
        self._end_page()
        self._canvas.save()
        return self._made.getvalue()

    def _set(self, column: Column, text: Text) -> None:
        for line in column.lines(text):
            self._canvas.setFont(text.font, text.size)
            self._canvas.setFillColor(_COLORS[text.color])
            is_left = column.align == "left"
            start = column.start if is_left else column.end - face.width(line, text.font, text.size)
            self._canvas.drawString(start, self._up(self.y + text.size), line)
            self.has_gaps = self.has_gaps or (face.MISSING in line and face.MISSING not in text.text)
            self.y += text.size * _LEADING
        self.y += text.after

    def _end_page(self) -> None:
        size, room = 8, self.right - MARGIN - 60
        self._canvas.setFont(REGULAR, size)
        self._canvas.setFillColor(_COLORS["muted"])
        self._canvas.drawString(MARGIN, MARGIN - 14, face.lines(self._foot, REGULAR, size, room)[0])
        self._canvas.drawRightString(self.right, MARGIN - 14, _("Page %(number)s", number=self._page))

    def _up(self, down: float) -> float:
        return float(self._size[1]) - down
