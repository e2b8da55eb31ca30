"""A spreadsheet's file is read however it was saved, matched with the class, and each fault is named by its row."""

import time

import pytest
from sqlalchemy.orm import Session

from lti_tool.licenses.licenses import License
from lti_tool.lti.contexts import Context
from lti_tool.members import share_file
from lti_tool.members.people import Person
from lti_tool.members.reach import Reach
from lti_tool.members.share_file import FileUnfit, Reading
from tests.factories import make_context, make_license, make_member


@pytest.fixture
def within(session: Session) -> Reach:
    """Ada and Emmy, two who are called Emma Smith, and Ines, who left; nobody of another course."""
    course = make_context(session, title="Biology 9")
    license_ = make_license(session, context=course)
    for called in (
        ("Ada Łovelace", "Ada@school.test", "a-1"),
        ("Emmy Noether", None, "007"),
        ("Emma Smith", "emma@school.test", "s-1"),
        ("Emma Smith", "twins@school.test", "s-2"),
        ("Otto =Smith", "twins@school.test", "s-3"),
    ):
        add(session, license_, course, called)
    add(session, license_, course, ("Ines Left", "ines@school.test", "i-1"), active=False)
    add(session, license_, make_context(session), ("Carl Secret", "carl@school.test", "c-1"))
    return Reach(license_.id, {course.id: "Biology 9"})


def add(
    session: Session, license_: License, course: Context, called: tuple[str, str | None, str], *, active: bool = True
) -> None:
    """Somebody with that name, e-mail and LMS id."""
    name, email, subject = called
    member = make_member(session, license_, course, name=name, subject=subject, active=active)
    session.get_one(Person, member.person_id).email = email
    session.flush()


def read(session: Session, within: Reach, content: str | bytes) -> Reading:
    sent = content.encode() if isinstance(content, str) else content
    return share_file.read(session, within, sent, units=("credit", "credits"))


def given(reading: Reading) -> list[tuple[int, str, int, str | None]]:
    assert reading.faults == []
    return [(match.row, match.name, match.amount, match.note) for match in reading.matches]


TABLE = "Name,E-mail,Credits,Note\nAda,ada@SCHOOL.test,5,Film\n,,,\nEmmy noether,,007,\n"
QUOTED = "\n".join(",".join(f'"{cell}"' for cell in row.split(",")) for row in TABLE.splitlines())
ROWS = [(2, "Ada Łovelace", 5, "Film"), (4, "Emmy Noether", 7, None)]


@pytest.mark.parametrize(
    "content",
    [
        TABLE.encode(),
        TABLE.encode("utf-8-sig"),
        TABLE.replace(",", "\t").encode("utf-16"),
        TABLE.replace(",", "\t").encode("utf-16-be").join([b"\xfe\xff", b""]),
        TABLE.replace(",", ";").replace("\n", "\r\n").encode(),
        ("sep=;\r\n" + TABLE.replace(",", ";")).encode(),
        TABLE.replace("\n", "\r").encode(),
        TABLE.replace("Name,E-mail,Credits,Note", "Nombre,Correo electrónico,CRÉDITOS,Nota").encode(),
        QUOTED.encode(),
        QUOTED.replace(",", ";").encode(),
    ],
    ids=[
        *("utf-8", "with a mark", "utf-16", "utf-16 the other way", "semicolons", "sep=", "old Mac", "Spanish"),
        *("all between quotes", "and with semicolons"),
    ],
)
def test_whatever_a_spreadsheet_saves_is_read(session: Session, within: Reach, content: bytes) -> None:
    assert given(read(session, within, content)) == ROWS


def test_columns_stand_in_any_order_beside_others_and_the_surest_says_who(session: Session, within: Reach) -> None:
    table = (
        'credits,Class,note,LMS id,name\n3,9b,"two\nlines",s-1,Emma Smith\n 4 ,9b,,007,Somebody else\n,9b,,s-2,Emma\n'
    )
    reading = read(session, within, table)
    assert given(reading) == [(2, "Emma Smith", 3, "two\nlines"), (3, "Emmy Noether", 4, None)]
    assert [match.said for match in reading.matches] == ["", "Somebody else"]
    assert reading.left_out == 1


def test_the_guard_against_formulas_is_no_part_of_a_name(session: Session, within: Reach) -> None:
    reading = read(session, within, "id,credits,note\ns-3,2,'=1+1\n")
    assert given(reading) == [(2, "Otto =Smith", 2, "=1+1")]


def test_every_fault_is_named_by_its_row_in_plain_words(session: Session, within: Reach) -> None:
    rows = {
        "x@school.test,,,5": "Nobody in your courses has the e-mail “x@school.test”.",
        "carl@school.test,,,5": "Nobody in your courses has the e-mail “carl@school.test”.",
        "twins@school.test,,,5": "Several people have the e-mail “twins@school.test”. Give their LMS id instead.",
        ",,Emma Smith,5": "Several people are called “Emma Smith”. Give their e-mail or LMS id instead.",
        ",7,,5": "Nobody in your courses has the LMS id “7”.",
        "ines@school.test,,,5": "Ines Left has left your courses.",
        ",,,5": "This row says nobody.",
        "ada@school.test,,,5.5": "“5.5” is not a whole number. Write digits only, as 1000.",
        'emma@school.test,,,"1,000"': "“1,000” is not a whole number. Write digits only, as 1000.",
        ",007,,-3": "-3 is negative, and credits cannot be taken back.",
        ",s-2,,0": "0 gives nothing. Leave the cell empty to leave somebody out.",
        ",s-3,," + "9" * 5_000: f"{'9' * 60} is too large: one person gets at most 10,000.",
        ",,Ada Lovelace,5": "Ada Łovelace is in row 9 already.",
        ",s-1,,5,more": "This row has more cells than the first. Put what has a comma in it between quotes.",
    }
    reading = read(session, within, "email,id,name,credits\n" + "\n".join(rows))
    expected = list(enumerate(rows.values(), 2))
    assert [(fault.row, fault.words) for fault in reading.faults] == expected
    assert reading.matches == []


def test_two_faults_of_one_row_are_both_named(session: Session, within: Reach) -> None:
    reading = read(session, within, f"email,credits,note\nx,many,{'ä' * 201}\n")
    assert [fault.row for fault in reading.faults] == [2, 2, 2]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf \r\n\r\n", "empty"),
        (b"PK\x03\x04\xff\xfe", "CSV UTF-8"),
        ("name,credits\nJosé,5".encode("latin-1"), "CSV UTF-8"),
        (b"name,credits\nA\x00da,5", "CSV UTF-8"),
        ("name,credits".encode("utf-16-le"), "CSV UTF-8"),
        (b"\xff\xfe\x00", "CSV UTF-8"),
        (b"\xff\xfe\x00\xd8a\x00", "CSV UTF-8"),
        (b"x" * 1_000_001, "larger than 1 MB"),
        (b"Ada,5\nEmmy,7", "The first row must name the columns"),
        (b"name,email\nAda,x", "The first row must name the columns"),
        (b"name,credits,credits\nAda,5,6", "names a column twice"),
        (b'"name,credits\nAda,5', "first row cannot be read"),
        (b"name,credits" + b"x" * 140_000, "first row cannot be read"),
        (b"sep=", "The first row must name the columns"),
        (b"sep=\xc3\xa4\nname\xc3\xa4credits", "The first row must name the columns"),
        (b'""', "The first row must name the columns"),
    ],
)
def test_what_is_no_such_file_is_refused_as_a_whole(
    session: Session, within: Reach, content: bytes, words: str
) -> None:
    with pytest.raises(FileUnfit) as unfit:
        read(session, within, content)
    assert words in unfit.value.detail


@pytest.mark.parametrize(
    ("rest", "row"), [('\n"Emmy,7\n', 3), ('\n"a"b,7', 3), ("\n" + "x" * 140_000 + ",7\nEmmy noether,5", 3)]
)
def test_where_a_file_breaks_off_is_told(session: Session, within: Reach, rest: str, row: int) -> None:
    reading = read(session, within, "name,credits\nAda Lovelace,5" + rest)
    assert [fault.row for fault in reading.faults] == [row]
    assert "From here on it is no CSV file" in reading.faults[0].words


def test_10000_rows_are_read_and_one_more_is_not(session: Session, within: Reach) -> None:
    began = time.monotonic()
    rows = "nobody,5\n" * 10_000
    assert len(read(session, within, "name,credits\n" + rows).faults) == 10_000
    [fault] = read(session, within, "name,credits\n" + rows + "nobody,5\n").faults
    assert (fault.row, fault.words) == (0, "The file has more than 10,000 rows. Split it into several.")
    for hostile in ("\n" * 900_000, ",\n" * 400_000, '"",' * 300_000, '"' * 900_001):
        assert read(session, within, "name,credits\n" + hostile).faults
    assert time.monotonic() - began < 20, "a small file took a long time"


def test_a_file_in_which_nobody_gets_anything_is_none(session: Session, within: Reach) -> None:
    [fault] = read(session, within, "name,credits\nAda Lovelace,\n").faults
    assert "No row says how many" in fault.words
