"""Sets a paper's texts on a page: who and what above, the item and its sums in the middle, what to do below."""

from lti_tool.language import _, speaking
from lti_tool.purchasing.papers import face
from lti_tool.purchasing.papers.content import Content, Item, Line, Section
from lti_tool.purchasing.papers.facts import INVOICE, QUOTE, RECEIPT, Facts
from lti_tool.purchasing.papers.invoice import invoice
from lti_tool.purchasing.papers.quote import quote
from lti_tool.purchasing.papers.receipt import receipt
from lti_tool.purchasing.papers.sheet import MARGIN, Column, Sheet, Text

_CONTENTS = {QUOTE: quote, INVOICE: invoice, RECEIPT: receipt}

_INSET = 8.0
_LABELS = 92.0


def pdf(facts: Facts) -> bytes:
    """The paper as a PDF in the reader's language; the same facts give the same bytes."""
    with speaking(facts.locale):
        return _drawn(facts)


def _drawn(facts: Facts) -> bytes:
    paper = _CONTENTS[facts.kind](facts)
    name = f"{paper.title} {paper.number}"
    sheet = Sheet(
        title=f"{name}, {paper.seller.name}",
        author=paper.seller.name,
        at=paper.at,
        foot=f"{name} · {paper.seller.name}",
        is_letter=paper.is_letter,
        lang=facts.locale.replace("_", "-"),
    )
    _head(sheet, paper)
    _parties(sheet, paper)
    _item(sheet, paper.item)
    for line in paper.sums:
        _line(sheet, line, start=sheet.middle)
    for section in paper.sections:
        _section(sheet, section)
    if sheet.has_gaps:
        sheet.y += 20
        sheet.write(
            Text(
                _("%(sign)s stands for a letter that the typeface of this paper lacks.", sign=face.MISSING),
                size=8,
                color="muted",
            )
        )
    return sheet.end()


def _head(sheet: Sheet, paper: Content) -> None:
    seller = paper.seller
    below = filter(None, (*seller.address, seller.email, seller.tax_id and _("Tax ID %(id)s", id=seller.tax_id)))
    who = [Text("", size=4), Text(seller.name, size=14, bold=True, after=2)]
    what = [Text(paper.title, size=24, bold=True), Text(paper.number, size=11, after=4)]
    if paper.mark:
        what.append(Text(paper.mark.text, size=11, bold=True, color=paper.mark.tone))
    sheet.put(
        Column(MARGIN, sheet.middle - 12, [*who, *(Text(line, size=9, color="muted") for line in below)]),
        Column(sheet.middle, sheet.right, what, "right"),
    )
    sheet.y += 14
    sheet.rule()
    sheet.y += 18


def _parties(sheet: Sheet, paper: Content) -> None:
    name, *more = paper.to
    to = [Text(paper.to_heading, size=9, color="muted", after=2), Text(name, size=10.5, bold=True)]
    left = Column(MARGIN, sheet.middle - 16, [*to, *(Text(line, size=10) for line in more)])
    rows = [
        (
            Column(sheet.middle, sheet.middle + _LABELS, [Text(line.label, color="muted", after=3)]),
            Column(sheet.middle + _LABELS, sheet.right, [Text(line.text, after=3)]),
        )
        for line in paper.details
    ]
    height = max(left.height(), sum(max(column.height() for column in row) for row in rows))
    sheet.need(height)
    top = sheet.y
    sheet.put(left)
    sheet.y = top
    for row in rows:
        sheet.put(*row)
    sheet.y = top + height + 24


def _item(sheet: Sheet, item: Item) -> None:
    sheet.need(80)
    sheet.band(23)
    sheet.y += 5
    heads = (_("Description"), _("Quantity"), _("Price each"), _("Amount"))
    sheet.put(*_cells(sheet, *([Text(head, size=9, color="muted")] for head in heads)))
    sheet.y += 13
    name = [Text(item.name, size=10, after=1), Text(item.about, size=8.5, color="muted")]
    sheet.put(*_cells(sheet, name, *([Text(cell, size=10)] for cell in (item.quantity, item.each, item.amount))))
    sheet.y += 10
    sheet.rule()
    sheet.y += 9


def _cells(
    sheet: Sheet, name: list[Text], quantity: list[Text], each: list[Text], amount: list[Text]
) -> tuple[Column, ...]:
    end = sheet.right - _INSET
    return (
        Column(MARGIN + _INSET, end - 262, name),
        Column(end - 262, end - 190, quantity, "right"),
        Column(end - 182, end - 104, each, "right"),
        Column(end - 96, end, amount, "right"),
    )


def _line(sheet: Sheet, line: Line, *, start: float) -> None:
    size = 11 if line.is_sum else 9.5
    end = sheet.right - _INSET
    label = [Text(line.label, size=size, bold=line.is_sum)]
    if line.note:
        label.append(Text(line.note, size=8.5, color="muted"))
    columns = (
        Column(start, end - 130, label),
        Column(end - 122, end, [Text(line.text, size=size, bold=line.is_sum)], "right"),
    )
    sheet.need(max(column.height() for column in columns) + 12)
    if line.is_sum:
        sheet.y += 2
        sheet.rule(start, color="edge")
        sheet.y += 6
    sheet.put(*columns)
    sheet.y += 5


def _section(sheet: Sheet, section: Section) -> None:
    sheet.need(70)  # a heading never stands alone at the foot
    sheet.y += 22
    sheet.write(Text(section.heading, size=11, bold=True, after=4))
    for paragraph in section.paragraphs:
        *most, last = paragraph
        sheet.write(*(Text(line) for line in most), Text(last, after=5))
    for line in section.lines:
        _line(sheet, line, start=MARGIN)
