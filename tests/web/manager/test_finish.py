"""A refused allotment waits for credits, and is then finished: by whom, for whom and how often it was meant."""

from dataclasses import replace

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from lti_tool import clock
from lti_tool.ledger.accounts import freeze
from lti_tool.ledger.transfers import Batch
from lti_tool.licenses.licenses import License
from lti_tool.lti.contexts import Context
from lti_tool.lti.platforms import Deployment
from lti_tool.lti.roles import Role
from lti_tool.members.people import Enrollment
from lti_tool.purchasing import unfinished
from lti_tool.purchasing.fulfilment import settle
from lti_tool.purchasing.unfinished import UnfinishedAllotment
from tests.factories import make_context, make_member, make_order, make_payment
from tests.web.conftest import Enter, School
from tests.web.pages import Page, get, post, save

ADD = "/manager/members/add"
FINISH = "/manager/members/finish"


def refuse(client: FlaskClient, *members: str, amount: str = "60", note: str = "all at once") -> Page:
    """The page that says how many are missing."""
    opened = get(client, f"{ADD}?show=waiting&" + "&".join(f"member={member}" for member in members))
    return Page(post(client, opened.form(ADD), amount=amount, note=note))


def key_of(refused: Page) -> str:
    """What the page's link to the purchase hands on."""
    (link,) = (found["href"] for found in refused.find("a") if "for=" in found.get("href", ""))
    return link.partition("for=")[2]


def buy(school: School, key: str, quantity: int = 100) -> str:
    """Credits come, by an order that remembers the allotment; its id."""
    with school.books() as books:
        order = make_order(books, books.get_one(License, school.license), quantity=quantity)
        order.allotment_id = unfinished.for_order(books, school.license, school.teacher_person, key)
        make_payment(books, order)
        settle(books, order.id, now=clock.now())
        return order.id


def leave(school: School, member: str) -> None:
    with school.books() as books:
        books.get_one(Enrollment, (school.course, member)).active = False
        freeze(books, school.license, [member])


def received(school: School) -> list[int]:
    return [school.account(member).received for member in (school.ada, school.emmy)]


def given(school: School) -> int:
    with school.books() as books:
        return books.scalar(select(func.count()).where(Batch.kind == "manual_allotment")) or 0


@pytest.fixture
def key(teacher: FlaskClient, school: School) -> str:
    """120 were to be given of 100."""
    return key_of(refuse(teacher, school.ada, school.emmy))


def test_once_credits_came_it_is_offered_and_finished_once_as_it_was_typed(
    teacher: FlaskClient, school: School, key: str
) -> None:
    words = "Finish giving 60 to 2 people"
    assert words not in get(teacher, "/manager/").text
    buy(school, key)
    overview = get(teacher, "/manager/")
    assert words in overview.text
    assert "“all at once”" in overview.text
    (link,) = overview.find("a", href=f"{FINISH}/{key}")
    page = get(teacher, link["href"])
    assert "License has 200 2 people × 60 − 120 Remain 80" in page.text
    form = page.form(ADD)
    assert dict(form.fields)["note"] == "all at once"
    first, second = (save(teacher, form) for _ in range(2))
    assert first.status_code == 303
    assert first.headers["Location"].startswith("/manager/members?show=waiting&gave=")
    assert second.headers["Location"] == first.headers["Location"]
    assert received(school) == [60, 60]
    assert words not in get(teacher, "/manager/").text
    again = teacher.get(link["href"])
    assert again.status_code == 303
    assert "This was finished or closed before." in get(teacher, again.headers["Location"]).text


def test_the_refused_form_itself_finishes_it_too(teacher: FlaskClient, school: School) -> None:
    refused = refuse(teacher, school.ada, school.emmy)
    buy(school, key_of(refused))
    other_page = get(teacher, f"{FINISH}/{key_of(refused)}").form(ADD)
    for form in (refused.form(ADD), other_page):
        assert save(teacher, form).status_code == 303
    assert received(school) == [60, 60]
    assert given(school) == 1
    assert "Finish giving" not in get(teacher, "/manager/").text


def test_who_left_is_named_and_left_out_before_save(teacher: FlaskClient, school: School, key: str) -> None:
    buy(school, key)
    leave(school, school.emmy)
    page = get(teacher, f"{FINISH}/{key}")
    assert "1 person has left your courses since, and is not in this form any more: Emmy Noether." in page.text
    assert "1 person × 60 − 60" in page.text
    save(teacher, page.form(ADD))
    assert received(school) == [60, 0]


def test_who_leaves_between_the_look_and_save_stops_it(teacher: FlaskClient, school: School, key: str) -> None:
    buy(school, key)
    form = get(teacher, f"{FINISH}/{key}").form(ADD)
    leave(school, school.emmy)
    answer = post(teacher, form)
    assert answer.status_code == 422
    assert "Nobody got anything." in Page(answer).text
    assert received(school) == [0, 0]
    assert "Finish giving 60 to 2 people" in get(teacher, "/manager/").text


def test_nobody_left_to_give_to_is_said(teacher: FlaskClient, school: School, key: str) -> None:
    buy(school, key)
    for member in (school.ada, school.emmy):
        leave(school, member)
    page = get(teacher, f"{FINISH}/{key}")
    assert "Everybody whom this was for has left your courses since." in page.text
    assert "Save" not in page.text


def test_a_purchase_that_was_too_small_offers_the_rest(teacher: FlaskClient, school: School) -> None:
    key = key_of(refuse(teacher, school.ada, school.emmy, amount="120"))
    buy(school, key, quantity=100)
    refused = Page(post(teacher, get(teacher, f"{FINISH}/{key}").form(ADD)))
    assert "2 people × 120 = 240, but the license has 200: 40 are missing." in refused.text
    assert key_of(refused) == key


def test_it_can_be_closed_and_gives_nothing(teacher: FlaskClient, school: School, key: str) -> None:
    buy(school, key)
    form = get(teacher, "/manager/").form(f"{FINISH}/{key}/close")
    for _ in range(2):
        answer = post(teacher, form)
        assert "Closed. Nothing was given." in get(teacher, answer.headers["Location"]).text
    assert "Finish giving" not in get(teacher, "/manager/").text
    assert received(school) == [0, 0]


def test_it_is_offered_to_and_finished_by_nobody_else(
    client: FlaskClient, school: School, enter: Enter, teacher: FlaskClient, key: str
) -> None:
    buy(school, key)
    close = get(teacher, "/manager/").form(f"{FINISH}/{key}/close")
    with school.books() as books:
        course = books.get_one(Context, school.course)
        other = make_member(books, books.get_one(License, school.license), course, role=Role.TEACHER, name="Ana")
        visit = school.visit(other.id, Role.TEACHER, manages=True)
        enter(client, replace(visit, person_id=other.person_id))
    page = get(client, "/manager/")
    assert "Finish giving" not in page.text
    assert client.get(f"{FINISH}/{key}").status_code == 404
    close.fields = [("csrf_token", dict(page.forms[0].fields)["csrf_token"])]
    assert post(client, close).status_code == 404
    with school.books() as books:
        assert books.get_one(UnfinishedAllotment, (school.license, key)).closed_at is None


def test_people_out_of_reach_are_not_named_or_given_to(teacher: FlaskClient, school: School) -> None:
    with school.books() as books:
        chemistry = make_context(books, books.get_one(Deployment, school.deployment), title="Chemistry")
        license_ = books.get_one(License, school.license)
        carl = make_member(books, license_, chemistry, name="Carl Secret").id
        enrollment = Enrollment(
            context_id=chemistry.id,
            member_id=school.teacher,
            license_id=school.license,
            launch_role="teacher",
            role="teacher",
            active=True,
        )
        books.add(enrollment)
    key = key_of(refuse(teacher, school.ada, carl))
    buy(school, key)
    with school.books() as books:
        books.get_one(Enrollment, (chemistry.id, school.teacher)).active = False
    page = get(teacher, f"{FINISH}/{key}")
    assert "1 person has left your courses since, and is not in this form any more." in page.text
    assert "Carl" not in page.text
    assert dict(page.form(ADD).fields)["members"] == school.ada


def test_who_cannot_buy_is_sent_to_ask_and_nothing_is_kept(client: FlaskClient, school: School, enter: Enter) -> None:
    enter(client, replace(school.as_teacher, manages=False))
    refused = refuse(client, school.ada, school.emmy)
    assert refused.find("a", href="/manager/purchase/ask?number=20")
    assert not refused.find("a", href="/manager/purchase")
    with school.books() as books:
        assert books.scalar(select(func.count()).select_from(UnfinishedAllotment)) == 0
    assert "Ask to buy" in refused.text


def test_the_form_keeps_its_people_however_often_it_is_refused(teacher: FlaskClient, school: School) -> None:
    first = refuse(teacher, school.ada, school.emmy)
    second = Page(post(teacher, first.form(ADD), amount="70"))
    assert key_of(second) == key_of(first)
    with school.books() as books:
        kept = books.get_one(UnfinishedAllotment, (school.license, key_of(first)))
        assert (kept.amount, sorted(kept.member_ids.split())) == (70, sorted([school.ada, school.emmy]))


def test_an_address_that_was_made_up_is_not_found(teacher: FlaskClient) -> None:
    for made_up in ("01a212da-983e-7279-9ba4-1eacc9bf297c", "none", "1" * 400):
        assert teacher.get(f"{FINISH}/{made_up}").status_code == 404
