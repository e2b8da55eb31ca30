"""The list of members: found, sorted, counted and paged, and never beyond the teacher's own courses."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask.testing import FlaskClient
from sqlalchemy import event, insert, select
from sqlalchemy.engine import Engine

from lti_tool.db import db
from lti_tool.ids import new_id
from lti_tool.ledger.accounts import freeze, open_accounts
from lti_tool.ledger.allotment import allot, top_up_at_launch
from lti_tool.ledger.issuing import grant
from lti_tool.ledger.movements import SYSTEM
from lti_tool.ledger.policies import save
from lti_tool.ledger.transfers import post_spend
from lti_tool.licenses.licenses import License
from lti_tool.lti.contexts import Context
from lti_tool.lti.platforms import Deployment
from lti_tool.lti.roles import Role
from lti_tool.members.people import Enrollment, Member, Person, sort_name
from tests.factories import EXPORT_CREDITS, NOW, enroll, make_context, make_member
from tests.web.conftest import Enter, School
from tests.web.pages import Page, get

MEMBERS = "/manager/members"


def names(page: Page) -> list[str]:
    """Who is listed, in order, by the buttons of the rows."""
    labels = [found["aria-label"] for found in page.find("button", name="only")]
    return [label.removeprefix("Add credits for ") for label in labels]


@contextmanager
def statements(engine: Engine) -> Iterator[list[str]]:
    """Every statement that is sent while the block runs."""
    sent: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
        sent.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield sent
    event.remove(engine, "before_cursor_execute", note)


def test_each_row_adds_up(teacher: FlaskClient, school: School) -> None:
    with school.books() as books:
        allot(books, school.license, EXPORT_CREDITS, member_ids=[school.ada], each=9, actor=school.actor, now=NOW)
        post_spend(books, school.license, EXPORT_CREDITS.name, school.ada, amount=2, actor=SYSTEM, now=NOW)
    text = get(teacher, MEMBERS).text
    assert "Ada Łovelace received 9 used 2 reserved 0 7available" in text
    assert "4 active members received 9 used 2 reserved 0 7available" in text


def test_names_are_found_without_their_accents_and_by_e_mail(teacher: FlaskClient, school: School) -> None:
    with school.books() as books:
        for person in books.scalars(select(Person)):
            person.sort_name = sort_name(person.display_name)
        person = books.get_one(Person, books.get_one(Member, school.emmy).person_id)
        person.email = "E.Noether@School.test"
    assert names(get(teacher, f"{MEMBERS}?search=lovel")) == ["Ada Łovelace"]
    assert names(get(teacher, f"{MEMBERS}?search=e.noether")) == ["Emmy Noether"]
    assert names(get(teacher, f"{MEMBERS}?search=%25")) == [], "a wildcard is a letter like others"
    assert "Nobody matches." in get(teacher, f"{MEMBERS}?search=zzz").text


def test_every_head_sorts_and_says_so(teacher: FlaskClient, school: School) -> None:
    page = get(teacher, f"{MEMBERS}?sort=name")
    assert names(page) == ["Ada Łovelace", "Emmy Noether", "Grace Okonkwo", "Sam Ito"]
    assert page.find("th", aria_sort="ascending")
    for sort in ("received", "used", "reserved", "available", "opened"):
        for sign, said in (("", "ascending"), ("-", "descending")):
            page = get(teacher, f"{MEMBERS}?sort={sign}{sort}")
            assert len(names(page)) == 4
            assert page.find("th", aria_sort=said)
    assert names(get(teacher, f"{MEMBERS}?sort=-name"))[0] == "Sam Ito"
    by_course = get(teacher, f"{MEMBERS}?sort=-course")
    assert not by_course.find("th", **{"class": "course"}), "there is one course"
    assert names(by_course) == names(get(teacher, f"{MEMBERS}?sort=name"))


def test_who_waits_comes_first_and_can_be_shown_alone(teacher: FlaskClient, school: School) -> None:
    with school.books() as books:
        save(books, school.license, EXPORT_CREDITS, maximum=5, based_on=0, actor=school.actor, now=NOW)
        top_up_at_launch(books, school.license, EXPORT_CREDITS, school.emmy, now=NOW)
        post_spend(books, school.license, EXPORT_CREDITS.name, school.emmy, amount=5, actor=SYSTEM, now=NOW)
    page = get(teacher, MEMBERS)
    assert names(page)[0] == "Emmy Noether"
    assert "Waiting (1)" in page.text
    assert names(get(teacher, f"{MEMBERS}?show=waiting")) == ["Emmy Noether"]


def test_inactive_members_are_counted_beside_the_sum_and_cannot_be_picked(teacher: FlaskClient, school: School) -> None:
    with school.books() as books:
        allot(books, school.license, EXPORT_CREDITS, member_ids=[school.ada], each=4, actor=school.actor, now=NOW)
        books.get_one(Enrollment, (school.course, school.ada)).active = False
        freeze(books, school.license, [school.ada])
    page = get(teacher, MEMBERS)
    assert "Ada" not in " ".join(names(page))
    assert "+ 1 inactive: 4 frozen" in page.text
    inactive = get(teacher, f"{MEMBERS}?show=inactive")
    assert "Ada Łovelace inactive" in inactive.text
    assert not inactive.find("input", type="checkbox")


def test_same_names_are_told_apart_by_e_mail(teacher: FlaskClient, school: School) -> None:
    with school.books() as books:
        course, license_ = books.get_one(Context, school.course), books.get_one(License, school.license)
        twin = make_member(books, license_, course, name="Emmy Noether")
        email = books.get_one(Person, twin.person_id).email
    page = get(teacher, MEMBERS)
    assert f"Add credits for Emmy Noether ({email})" in [
        found["aria-label"] for found in page.find("button", name="only")
    ]
    assert page.text.count("@school.test") == 2, "only those who share a name show it"


def test_a_course_that_somebody_else_teaches_is_not_to_be_seen(teacher: FlaskClient, school: School) -> None:
    with school.books() as books:
        other = make_context(books, books.get_one(Deployment, school.deployment), title="Chemistry")
        make_member(books, books.get_one(License, school.license), other, name="Carl Secret")
    for address in (MEMBERS, f"{MEMBERS}?show=all", f"{MEMBERS}?course={other.id}", f"{MEMBERS}?search=carl"):
        page = get(teacher, address)
        assert "Carl" not in page.text
        assert "Chemistry" not in page.text


def test_a_course_filter_narrows_to_one_of_ones_own(teacher: FlaskClient, school: School) -> None:
    with school.books() as books:
        second = make_context(books, books.get_one(Deployment, school.deployment), title="Period 5")
        enroll(books, books.get_one(Member, school.teacher), second, role=Role.TEACHER)
        make_member(books, books.get_one(License, school.license), second, name="Zoe Last")
    both = get(teacher, MEMBERS)
    assert "Both courses" in both.text
    assert both.find("td", **{"class": "course"})
    by_course = get(teacher, f"{MEMBERS}?sort=-course")
    assert by_course.find("th", aria_sort="descending")
    one = get(teacher, f"{MEMBERS}?course={second.id}")
    assert not one.find("td", **{"class": "course"}), "it would say the same in each row"
    assert sorted(names(one)) == ["Grace Okonkwo", "Zoe Last"]


def test_nonsense_in_the_address_shows_the_ordinary_list(teacher: FlaskClient, school: School) -> None:
    assert len(names(get(teacher, f"{MEMBERS}?sort=;drop&show=x&page=-1&course=y"))) == 4
    assert len(names(get(teacher, f"{MEMBERS}?page=99999"))) == 4


def fill(school: School, count: int) -> None:
    """Puts many students into the course, a few statements in all."""
    with school.books() as books:
        ids = [(new_id(), new_id()) for _ in range(count)]
        books.execute(
            insert(Person),
            [
                {
                    "id": person,
                    "platform_id": school.platform,
                    "subject": person,
                    "name": f"Student {number:05}",
                    "sort_name": f"student {number:05}",
                    "email": None,
                    "created_at": NOW,
                }
                for number, (person, _) in enumerate(ids)
            ],
        )
        books.execute(
            insert(Member),
            [
                {
                    "id": member,
                    "license_id": school.license,
                    "person_id": person,
                    "created_at": NOW,
                    "sort_name": f"student {number:05}",
                    "lower_email": "",
                }
                for number, (person, member) in enumerate(ids)
            ],
        )
        books.execute(
            insert(Enrollment),
            [
                {
                    "context_id": school.course,
                    "member_id": member,
                    "license_id": school.license,
                    "launch_role": None,
                    "roster_role": "learner",
                    "role": "learner",
                    "active": True,
                    "last_launch_at": NOW,
                }
                for _, member in ids
            ],
        )
        open_accounts(books, school.license, [member for _, member in ids])


def test_a_class_of_5000_takes_no_more_statements_than_a_small_one(teacher: FlaskClient, school: School) -> None:
    engine = _engine(teacher)
    with statements(engine) as few:
        get(teacher, MEMBERS)
        get(teacher, "/manager/")
    fill(school, 5_000)
    with statements(engine) as many:
        page = get(teacher, f"{MEMBERS}?sort=name&page=2")
        overview = get(teacher, "/manager/")
    assert len(many) <= len(few) + 2
    assert len(names(page)) == 50
    assert "5,004 active members" in page.text
    assert page.find("a", href=f"{MEMBERS}?sort=name&page=101")
    assert page.find("input", aria_label="Select all 5,004")
    assert "5,002 students are waiting" in overview.text


def test_5000_picked_at_once_are_given_in_one_batch(teacher: FlaskClient, school: School) -> None:
    fill(school, 5_000)
    with school.books() as books:
        grant(books, school.license, EXPORT_CREDITS, amount=20_000, actor=SYSTEM, now=NOW)
    form = get(teacher, "/manager/members/add?all=1").form("/manager/members/add")
    answer = teacher.post(form.action, data=dict(form.filled(amount="2")))
    assert answer.status_code == 303
    assert school.pool() == 20_100 - 2 * 5_004
    assert "You gave 10,008 credits to 5,004 people." in get(teacher, answer.headers["Location"]).text


def test_a_long_list_that_changed_since_is_shown_again_before_anybody_gets_anything(
    teacher: FlaskClient, school: School
) -> None:
    fill(school, 120)
    with school.books() as books:
        grant(books, school.license, EXPORT_CREDITS, amount=2_000, actor=SYSTEM, now=NOW)
    form = get(teacher, f"{MEMBERS}/add?all=1").form(f"{MEMBERS}/add")
    assert "members" not in dict(form.fields), "so many ids make a page as long as the class is large"
    with school.books() as books:
        books.get_one(Enrollment, (school.course, school.ada)).active = False
        freeze(books, school.license, [school.ada])
    answer = teacher.post(form.action, data=dict(form.filled(amount="1")))
    assert answer.status_code == 422
    page = Page(answer)
    assert "The list has changed since" in page.text
    assert school.pool() == 2_100
    again = page.form(f"{MEMBERS}/add")
    first = teacher.post(again.action, data=dict(again.filled()))
    assert (first.status_code, school.pool()) == (303, 2_100 - 123)
    with school.books() as books:
        books.get_one(Enrollment, (school.course, school.emmy)).active = False
    second = teacher.post(again.action, data=dict(again.filled()))
    assert (second.headers["Location"], school.pool()) == (first.headers["Location"], 2_100 - 123), "a resend"


def test_staff_of_the_course_see_the_list(client: FlaskClient, school: School, enter: Enter) -> None:
    enter(client, school.visit(school.ta, Role.TA))
    assert "Emmy Noether" in get(client, MEMBERS).text


def _engine(client: FlaskClient) -> Engine:
    with client.application.app_context():
        return db.engine
