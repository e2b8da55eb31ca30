"""`?at=`: the books as they stood at a past moment."""

from datetime import timedelta

import pytest

from lti_tool.ledger import policies
from lti_tool.ledger.movements import OPERATOR
from lti_tool.licenses.licenses import License
from tests.conftest import Books
from tests.factories import EXPORT_CREDITS, NOW
from tests.web.api.conftest import Get, Post, told
from tests.web.api.test_holds import CREDITS

BEFORE = (NOW - timedelta(seconds=1)).isoformat()
THEN = NOW.isoformat().replace("+00:00", "Z")


def test_yesterday_s_books_are_told_as_they_were(
    books: Books, get: Get, post: Post, school: License, student: str
) -> None:
    post(f"/members/{student}/spends", resource=CREDITS, amount=2)
    post(f"/members/{student}/holds", resource=CREDITS, amount=1)
    with books() as session:
        policies.save(session, school.id, EXPORT_CREDITS, maximum=10, based_on=0, actor=OPERATOR, now=NOW)
    [now] = get(f"/licenses/{school.id}").get_json()["resources"]
    assert (now["pool"], now["available"], now["held"], now["used"]) == (97, 0, 1, 2)
    [then] = get(f"/licenses/{school.id}", at=THEN).get_json()["resources"]
    assert then == now | {"available": 3, "held": 0, "used": 0}
    [before] = get(f"/licenses/{school.id}", at=BEFORE).get_json()["resources"]
    assert (before["issued"], before["pool"], before["allotted"], before["max_per_member"]) == (0, 0, 0, 0)
    balance = {"available": 3, "held": 0, "used": 0, "received": 3}
    assert get(f"/members/{student}", at=THEN).get_json()["balances"] == {CREDITS: balance}
    [member] = get(f"/licenses/{school.id}/members", at=THEN).get_json()["items"]
    assert member["balances"] == {CREDITS: balance}
    assert get(f"/members/{student}").get_json()["balances"][CREDITS]["used"] == 2


@pytest.mark.parametrize(
    "at",
    ["", "yesterday", "2026-11-23", "1763888400", "2026-11-23T09:00:00", "2026-13-23T09:00:00Z", "9999-01-01T00:00Z"],
)
def test_what_is_no_past_moment_is_refused(get: Get, school: License, student: str, at: str) -> None:
    for address in (f"/licenses/{school.id}", f"/members/{student}", f"/licenses/{school.id}/members"):
        refused = get(address, at=at)
        assert told(refused) == (422, "invalid")
        assert refused.get_json()["field"] == "at"


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "1969-12-31T23:59:59-12:00"])
def test_before_all_books_there_was_nothing(get: Get, school: License, student: str, at: str) -> None:
    [then] = get(f"/licenses/{school.id}", at=at).get_json()["resources"]
    assert (then["issued"], then["allotted"]) == (0, 0)
    assert get(f"/members/{student}", at=at).get_json()["balances"][CREDITS]["received"] == 0
