"""Giving by a file, over HTTP and without scripts: every row is seen before Save, and it is all or nothing, once."""

import csv
import io

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from lti_tool.ledger import policies
from lti_tool.ledger.accounts import freeze
from lti_tool.ledger.transfers import Batch, Transfer
from lti_tool.lti.roles import Role
from lti_tool.members.people import Enrollment, Member, Person
from tests.factories import EXPORT_CREDITS, NOW
from tests.web.conftest import Enter, School
from tests.web.pages import Form, Page, get, post, save

FILE = "/manager/members/file"
SAVE = f"{FILE}/save"
TABLE = "name,credits,note\nAda Lovelace,5,Film\nEmmy Noether,12,\nGrace Okonkwo,,\n"


def send(client: FlaskClient, content: str | bytes, name: str = "class.csv") -> TestResponse:
    """Chooses that file, as a browser would."""
    form = get(client, FILE).form(FILE)
    raw = content.encode() if isinstance(content, str) else content
    return client.post(FILE, data=dict(form.fields) | {"file": (io.BytesIO(raw), name)})


def received(school: School) -> list[int]:
    return [school.account(member).received for member in (school.ada, school.emmy)]


def leave(school: School, member: str) -> None:
    with school.books() as books:
        books.get_one(Enrollment, (school.course, member)).active = False
        freeze(books, school.license, [member])


@pytest.fixture
def seen(teacher: FlaskClient) -> Form:
    """The form below a file that can be given."""
    return Page(send(teacher, TABLE)).form(SAVE)


def test_each_row_is_seen_and_then_given_in_one_batch(teacher: FlaskClient, school: School) -> None:
    answer = send(teacher, TABLE)
    page = Page(answer)
    assert answer.status_code == 200
    assert "2 people: 17 of 100; 83 remain." in page.text
    assert "2 Ada Łovelace" in page.text
    assert "in the file: Ada Lovelace" not in page.text, "the same without its accents"
    assert "1 row without an amount is left out." in page.text
    assert received(school) == [0, 0]
    first, second = (post(teacher, page.form(SAVE)) for _ in range(2))
    assert first.status_code == second.status_code == 303
    assert first.headers["Location"] == second.headers["Location"]
    assert received(school) == [5, 12]
    assert "You gave 17 credits to 2 people." in get(teacher, first.headers["Location"]).text
    with school.books() as books:
        [batch] = books.scalars(select(Batch).where(Batch.kind == "manual_allotment"))
        notes = dict(
            books.execute(select(Transfer.member_id, Transfer.note).where(Transfer.batch_id == batch.id)).all()
        )
    assert (batch.amount_each, batch.total) == (None, 17)
    assert notes == {school.ada: "Film", school.emmy: None}
    history = get(teacher, "/manager/history").text
    assert "2 people, 17 in all by you" in history
    assert "Ada Łovelace5" in history


def test_a_resend_is_answered_by_its_batch_even_if_somebody_left(
    teacher: FlaskClient, school: School, seen: Form
) -> None:
    post(teacher, seen)
    leave(school, school.ada)
    assert post(teacher, seen).status_code == 303
    assert received(school) == [5, 12]


def test_faults_are_all_told_by_their_row_and_nothing_can_be_saved(teacher: FlaskClient, school: School) -> None:
    answer = send(teacher, "name,credits\nAda Lovelace,5\nCarl,5\n<b>x,two\n")
    page = Page(answer)
    assert answer.status_code == 422
    assert "Nothing was given: 3 things have to be mended in the file." in page.text
    assert "Row 3: Nobody in your courses is called “Carl”." in page.text
    assert "Row 4: “two” is not a whole number." in page.text
    assert "<b>x" not in answer.get_data(as_text=True)
    assert not page.find("input", name="kept")
    assert received(school) == [0, 0]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04\xff", b"a\0b", b"Ada,5"])
def test_what_is_no_such_file_is_refused_beside_the_field(teacher: FlaskClient, content: bytes) -> None:
    answer = send(teacher, content)
    assert answer.status_code == 422
    assert Page(answer).find("input", name="file", aria_invalid="true", aria_describedby="file-wrong file-hint")


def test_no_file_is_said(teacher: FlaskClient) -> None:
    assert "Choose a file." in Page(post(teacher, get(teacher, FILE).form(FILE))).text


def test_a_short_license_says_how_many_are_missing(teacher: FlaskClient, school: School) -> None:
    page = Page(send(teacher, "name,credits\nAda Lovelace,60\nEmmy Noether,61\n"))
    assert page.status == 422
    assert "2 people: 121, but the license has 100: 21 are missing." in page.text
    assert page.find("a", href="/manager/purchase?missing=21")
    assert not page.find("input", name="kept")


def test_who_left_since_stops_all_of_it_and_is_named(teacher: FlaskClient, school: School, seen: Form) -> None:
    leave(school, school.emmy)
    page = Page(post(teacher, seen))
    assert page.status == 422
    assert "Row 3: Emmy Noether has left your courses since." in page.text
    assert received(school) == [0, 0]


def test_a_license_that_shrank_since_stops_all_of_it(teacher: FlaskClient, school: School, seen: Form) -> None:
    add = get(teacher, f"/manager/members/add?member={school.teacher}").form("/manager/members/add")
    save(teacher, add, amount="90")
    page = Page(post(teacher, seen))
    assert page.status == 422
    assert "2 people: 17, but the license has 10: 7 are missing." in page.text
    assert received(school) == [0, 0]


def test_what_was_not_seen_here_is_not_given(
    client: FlaskClient, teacher: FlaskClient, school: School, seen: Form, enter: Enter
) -> None:
    kept = dict(seen.fields)["kept"]
    for forged in ("", "x", kept[:-1] + ("a" if kept[-1] != "a" else "b"), "W10"):
        page = Page(post(teacher, seen, kept=forged))
        assert page.status == 422
        assert "Nothing was given. Choose the file once more." in page.text
    enter(client, school.visit(school.ta, Role.TA))
    assert client.get(FILE).status_code == 403
    with school.books() as books:
        books.get_one(Enrollment, (school.course, school.ta)).role = Role.TEACHER.value
    enter(client, school.visit(school.ta, Role.TEACHER))
    form = get(client, FILE).form(FILE)
    other = post(client, Form(SAVE, "post", [*form.fields, ("kept", kept)]))
    assert "Choose the file once more." in Page(other).text, "what one teacher saw is no other's"
    assert received(school) == [0, 0]


def test_large_amounts_of_a_file_are_asked_for_twice(teacher: FlaskClient, school: School) -> None:
    seen = Page(send(teacher, "name,credits\nAda Lovelace,41\nEmmy Noether,5\n")).form(SAVE)
    asked = Page(post(teacher, seen))
    assert "2 people: 46 of 100; 54 remain." in asked.text
    assert "41 for one person is unusual" in asked.text
    assert received(school) == [0, 0]
    back = Page(post(teacher, asked.form(SAVE), change="1"))
    assert "What each row gives" in back.text
    assert post(teacher, asked.form(SAVE)).status_code == 303
    assert received(school) == [41, 5]


def test_the_template_has_the_class_and_can_be_sent_back(teacher: FlaskClient, school: School) -> None:
    with school.books() as books:
        books.get_one(Person, books.get_one(Member, school.ada).person_id).email = "+ada@school.test"
        policies.save(books, school.license, EXPORT_CREDITS, maximum=10, based_on=0, actor=school.actor, now=NOW)
    page = get(teacher, FILE)
    form = next(form for form in page.forms if any(name == "visit" for name, _ in form.fields))
    with teacher.post(f"{FILE}/template", data=dict(form.fields)) as answer:
        assert answer.headers["Content-Disposition"].startswith("attachment")
        rows = list(csv.reader(io.StringIO(answer.get_data().decode("utf-8-sig"))))
    assert rows[0] == ["Name", "E-mail", "LMS id", "Credits", "Note"]
    assert [row[0] for row in rows[1:]] == ["Ada Łovelace", "Emmy Noether", "Grace Okonkwo", "Sam Ito"]
    assert rows[1][1] == "'+ada@school.test", "spreadsheets would calculate it"
    for row in rows[1:3]:
        row[3] = "4"
    filled = io.StringIO()
    csv.writer(filled).writerows(rows)
    assert post(teacher, Page(send(teacher, filled.getvalue())).form(SAVE)).status_code == 303
    assert received(school) == [4, 4]
