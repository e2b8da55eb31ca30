"""Sets a paper's texts on a page: who and what above, the item and its sums in the middle, what to do below."""

from lti_tool.purchasing.papers import face
from lti_tool.purchasing.papers.facts import Facts
from lti_tool.purchasing.papers.sheet import MARGIN, Sheet
from lti_tool.purchasing.papers.wording import Content, Line, content

_GAP = 22.0
_LABELS = 88.0
_SUMS = 300.0


def pdf(facts: Facts) -> bytes:
    """The paper as a PDF; the same facts give the same bytes."""
    paper = content(facts)
    number = f"{paper.title} {paper.number}"
    sheet = Sheet(
        title=f"{number}, {paper.seller.name}",
        author=paper.seller.name,
        foot=f"{number} · {paper.seller.name} · {paper.seller.email}",
        is_letter=paper.is_letter,
    )
    _head(sheet, paper)
    _parties(sheet, paper)
    _item(sheet, paper)
    _lines(sheet, paper.sums, start=_SUMS)
    for section in paper.sections:
        _section_head(sheet, section.heading)
        for sentence in section.sentences:
            sheet.text(sentence, MARGIN, sheet.right - MARGIN)
            sheet.y += 3
        _lines(sheet, section.lines, start=MARGIN)
    if sheet.has_gaps:
        sheet.y += _GAP
        note = f"{face.MISSING} stands for a letter that the typeface of this paper lacks."
        sheet.text(note, MARGIN, sheet.right - MARGIN, size=8, color="muted")
    return sheet.bytes()


def _head(sheet: Sheet, paper: Content) -> None:
    middle = (MARGIN + sheet.right) / 2
    top = sheet.y
    sheet.text(paper.title, sheet.right, middle - MARGIN, size=24, bold=True, align="right")
    sheet.text(paper.number, sheet.right, middle - MARGIN, size=11, align="right")
    if paper.mark:
        sheet.y += 4
        sheet.text(paper.mark, sheet.right, middle - MARGIN, size=11, bold=True, color=paper.tone, align="right")
    low, sheet.y = sheet.y, top + 6
    sheet.text(paper.seller.name, MARGIN, middle - MARGIN, size=14, bold=True)
    tax_id = [f"Tax ID {paper.seller.tax_id}"] if paper.seller.tax_id else []
    for line in (*paper.seller.address, paper.seller.email, *tax_id):
        sheet.text(line, MARGIN, middle - MARGIN - 12, size=9, color="muted")
    sheet.y = max(low, sheet.y) + 14
    sheet.rule(MARGIN)
    sheet.y += 16


def _parties(sheet: Sheet, paper: Content) -> None:
    middle = (MARGIN + sheet.right) / 2
    top = sheet.y
    sheet.text(paper.to_heading, MARGIN, middle - MARGIN, size=8.5, color="muted")
    for place, line in enumerate(paper.to):
        sheet.text(line, MARGIN, middle - MARGIN - 16, bold=place == 0, size=10)
    low, sheet.y = sheet.y, top
    for detail in paper.details:
        row = sheet.y
        sheet.text(detail.label, middle, _LABELS, color="muted")
        after, sheet.y = sheet.y, row
        sheet.text(detail.text, middle + _LABELS, sheet.right - middle - _LABELS)
        sheet.y = max(after, sheet.y) + 2
    sheet.y = max(low, sheet.y) + _GAP


def _item(sheet: Sheet, paper: Content) -> None:
    item = paper.item
    ends = (sheet.right - 200, sheet.right - 100, sheet.right - 8)
    sheet.band(22)
    sheet.y += 5
    _row(sheet, ("Description", "Quantity", "Price each", "Amount"), ends, size=8.5, color="muted")
    sheet.y += 10
    top = sheet.y
    _row(sheet, (item.name, item.quantity, item.each, item.amount), ends, size=10)
    sheet.text(item.about, MARGIN + 8, ends[0] - MARGIN - 90, size=8.5, color="muted")
    sheet.y = max(sheet.y, top) + 8
    sheet.rule(MARGIN)
    sheet.y += 8


def _row(
    sheet: Sheet,
    cells: tuple[str, str, str, str],
    ends: tuple[float, float, float],
    *,
    size: float,
    color: str = "text",
) -> None:
    top = low = sheet.y
    for text, end in zip(cells[1:], ends, strict=True):
        sheet.y = top
        sheet.text(text, end, 110, size=size, color=color, align="right")
        low = max(low, sheet.y)
    sheet.y = top
    sheet.text(cells[0], MARGIN + 8, ends[0] - MARGIN - 90, size=size, color=color)
    sheet.y = max(low, sheet.y)


def _lines(sheet: Sheet, lines: tuple[Line, ...], *, start: float) -> None:
    for line in lines:
        if line.is_sum:
            sheet.y += 2
            sheet.rule(start, color="edge")
            sheet.y += 5
        size = 11 if line.is_sum else 9.5
        top = sheet.y
        sheet.text(line.text, sheet.right - 8, 120, size=size, bold=line.is_sum, align="right")
        sheet.y = top
        sheet.text(line.label, start, sheet.right - start - 130, size=size, bold=line.is_sum)
        sheet.y += 5


def _section_head(sheet: Sheet, heading: str) -> None:
    sheet.need(60)
    sheet.y += _GAP
    sheet.text(heading, MARGIN, sheet.right - MARGIN, size=11, bold=True)
    sheet.y += 4
