"""What programs do by the machine API is told like what people do, and leads back to it."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient

from lti_tool.ids import new_id
from lti_tool.licenses import api_keys
from tests.factories import NOW
from tests.webhooks.receiving import Post

Call = Callable[..., Any]


@pytest.fixture
def call(post: Post, client: FlaskClient) -> Call:
    """Calls the API with a key of the licence; POST where there is a body."""
    with post.books() as session:
        made = {"name": "Exporter", "scopes": ["spend"], "license_id": post.class_.license_id}
        secret = api_keys.create(session, **made, now=NOW)[1]  # type: ignore[arg-type] # each has its type

    def make(path: str, body: dict[str, object] | None = None, *, key: str | None = None) -> Any:
        headers = {"Authorization": f"Bearer {secret}", "Idempotency-Key": key or new_id()}
        if body is None:
            return client.get(path, headers=headers)
        return client.post(f"/api/v1{path}", json=body, headers=headers)

    return make


def test_a_refused_spend_keeps_the_event_of_the_wait_with_the_refusal(post: Post, call: Call) -> None:
    student = post.class_.student()
    post.class_.allot([post.class_.student()], 997)
    wish = {"resource": "export-credits", "amount": 1}
    answers = [call(f"/members/{student}/spends", wish, key="the same") for _ in range(2)]
    answers.append(call(f"/members/{student}/holds", wish))
    assert {one.status_code for one in answers} == {409}
    post.later(days=365)
    post.deliver()
    waits = [one.json["data"] for one in post.receiver.got if one.json["type"] == "member_waiting"]
    assert [(one["member"], one["pool"]) for one in waits] == [(student, 3)]


def test_a_hold_that_takes_a_bundle_is_told_with_it(post: Post, call: Call) -> None:
    student = post.class_.student()
    assert call(f"/members/{student}/holds", {"resource": "export-credits", "amount": 6}).status_code == 201
    post.later(days=365)
    post.deliver()
    assert [one.json["data"]["total"] for one in post.receiver.got] == [10]


def test_the_link_to_the_other_members_leads_to_them(post: Post, call: Call) -> None:
    students = post.class_.students(103)
    posted = post.class_.allot(students, 1)
    post.deliver()
    data = post.receiver.got[0].json["data"]
    link = urlsplit(data["others"])
    assert (link.scheme, link.netloc) == ("https", "tool.test")
    items = call(f"{link.path}?{link.query}").get_json()["items"]
    others = [one["member"] for one in items if one["batch"] == posted.batch_id]
    assert len(others) == 3
    assert sorted(data["members"] + others) == students
