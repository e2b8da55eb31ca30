"""The maximum a student may receive: what is allowed, what it could cost, and whose save counts (R6, R10, R13)."""

from flask.testing import FlaskClient

from lti_tool.ledger.allotment import allot
from lti_tool.ledger.policies import Setting, current, save
from tests.factories import EXPORT_CREDITS, NOW
from tests.web.conftest import School
from tests.web.pages import Page, get, post

SETTINGS = "/manager/settings"


def setting(school: School) -> Setting:
    with school.books() as books:
        return current(books, school.license, EXPORT_CREDITS.name)


def test_a_multiple_of_the_bundle_is_saved(teacher: FlaskClient, school: School) -> None:
    answer = post(teacher, get(teacher, SETTINGS).form(SETTINGS), maximum="10")
    assert answer.status_code == 303
    assert setting(school).maximum == 10
    page = get(teacher, answer.headers["Location"])
    assert "Saved. Each student can receive up to 10 credits" in page.text
    assert page.find("input", name="maximum", value="10")


def test_empty_and_0_are_off(teacher: FlaskClient, school: School) -> None:
    for off in ("", "0"):
        post(teacher, get(teacher, SETTINGS).form(SETTINGS), maximum="10")
        post(teacher, get(teacher, SETTINGS).form(SETTINGS), maximum=off)
        assert setting(school).maximum == 0
        assert "It is off now." in get(teacher, SETTINGS).text


def test_anything_else_is_refused_with_its_two_neighbours(teacher: FlaskClient, school: School) -> None:
    form = get(teacher, SETTINGS).form(SETTINGS)
    for typed, said in (
        ("12", "12 is not a multiple of 5. The nearest are 10 and 15."),
        ("-5", "−5 is below 0. The nearest are 0 and 5."),
        ("1000005", "1,000,005 is more than 1,000,000. The nearest are 999,995 and 1,000,000."),
        ("7.5", "“7.5” is not a whole number. The nearest are 5 and 10."),
        ("ten", "“ten” is not a whole number. The nearest are 0 and 5."),
    ):
        answer = post(teacher, form, maximum=typed)
        page = Page(answer)
        assert answer.status_code == 422, typed
        assert page.text.count(said) == 1, typed
        assert page.find("input", name="maximum", value=typed, aria_invalid="true")
        assert page.find("p", id="maximum-wrong")
    assert setting(school).version == 0


def test_the_cost_counts_what_each_student_has_received(teacher: FlaskClient, school: School) -> None:
    with school.books() as books:
        allot(books, school.license, EXPORT_CREDITS, member_ids=[school.ada], each=7, actor=school.actor, now=NOW)
    page = get(teacher, f"{SETTINGS}?maximum=60")
    # Ada at 7 of 60 can still get 50, Emmy 60.
    assert "At 60, up to 110 more credits could go out; the license has 93." in page.text
    assert "17 would be missing" in page.text
    assert "2 students × 60 = up to 120 in all" in page.text
    assert setting(school).version == 0, "looking saves nothing"


def test_the_example_of_what_counts_fits_the_maximum(teacher: FlaskClient) -> None:
    assert "5 automatic + 3 by hand = 8 of 10." in get(teacher, f"{SETTINGS}?maximum=10").text
    assert "after 3 by hand, 5 more would be above 5, so none come." in get(teacher, f"{SETTINGS}?maximum=5").text


def test_neighbours_stand_in_a_table_beside_it(teacher: FlaskClient, school: School) -> None:
    with school.books() as books:
        save(books, school.license, EXPORT_CREDITS, maximum=10, based_on=0, actor=school.actor, now=NOW)
    text = get(teacher, SETTINGS).text
    assert "5 10 90 remain 10 now 20 80 remain 15 30 70 remain 20 40 60 remain" in text


def test_looking_at_a_maximum_that_is_not_allowed_says_so(teacher: FlaskClient) -> None:
    assert get(teacher, f"{SETTINGS}?maximum=12").text.count("The nearest are 10 and 15.") == 1
