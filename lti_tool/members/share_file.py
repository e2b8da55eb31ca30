"""A teacher's file of who is to get how much: read, and each of its rows matched with a member within reach.

Whatever a spreadsheet saves as text is read; what cannot be meant is named by its row, all of it at once, and nobody
is guessed. A file is a teacher's word about people whom they see, so here a name or an e-mail may say who (not R22).
"""

import csv
import io
import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from lti_tool.errors import Refusal
from lti_tool.language import N_, _
from lti_tool.ledger.allotment import LARGEST_AMOUNT, LONGEST_NOTE
from lti_tool.members.people import Enrollment, Member, Person, pseudonym, sort_name
from lti_tool.members.reach import Reach

LARGEST = 1_000_000
"""Bytes of a file."""
MOST_ROWS = 10_000
"""The largest batch that is promised to work (R18)."""

_DELIMITERS = ",;\t"
_HEADS = {
    "subject": "lmsid id userid idlms iddelms iddeusuario identificador",
    "email": "email mail emailaddress correo correoelectronico direcciondecorreo direcciondecorreoelectronico",
    "name": "name fullname student studentname nombre nombrecompleto estudiante alumno",
    "amount": "amount credits credit creditstoadd cantidad creditos credito",
    "note": "note notes comment nota notas comentario",
}
"""What a column may be called in the first row, as `_plain` has it: in English and in Spanish."""
TITLES = {
    "name": N_("Name"),
    "email": N_("E-mail"),
    "subject": N_("LMS id"),
    "amount": N_("Credits"),
    "note": N_("Note"),
}
"""What our own files call them, in the reader's language; these are understood, too."""
_BY = {
    "subject": (
        N_("Nobody in your courses has the LMS id “%(said)s”."),
        N_("Several people have the LMS id “%(said)s”."),
    ),
    "email": (
        N_("Nobody in your courses has the e-mail “%(said)s”."),
        N_("Several people have the e-mail “%(said)s”. Give their LMS id instead."),
    ),
    "name": (
        N_("Nobody in your courses is called “%(said)s”."),
        N_("Several people are called “%(said)s”. Give their e-mail or LMS id instead."),
    ),
}
"""By what somebody is found, the surest first; and what is said where nobody is, or several are."""
_SHOWN = 60
"""Letters of a cell that a sentence repeats."""
_GUARDED = re.compile(r"""'(?=[\s\u200b-\u200f"'“”‘’«»]*[=+\-@\uff1d\uff0b\uff0d\uff20])""")
"""The apostrophe that spreadsheets, and our own files, put before what looks like a formula."""


class FileUnfit(Refusal):
    """The file as a whole cannot be read."""

    code = "invalid"
    status = 422


@dataclass(frozen=True)
class Fault:
    """What is wrong in one row of the file, counted as a spreadsheet counts; 0 is the file as a whole."""

    row: int
    words: str


@dataclass(frozen=True)
class Match:
    """What a row gives to whom; `said` is what the file calls them where that is not their name."""

    row: int
    member_id: str
    name: str
    amount: int
    note: str | None = None
    said: str = ""


@dataclass
class Reading:
    """A file that was read: who gets what, each fault, and how many rows say no number."""

    matches: list[Match] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    left_out: int = 0

    @property
    def total(self) -> int:
        """What all of it comes to, in units."""
        return sum(match.amount for match in self.matches)


@dataclass(frozen=True)
class Somebody:
    """A member within reach, as a file may call them."""

    member_id: str
    name: str
    email: str
    subject: str
    active: bool


def read(session: Session, within: Reach, content: bytes, *, units: Collection[str]) -> Reading:
    """Reads the file for these courses; `units` are what the resource's amounts may be called. Raises FileUnfit."""
    text, delimiters = _text(content), _DELIMITERS
    if text[:4].lower() == "sep=":  # a line that Excel takes for no row
        delimiters, text = text[4] if text[4:5] in tuple(_DELIMITERS) else _DELIMITERS, text.partition("\n")[2]
    layout = _layout(text, delimiters, {_plain(unit) for unit in units})
    return _Reader(everybody(session, within), layout).read(text)


def everybody(session: Session, within: Reach) -> list[Somebody]:
    """All members within reach, active or not, by name."""
    rows = session.execute(
        select(
            Member.id,
            Person.id,
            Person.name,
            Person.email,
            Person.subject,
            func.max(case((Enrollment.active, 1), else_=0)),
        )
        .join(Person, Person.id == Member.person_id)
        .join(Enrollment, Enrollment.member_id == Member.id)
        .where(Enrollment.license_id == within.license_id, Enrollment.context_id.in_(within.courses))
        .group_by(Member.id, Person.id)
        .order_by(Member.sort_name, Member.id)
    )
    return [
        Somebody(member_id, name or pseudonym(person_id), email or "", subject, bool(active))
        for member_id, person_id, name, email, subject, active in rows
    ]


def _text(content: bytes) -> str:
    if len(content) > LARGEST:
        raise FileUnfit(_("The file is larger than 1 MB. Split it into several."))
    is_utf16 = content[:2] in (b"\xff\xfe", b"\xfe\xff")
    try:
        text = content.decode("utf-16" if is_utf16 else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileUnfit(_("This is not a CSV file in UTF-8. In Excel, save it as “CSV UTF-8”.")) from error
    if "\0" in text:
        raise FileUnfit(_("This is not a CSV file in UTF-8. In Excel, save it as “CSV UTF-8”."))
    if not text.strip():
        raise FileUnfit(_("The file is empty."))
    return text


@dataclass(frozen=True)
class _Layout:
    """The row that names the columns, how many there are, which of them is where, and what stands between them."""

    row: int
    width: int
    columns: dict[str, int]
    delimiter: str


def _layout(text: str, delimiters: str, units: set[str]) -> _Layout:
    """As the first row says it, with the delimiter under which most of it is known."""
    readable = [one for one in delimiters if _is_readable(text, one)]
    if not readable:
        raise FileUnfit(_("This is not a CSV file: its first row cannot be read."))
    found = [(_known(cells, units), row, len(cells), one) for one in readable for row, cells in _first(text, one)]
    heads, row, width, delimiter = max(found, key=lambda each: len(each[0]), default=([], 0, 0, ","))
    columns = dict(heads)
    if len(columns) < len(heads):
        raise FileUnfit(_("The first row names a column twice. Leave one of them."))
    if "amount" not in columns or not columns.keys() & _BY.keys():
        raise FileUnfit(
            _("The first row must name the columns: E-mail, LMS id or Name, then Credits, and Note if you like.")
        )
    return _Layout(row, width, columns, delimiter)


def _is_readable(text: str, delimiter: str) -> bool:
    """Whether the first row can be read so: after a quoted cell nothing else may stand between."""
    try:
        list(_first(text, delimiter))
    except csv.Error:
        return False
    return True


def _first(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """The first row that says anything, if one does."""
    for row, cells in enumerate(_rows(text, delimiter), 1):
        if any(cells):
            yield row, cells
            return


def _rows(text: str, delimiter: str) -> Iterator[list[str]]:
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)


def _known(cells: Sequence[str], units: set[str]) -> list[tuple[str, int]]:
    heads = {word: name for name, words in _HEADS.items() for word in words.split()} | dict.fromkeys(units, "amount")
    heads |= {_plain(_(title)): name for name, title in TITLES.items()}
    return [(heads[head], place) for place, cell in enumerate(cells) if (head := _plain(cell)) in heads]


def _plain(head: str) -> str:
    letters = unicodedata.normalize("NFKD", head.casefold())
    return "".join(letter for letter in letters if letter.isascii() and letter.isalnum())


class _Reader:
    """Goes through the rows, and notes what is wrong instead of stopping."""

    def __init__(self, people: list[Somebody], layout: _Layout) -> None:
        self._layout = layout
        self._found = Reading()
        self._rows: dict[str, int] = {}
        self._called: dict[str, dict[str, list[Somebody]]] = {by: defaultdict(list) for by in _BY}
        for one in people:
            for by, key in _keys(one.subject, one.email, one.name).items():
                self._called[by][key].append(one)

    def read(self, text: str) -> Reading:
        """All rows after the head."""
        row, found = 0, self._found
        try:
            for row, cells in enumerate(_rows(text, self._layout.delimiter), 1):
                if row > self._layout.row + MOST_ROWS:
                    words = _("The file has more than %(most)s rows. Split it into several.", most=MOST_ROWS)
                    return Reading(faults=[Fault(0, words)])
                if row > self._layout.row and any(cell.strip() for cell in cells):
                    self._take(row, cells)
        except csv.Error:
            words = _("From here on it is no CSV file: a quote is not closed, or a cell is too long.")
            found.faults.append(Fault(row + 1, words))
        if not found.matches and not found.faults:
            found.faults.append(Fault(0, _("No row says how many credits somebody is to get.")))
        return found

    def _take(self, row: int, cells: list[str]) -> None:
        if any(cells[self._layout.width :]):
            words = _("This row has more cells than the first. Put what has a comma in it between quotes.")
            self._found.faults.append(Fault(row, words))
            return
        said = {name: _cell(cells, place) for name, place in self._layout.columns.items()}
        if not said["amount"]:
            self._found.left_out += 1
            return
        amount, wrong = _amount(said["amount"])
        person, unknown = self._person(said)
        note = said.get("note") or None
        faults = [words for words in (unknown, wrong, _too_long(note), self._again(row, person)) if words]
        self._found.faults += [Fault(row, words) for words in faults]
        if person and not faults:
            said_name = said.get("name", "")
            other = "" if sort_name(said_name) == sort_name(person.name) else said_name[:_SHOWN]
            self._found.matches.append(Match(row, person.member_id, person.name, amount, note, other))

    def _again(self, row: int, person: Somebody | None) -> str:
        before = self._rows.setdefault(person.member_id, row) if person else row
        return (
            ""
            if person is None or before == row
            else _("%(name)s is in row %(row)s already.", name=person.name, row=before)
        )

    def _person(self, said: dict[str, str]) -> tuple[Somebody | None, str]:
        keys = _keys(*(said.get(by, "") for by in _BY))
        for by, (nobody, several) in _BY.items():
            if not (word := said.get(by)):
                continue
            found = self._called[by].get(keys[by], [])
            if len(found) != 1:
                return None, _(several if found else nobody, said=word[:_SHOWN])
            [person] = found
            return person, "" if person.active else _("%(name)s has left your courses.", name=person.name)
        return None, _("This row says nobody.")


def _keys(subject: str, email: str, name: str) -> dict[str, str]:
    """What somebody is looked up by."""
    return {"subject": subject, "email": email.lower(), "name": sort_name(name)}


def _cell(cells: list[str], place: int) -> str:
    """What a cell says: nothing where the row is shorter, and without the guard against formulas."""
    if place >= len(cells):
        return ""
    cell = cells[place].strip()
    return cell[1:].strip() if _GUARDED.match(cell) else cell


def _amount(said: str) -> tuple[int, str]:
    """The number and "", or what is wrong with it. Only digits: "1.000" is one thousand here and one there."""
    shown = said[:_SHOWN]
    if not re.fullmatch(r"[+\-\u2212]?[0-9]+", said):
        return 0, _("“%(said)s” is not a whole number. Write digits only, as 1000.", said=shown)
    if said[0] in "-\u2212" and said.strip("-\u22120"):
        return 0, _("%(said)s is negative, and credits cannot be taken back.", said=shown)
    digits = said.lstrip("+-\u22120")
    if not digits:
        return 0, _("0 gives nothing. Leave the cell empty to leave somebody out.")
    if len(digits) > len(str(LARGEST_AMOUNT)) or int(digits) > LARGEST_AMOUNT:
        return 0, _("%(said)s is too large: one person gets at most %(most)s.", said=shown, most=LARGEST_AMOUNT)
    return int(digits), ""


def _too_long(note: str | None) -> str:
    if note is None or len(note) <= LONGEST_NOTE:
        return ""
    return _("A note has at most %(most)s characters; this one has %(length)s.", most=LONGEST_NOTE, length=len(note))
