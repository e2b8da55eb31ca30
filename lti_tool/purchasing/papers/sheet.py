"""A page that is filled from the top down: text in columns, rules, and a new page where one is full."""

from io import BytesIO
from typing import Literal

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4, LETTER
from reportlab.pdfgen.canvas import Canvas

from lti_tool.purchasing.papers import face
from lti_tool.purchasing.papers.face import BOLD, REGULAR

MARGIN, LEADING, FOOT = 54.0, 1.4, 40.0
_COLORS = {
    "text": HexColor("#273540"),
    "muted": HexColor("#586874"),
    "line": HexColor("#D7DADE"),
    "edge": HexColor("#7D8A94"),
    "sunk": HexColor("#F5F6F7"),
    "ok": HexColor("#0B7440"),
    "waiting": HexColor("#8A4B00"),
    "over": HexColor("#B91C2B"),
}


class Sheet:
    """One document being drawn. `y` is how far down the page it has come, in points; `foot` stands under each page."""

    def __init__(self, *, title: str, author: str, foot: str, is_letter: bool) -> None:
        self._size = LETTER if is_letter else A4
        self._made = BytesIO()
        # Invariant: no clock and no chance, so that the same paper is the same file.
        self._canvas = Canvas(self._made, pagesize=self._size, invariant=1, pageCompression=1, lang="en")
        self._canvas.setTitle(face.spelled(title))
        self._canvas.setAuthor(face.spelled(author))
        self._canvas.setCreator("Creditroll")
        self._foot, self._page = foot, 1
        self.has_gaps = False
        self.y = MARGIN

    @property
    def right(self) -> float:
        """Where the right margin begins, in points from the left."""
        return float(self._size[0]) - MARGIN

    def text(
        self,
        text: str,
        x: float,
        room: float,
        *,
        size: float = 9.5,
        bold: bool = False,
        color: str = "text",
        align: Literal["left", "right"] = "left",
    ) -> None:
        """Writes below `y`, from `x` on or up to `x`, as many lines as it takes, and moves `y` under them."""
        name = BOLD if bold else REGULAR
        for line in face.lines(text, name, size, room):
            self.need(size * LEADING)
            self._canvas.setFont(name, size)
            self._canvas.setFillColor(_COLORS[color])
            start = x - face.width(line, name, size) if align == "right" else x
            self._canvas.drawString(start, self._up(self.y + size), line)
            self.has_gaps = self.has_gaps or (face.MISSING in line and face.MISSING not in text)
            self.y += size * LEADING

    def need(self, height: float) -> None:
        """Goes on with a new page where this one has no such room."""
        if self.y + height > self._size[1] - MARGIN - FOOT:
            self._end_page()
            self._canvas.showPage()
            self._page += 1
            self.y = MARGIN

    def rule(self, start: float, *, color: str = "line", width: float = 0.75) -> None:
        """A line from `start` to the right margin."""
        self._canvas.setStrokeColor(_COLORS[color])
        self._canvas.setLineWidth(width)
        self._canvas.line(start, self._up(self.y), self.right, self._up(self.y))

    def band(self, height: float) -> None:
        """A shaded band across the page, to write on."""
        self._canvas.setFillColor(_COLORS["sunk"])
        self._canvas.rect(MARGIN, self._up(self.y + height), self.right - MARGIN, height, stroke=0, fill=1)

    def bytes(self) -> bytes:
        """Ends the document."""
        self._end_page()
        self._canvas.save()
        return self._made.getvalue()

    def _end_page(self) -> None:
        self._canvas.setFont(REGULAR, 8)
        self._canvas.setFillColor(_COLORS["muted"])
        self._canvas.drawString(MARGIN, MARGIN - 14, face.spelled(self._foot))
        self._canvas.drawRightString(self.right, MARGIN - 14, f"Page {self._page}")

    def _up(self, down: float) -> float:
        return float(self._size[1]) - down
