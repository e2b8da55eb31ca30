"""Lists as CSV files: what a spreadsheet opens with its letters whole, and never runs as a formula."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from decimal import Decimal
from tempfile import SpooledTemporaryFile

from flask import Response, send_file

Cell = str | int | Decimal | datetime | None

_IN_MEMORY = 200_000
"""Bytes of a file that needs no disk."""

# What Excel, LibreOffice and Google Sheets may take for a formula, also behind spaces or quotes and in full width.
_BEGINS = r"=+\-@\uff1d\uff0b\uff0d\uff20"
_BEFORE = r"""\ufeff\u200b-\u200f\u2060"'“”‘’«»"""
_FORMULA = re.compile(rf"[\t\r\n]|[\s{_BEFORE}]*[{_BEGINS}]")
# Where semicolons stand between cells, as in most of Europe, a cell ends at each, and at the end of a line.
_LATER = re.compile(rf"(?<!^)[;\t\r\n](?=[ \u00a0{_BEFORE}]*[{_BEGINS}])")
_UNFIT_FOR_NAMES = re.compile(r"[^\w.-]+")


def send(name: str, day: datetime, heads: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Response:
    """The rows as "name-2026-11-23.csv", written whole before the first byte goes out, in memory that stays the same.

    So an error in any row is an answer of its own instead of a file that lacks its end, the length that is sent along
    shows a browser what the network cut off, and no slow reader keeps a transaction of ours open.
    """
    with ExitStack() as undone:
        file = undone.enter_context(SpooledTemporaryFile(max_size=_IN_MEMORY))
        size = _write(file, heads, rows)
        undone.pop_all()  # the answer closes it, when it has gone out
    title = f"{_UNFIT_FOR_NAMES.sub('-', name).strip('-.')}-{day:%Y-%m-%d}.csv"
    answer = send_file(file, "text/csv", as_attachment=True, download_name=title)
    answer.content_type = "text/csv; charset=utf-8; header=present"
    answer.content_length = size
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _write(file: SpooledTemporaryFile[bytes], heads: Sequence[str], rows: Iterable[Sequence[Cell]]) -> int:
    text = io.TextIOWrapper(file, "utf-8-sig", newline="")  # Excel takes it for UTF-8 by the mark
    writer = csv.writer(text)  # as RFC 4180 has it
    writer.writerow(heads)
    for row in rows:
        writer.writerow([written(cell) for cell in row])
    text.detach()
    size = file.tell()
    file.seek(0)
    return size


def written(cell: Cell) -> str | int | Decimal | None:
    """A text that looks like a formula behind an apostrophe, which spreadsheets show as text; a moment as ISO, in UTC.

    Numbers stay numbers, negative ones too.
    """
    if isinstance(cell, str):
        text = _LATER.sub(r"\g<0>'", cell)
        return f"'{text}" if _FORMULA.match(cell) else text
    if isinstance(cell, datetime):
        return f"{cell.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return cell
