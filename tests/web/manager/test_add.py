"""Giving by hand, over HTTP and without scripts: everybody or nobody, once, and only whom the teacher teaches."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from lti_tool.ledger.accounts import freeze
from lti_tool.ledger.transfers import Batch
from lti_tool.licenses.licenses import License
from lti_tool.lti.contexts import Context
from lti_tool.lti.platforms import Deployment
from lti_tool.lti.roles import Role
from lti_tool.members.people import Enrollment, Person
from tests.factories import make_context, make_license, make_member
from tests.web.conftest import Enter, School
from tests.web.pages import Form, Page, get, post

ADD = "/manager/members/add"


def add_form(client: FlaskClient, *members: str) -> Form:
    """The form for these members, opened as the list opens it."""
    return get(client, f"{ADD}?" + "&".join(f"member={member}" for member in members)).form(ADD)


def manual_batches(school: School) -> int:
    with school.books() as books:
        return books.scalar(select(func.count()).where(Batch.kind == "manual_allotment")) or 0


def test_one_number_reaches_everybody_who_was_picked(teacher: FlaskClient, school: School) -> None:
    answer = post(teacher, add_form(teacher, school.ada, school.emmy), amount="7", note="Mitosis film")
    assert answer.status_code == 303
    assert [school.account(member).received for member in (school.ada, school.emmy)] == [7, 7]
    assert school.pool() == 86
    assert "You gave 14 credits to 2 people." in get(teacher, answer.headers["Location"]).text


def test_the_sum_stands_on_the_form_before_save(teacher: FlaskClient, school: School) -> None:
    page = get(teacher, f"{ADD}?member={school.ada}&member={school.emmy}")
    assert "License has 100 2 people × 5 − 10 Remain 90" in page.text
    assert "Cannot be taken back." in page.text


def test_two_of_one_name_are_told_apart_before_anything_is_given(teacher: FlaskClient, school: School) -> None:
    with school.books() as books:
        license_, course = books.get_one(License, school.license), books.get_one(Context, school.course)
        member = make_member(books, license_, course, name="Emmy Noether")
        other, email = member.id, books.get_one(Person, member.person_id).email
    assert f"Add credits for Emmy Noether ({email})" in get(teacher, f"{ADD}?only={other}").text
    assert "Add credits for Ada Łovelace" in get(teacher, f"{ADD}?only={school.ada}").text
    assert "Ada Łovelace (" not in get(teacher, f"{ADD}?only={school.ada}").text


def test_the_row_button_counts_for_its_row_alone(teacher: FlaskClient, school: School) -> None:
    form = get(teacher, f"{ADD}?member={school.ada}&only={school.emmy}").form(ADD)
    post(teacher, form, amount="3")
    assert school.account(school.ada).received == 0
    assert school.account(school.emmy).received == 3


def test_select_all_means_everybody_the_filter_shows(teacher: FlaskClient, school: School) -> None:
    form = get(teacher, f"{ADD}?all=1&search=a").form(ADD)
    assert len(dict(form.fields)["members"].split()) == 3  # Ada, Grace and Sam, but not Emmy
    post(teacher, form, amount="1")
    assert school.account(school.emmy).received == 0
    assert school.account(school.teacher).received == 1, "teachers are members too"


def test_the_same_form_twice_makes_one_batch(teacher: FlaskClient, school: School) -> None:
    form = add_form(teacher, school.ada)
    first, second = (post(teacher, form, amount="5") for _ in range(2))
    assert first.status_code == second.status_code == 303
    assert first.headers["Location"] == second.headers["Location"]
    assert school.account(school.ada).received == 5
    assert manual_batches(school) == 1


def test_a_resend_is_answered_by_its_batch_even_if_the_member_left(teacher: FlaskClient, school: School) -> None:
    form = add_form(teacher, school.ada)
    post(teacher, form, amount="5")
    with school.books() as books:
        books.get_one(Enrollment, (school.course, school.ada)).active = False
        freeze(books, school.license, [school.ada])
    assert post(teacher, form, amount="5").status_code == 303
    assert school.account(school.ada).received == 5


def test_the_same_form_with_another_number_is_refused(teacher: FlaskClient, school: School) -> None:
    form = add_form(teacher, school.ada)
    post(teacher, form, amount="5")
    answer = post(teacher, form, amount="6")
    assert answer.status_code == 422
    assert "saved before" in Page(answer).text
    assert school.account(school.ada).received == 5


def test_a_short_license_gives_nobody_anything_and_says_how_many_are_missing(
    teacher: FlaskClient, school: School
) -> None:
    answer = post(teacher, add_form(teacher, school.ada, school.emmy), amount="60", note="all at once")
    page = Page(answer)
    assert answer.status_code == 422
    assert "2 people × 60 = 120, but the license has 100: 20 are missing." in page.text
    key = dict(page.form(ADD).fields)["request_key"]
    assert page.find("a", href=f"/manager/purchase?missing=20&for={key}")
    assert page.find(
        "input", name="amount", value="60", aria_invalid="true", aria_describedby="amount-wrong amount-hint"
    )
    assert page.find("input", name="note", value="all at once")
    assert page.find("p", id="amount-wrong")
    assert school.pool() == 100


def test_what_is_no_whole_number_from_1_to_10000_is_refused_beside_the_field(
    teacher: FlaskClient, school: School
) -> None:
    form = add_form(teacher, school.ada)
    for amount in ("0", "-5", "10001", "2.5", "five", "", "1e3", "9" * 400, "5 credits", "٣.٥"):
        answer = post(teacher, form, amount=amount)
        assert answer.status_code == 422, amount
        assert Page(answer).find("input", name="amount", aria_invalid="true", value=amount)
    assert school.account(school.ada).received == 0


def test_any_whole_number_will_do(teacher: FlaskClient, school: School) -> None:
    for amount in ("1", " 7 ", "007"):
        assert post(teacher, add_form(teacher, school.ada), amount=amount).status_code == 303
    assert school.account(school.ada).received == 15


def test_a_note_has_at_most_200_characters(teacher: FlaskClient, school: School) -> None:
    form = add_form(teacher, school.ada)
    refused = post(teacher, form, amount="5", note="ä" * 201)
    assert refused.status_code == 422
    assert Page(refused).find("input", name="note", aria_invalid="true")
    assert post(teacher, form, amount="5", note="ä" * 200).status_code == 303


def test_nobody_picked_is_said_and_gives_nothing(teacher: FlaskClient, school: School) -> None:
    answer = teacher.get(ADD)
    assert answer.status_code == 422
    assert "Pick at least one person" in Page(answer).text


def test_a_member_who_left_stops_the_whole_form(teacher: FlaskClient, school: School) -> None:
    form = add_form(teacher, school.ada, school.emmy)
    with school.books() as books:
        books.get_one(Enrollment, (school.course, school.emmy)).active = False
        freeze(books, school.license, [school.emmy])
    answer = post(teacher, form, amount="5")
    assert answer.status_code == 422
    assert "Nobody got anything." in Page(answer).text
    assert school.account(school.ada).received == 0
    assert "Add credits for Ada Łovelace" in Page(answer).text, "who is still here can be tried again"


def member_of_another_course(school: School) -> str:
    """Of the same licence, but taught by somebody else."""
    with school.books() as books:
        course = make_context(books, books.get_one(Deployment, school.deployment), title="Chemistry")
        return make_member(books, books.get_one(License, school.license), course, name="Carl Secret").id


def member_of_another_license(school: School) -> str:
    with school.books() as books:
        course = make_context(books)
        return make_member(books, make_license(books, context=course), course, name="Carl Secret").id


@pytest.mark.parametrize("stranger", [member_of_another_course, member_of_another_license, lambda _: "no-such-id"])
def test_ids_beyond_the_teachers_courses_are_refused_whole_and_tell_nothing(
    teacher: FlaskClient, school: School, stranger: Callable[[School], str]
) -> None:
    other = stranger(school)
    form = add_form(teacher, school.ada)
    answer = post(teacher, form, members=f"{school.ada} {other}", amount="5")
    assert answer.status_code == 422
    assert "Carl" not in answer.get_data(as_text=True)
    assert school.account(school.ada).received == 0
    assert manual_batches(school) == 0
    assert "Carl" not in teacher.get(f"{ADD}?only={other}").get_data(as_text=True)


def test_a_course_that_was_left_by_the_teacher_is_out_of_reach(teacher: FlaskClient, school: School) -> None:
    form = add_form(teacher, school.ada)
    with school.books() as books:
        books.get_one(Enrollment, (school.course, school.teacher)).active = False
    assert post(teacher, form, amount="5").status_code == 422
    assert school.account(school.ada).received == 0


def test_a_ta_looks_and_changes_nothing(client: FlaskClient, school: School, enter: Enter) -> None:
    enter(client, school.visit(school.ta, Role.TA))
    page = get(client, "/manager/members")
    assert "Ada Łovelace" in page.text
    assert not page.find("input", name="member")
    assert client.get(f"{ADD}?only={school.ada}").status_code == 403
    assert client.post(ADD, data={"members": school.ada, "amount": "5"}).status_code == 403
    assert school.account(school.ada).received == 0


def test_a_dialog_is_told_where_to_go_on(teacher: FlaskClient, school: School) -> None:
    form = add_form(teacher, school.ada)
    answer = teacher.post(ADD, data=dict(form.filled(amount="5")), headers={"HX-Request": "true"})
    assert answer.status_code == 204
    assert answer.headers["HX-Location"].startswith("/manager/members?gave=")


def test_the_way_back_is_always_one_of_our_pages(teacher: FlaskClient, school: School) -> None:
    for back in ("https://evil.test/", "//evil.test", "show=all&sort=name", "overview", "next=//x"):
        location = post(teacher, add_form(teacher, school.ada), amount="5", back=back).headers["Location"]
        assert location.startswith(("/manager/members?", "/manager/?"))
        assert "evil" not in location


def test_another_persons_batch_is_not_announced_as_ones_own(
    client: FlaskClient, school: School, enter: Enter, teacher: FlaskClient
) -> None:
    location = post(teacher, add_form(teacher, school.ada), amount="5").headers["Location"]
    enter(client, replace(school.as_teacher, person_id=None))
    assert "You gave" not in get(client, location).text


def test_a_visit_without_a_course_is_told_where_to_open_it(client: FlaskClient, school: School, enter: Enter) -> None:
    enter(client, replace(school.as_teacher, context_id=None))
    assert "Open Creditroll from inside a course" in get(client, "/manager/members").text


def test_more_ids_than_a_statement_takes_are_refused(teacher: FlaskClient, school: School) -> None:
    form = add_form(teacher, school.ada)
    answer = post(teacher, form, amount="1", members=" ".join(f"{number:x}" for number in range(70_000)))
    assert answer.status_code == 413
    assert manual_batches(school) == 0
