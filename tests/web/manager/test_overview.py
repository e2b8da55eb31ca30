"""The overview: figures that add up in sight, who waits and why, and one press that gives."""

from dataclasses import replace

from flask.testing import FlaskClient

from lti_tool.db import database_now
from lti_tool.ledger.allotment import allot, allot_shares, top_up_at_launch
from lti_tool.ledger.holds import hold
from lti_tool.ledger.movements import SYSTEM, Share
from lti_tool.ledger.policies import save
from lti_tool.ledger.transfers import post_spend
from lti_tool.lti.roles import Role
from tests.factories import EXPORT_CREDITS, NOW
from tests.web.conftest import Enter, School
from tests.web.pages import Page, get, post


def use_up(school: School, *members: str, maximum: int = 5) -> None:
    """Automatic allotment is on; these students got a bundle and used it."""
    with school.books() as books:
        save(books, school.license, EXPORT_CREDITS, maximum=maximum, based_on=0, actor=school.actor, now=NOW)
        for member in members:
            top_up_at_launch(books, school.license, EXPORT_CREDITS, member, now=NOW)
            post_spend(books, school.license, EXPORT_CREDITS.name, member, amount=5, actor=SYSTEM, now=NOW)


def test_the_figures_add_up_in_sight(teacher: FlaskClient, school: School) -> None:
    with school.books() as books:
        allot(books, school.license, EXPORT_CREDITS, member_ids=[school.ada], each=30, actor=school.actor, now=NOW)
        post_spend(books, school.license, EXPORT_CREDITS.name, school.ada, amount=12, actor=SYSTEM, now=NOW)
    with school.books() as books:
        hold(books, school.license, EXPORT_CREDITS, school.ada, amount=3, actor=SYSTEM, now=database_now(books))
    page = get(teacher, "/manager/")
    words = "100 = 70 not allotted yet + 15 with students, unused + 3 reserved + 12 used"
    assert page.find("svg", role="img", aria_label=words)
    assert "License total 100" in page.text
    assert "Allotted 30" in page.text
    assert "Used + 12" in page.text
    assert page.find("a", href="/manager/purchase")


def test_nobody_waits_in_a_class_that_is_served(teacher: FlaskClient, school: School) -> None:
    with school.books() as books:
        save(books, school.license, EXPORT_CREDITS, maximum=10, based_on=0, actor=school.actor, now=NOW)
    page = get(teacher, "/manager/")
    assert "Nobody is waiting" in page.text
    assert "Every student who opened Creditroll has something left, or gets it automatically." in page.text
    assert "Automatic allotment is on." in page.text
    assert "At most 20 more can go out this way; the license has 100." in page.text


def test_one_press_gives_to_one_who_waits(teacher: FlaskClient, school: School) -> None:
    use_up(school, school.ada, school.emmy)
    page = get(teacher, "/manager/")
    assert "2 students are waiting" in page.text
    assert "Used all 5" in page.text
    answer = post(teacher, page.form("/manager/members/add"))
    assert answer.headers["Location"].startswith("/manager/?gave=")
    assert school.account(school.ada).received == 10
    assert "You gave 5 credits to Ada Łovelace." in get(teacher, answer.headers["Location"]).text


def test_one_press_gives_to_all_who_wait_with_the_sum_beside_it(teacher: FlaskClient, school: School) -> None:
    use_up(school, school.ada, school.emmy)
    page = get(teacher, "/manager/")
    assert "2 × 5 = 10 of 90; 80 remain; cannot be taken back" in page.text
    to_all = page.forms[-2]
    assert len(dict(to_all.fields)["members"].split()) == 2
    for _ in range(2):
        post(teacher, to_all)
    assert [school.account(member).received for member in (school.ada, school.emmy)] == [10, 10]


def test_an_empty_license_says_why_they_wait(teacher: FlaskClient, school: School) -> None:
    use_up(school, school.ada, maximum=50)
    with school.books() as books:
        allot(books, school.license, EXPORT_CREDITS, member_ids=[school.teacher], each=92, actor=school.actor, now=NOW)
    page = get(teacher, "/manager/")
    assert "2 students are waiting: the license has 3 credits left; a bundle is 5." in page.text
    assert "2 × 5 = 10, but the license has 3: 7 are missing" in page.text
    assert page.find("a", href="/manager/purchase?missing=7")
    refused = post(teacher, page.form("/manager/members/add"))
    assert refused.status_code == 422
    assert "1 person × 5 = 5, but the license has 3: 2 are missing." in Page(refused).text


def test_who_cannot_buy_what_is_missing_is_sent_to_ask(client: FlaskClient, school: School, enter: Enter) -> None:
    use_up(school, school.ada, maximum=50)
    with school.books() as books:
        allot(books, school.license, EXPORT_CREDITS, member_ids=[school.teacher], each=92, actor=school.actor, now=NOW)
    enter(client, replace(school.as_teacher, manages=False))
    assert get(client, "/manager/").find("a", href="/manager/purchase/ask?number=7")
    enter(client, school.visit(school.ta, Role.TA))
    page = get(client, "/manager/")
    assert "2 students are waiting" in page.text
    assert not [found for found in page.find("a") if "purchase" in found["href"]]


def test_recent_activity_says_who_and_why(teacher: FlaskClient, school: School) -> None:
    with school.books() as books:
        allot(
            books,
            school.license,
            EXPORT_CREDITS,
            member_ids=[school.ada, school.emmy],
            each=5,
            actor=school.actor,
            now=NOW,
            note="Mitosis film",
        )
    text = get(teacher, "/manager/").text
    assert "2 people received 5 each" in text
    assert "by you · “Mitosis film”" in text
    assert "The license received 100" in text


def test_recent_activity_adds_up_what_differs_and_keeps_what_is_said_to_one(
    teacher: FlaskClient, school: School
) -> None:
    shares = [Share(school.ada, 3, "For your film"), Share(school.emmy, 2)]
    with school.books() as books:
        allot_shares(books, school.license, EXPORT_CREDITS, shares, actor=school.actor, now=NOW)
    text = get(teacher, "/manager/").text
    assert "2 people received 5 in all" in text
    assert "For your film" not in text


def test_who_does_not_manage_the_license_sees_only_their_courses(
    client: FlaskClient, school: School, enter: Enter
) -> None:
    enter(client, replace(school.as_teacher, manages=False))
    page = get(client, "/manager/")
    assert "License total" not in page.text
    assert "The license has 100 left to give." in page.text
    assert [
        found["href"] for found in page.find("a") if found["href"] in ("/manager/settings", "/manager/history")
    ] == []
    for address in ("/manager/settings", "/manager/history", "/manager/purchase"):
        assert client.get(address).status_code == 403


def test_a_teacher_without_a_license_is_told_how_to_get_one(client: FlaskClient, school: School, enter: Enter) -> None:
    enter(client, replace(school.as_teacher, license_id=None, member_id=None, manages=False))
    page = get(client, "/manager/")
    assert page.status == 200
    assert "This course has no license yet" in page.text


def test_designers_look_at_the_courses_they_help_in(client: FlaskClient, school: School, enter: Enter) -> None:
    enter(client, school.visit(school.ta, Role.DESIGNER))
    assert get(client, "/manager/").status == 200
