"""Each problem about money stands on a page with what to do about it, until somebody says what they did."""

from flask.testing import FlaskClient

from lti_tool.purchasing import payments
from lti_tool.purchasing.problem_words import WORDS
from lti_tool.webhooks import endpoints
from tests.conftest import Books
from tests.factories import NOW, make_endpoint, make_license
from tests.web import pages
from tests.web.operator.conftest import Sold


def note(books: Books, code: str, order_id: str | None = None, *, subject: str = "evt_1") -> str:
    """A problem; its id."""
    with books() as session:
        payments.note_problem(session, code, subject, f"Detail of {code}.", now=NOW, order_id=order_id)
        [problem] = [one for one in payments.problems(session) if (one.code, one.subject) == (code, subject)]
        return problem.id


def test_no_problem_is_said_to_be_none(operator: FlaskClient) -> None:
    assert "Nothing about money needs you" in pages.get(operator, "/operator/problems").text


def test_each_says_what_to_do_and_is_counted_on_every_page(operator: FlaskClient, sold: Sold, books: Books) -> None:
    note(books, "partial", sold.id)
    note(books, "a code of tomorrow")
    page = pages.get(operator, "/operator/problems")
    for words in (WORDS["partial"].title, WORDS["partial"].todo, "Detail of a code of tomorrow.", sold.number):
        assert words in page.text
    assert "Problems 2 open" in pages.get(operator, "/operator/orders").text


def test_one_is_closed_with_what_was_done_and_stays_on_record(operator: FlaskClient, sold: Sold, books: Books) -> None:
    number = note(books, "partial", sold.id)
    form = pages.get(operator, "/operator/problems").form(f"/operator/problems/{number}")
    for text in ("", "x" * 501):
        refused = pages.Page(pages.post(operator, form, note=text))
        assert (refused.status, "what was done about it" in refused.text) == (422, True)
        assert refused.find("input", aria_invalid="true")[0]["value"] == text
    for text in ("They pay the rest in May", "said later"):
        assert pages.post(operator, form, note=text).status_code == 303
    assert "Nothing about money needs you" in pages.get(operator, "/operator/problems").text
    closed = pages.get(operator, "/operator/problems?show=all").text
    assert "They pay the rest in May" in closed
    assert "said later" not in closed
    assert operator.post("/operator/problems/nothing", data=dict(form.fields) | {"note": "x"}).status_code == 404


def test_many_go_on_page_by_page(operator: FlaskClient, books: Books) -> None:
    for count in range(52):
        note(books, "unmatched", subject=f"evt_{count}")
    first = pages.get(operator, "/operator/problems")
    [further] = [link["href"] for link in first.find("a", class_="button") if "after=" in link["href"]]
    assert first.text.count("Detail of unmatched.") == 50
    assert pages.get(operator, further).text.count("Detail of unmatched.") == 2


def test_a_webhook_that_ended_stands_there_until_it_is_removed(operator: FlaskClient, books: Books) -> None:
    with books() as session:
        url = "https://receiver.test/token-of-theirs"
        off, gone = (make_endpoint(session, make_license(session).id, url=url) for _ in range(2))
        endpoints.end(session, off, endpoints.OFF, "It took nothing for three days.", now=NOW)
        endpoints.end(session, gone, endpoints.GONE, "It answered 410.", now=NOW)
    page = pages.get(operator, "/operator/problems")
    assert "Problems 2 open" in page.text
    for endpoint in (off, gone):
        assert page.find("a", href=f"/operator/webhooks/{endpoint.id}")
    assert "receiver.test, for Springfield High: It took nothing for three days." in page.text
    assert "token-of-theirs" not in page.text
    with books() as session:
        endpoints.remove(session, gone.id)
        endpoints.start_again(session, endpoints.find(session, off.id))
    assert "no longer told" not in pages.get(operator, "/operator/problems").text
