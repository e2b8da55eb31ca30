"""A manager's first steps: nothing is chosen for them, what they choose is saved, and leaving is off."""

from flask.testing import FlaskClient

from lti_tool.ledger import policies
from lti_tool.ledger.policies import Setting
from lti_tool.licenses import first_steps
from tests.factories import EXPORT_CREDITS
from tests.web.conftest import School
from tests.web.pages import Page, get, post

STEPS = "/manager/first-steps"


def setting(school: School) -> Setting:
    with school.books() as books:
        return policies.current(books, school.license, EXPORT_CREDITS.name)


def are_due(school: School) -> bool:
    with school.books() as books:
        return first_steps.are_due(books, school.license, EXPORT_CREDITS.name, school.teacher_person)


def test_the_steps_speak_of_this_class_and_choose_nothing(teacher: FlaskClient) -> None:
    page = get(teacher, STEPS)
    assert "Welcome, Grace Okonkwo. One thing to decide." in page.text
    assert "2 students found in Biology 9" in page.text
    assert "Ada Łovelace and Emmy Noether would each get 5 when they first open Creditroll." in page.text
    assert "2 × 10 = at most 20 of 100; at least 80 remain." in page.text
    assert not page.find("input", name="maximum", checked="")


def test_a_choice_is_needed_and_saved(teacher: FlaskClient, school: School) -> None:
    form = get(teacher, STEPS).form(STEPS)
    refused = post(teacher, form)
    assert (refused.status_code, "Choose one, or decide later." in Page(refused).text) == (422, True)
    assert setting(school).version == 0
    answer = post(teacher, form, maximum="0")
    assert setting(school) == Setting(0, 1), "to give by hand is a decision, too"
    assert "Saved. You give by hand, in Manage Members." in get(teacher, answer.headers["Location"]).text
    assert not are_due(school)
    stale = post(teacher, form, maximum="10")
    assert (stale.status_code, "In force now off Yours, not saved 10" in Page(stale).text) == (422, True)
    assert "All set" in get(teacher, STEPS).text


def test_later_is_off_and_asks_no_more_at_launches(teacher: FlaskClient, school: School) -> None:
    assert "One thing is not decided yet" in get(teacher, "/manager/").text
    post(teacher, get(teacher, STEPS).form(STEPS), later="1")
    assert (setting(school).version, are_due(school)) == (0, False)
    assert "One thing is not decided yet" not in get(teacher, "/manager/").text
