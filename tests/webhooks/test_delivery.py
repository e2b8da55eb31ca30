"""Events reach their receiver at least once, each under one id, later and later, until it is given up."""

from datetime import timedelta

import pytest
from sqlalchemy import update
from werkzeug.wrappers import Response

from lti_tool.webhooks import deliveries, endpoints
from lti_tool.webhooks.deliveries import Delivery, Wish
from lti_tool.webhooks.endpoints import GONE, OFF, ON
from lti_tool.webhooks.outbox import pause_s, rest_s
from tests.factories import NOW
from tests.webhooks.receiving import Post


def test_what_happened_is_posted_once(post: Post) -> None:
    post.happen(3)
    assert post.deliver() == 3
    assert post.deliver() == 0
    assert [one.json["type"] for one in post.receiver.got] == ["allotted"] * 3
    assert len(set(post.receiver.ids)) == 3
    assert post.statuses() == ["delivered"] * 3
    assert {one.headers["Content-Type"] for one in post.receiver.got} == {"application/json"}


def test_what_failed_is_tried_again_under_its_id_and_later_each_time(post: Post) -> None:
    post.happen()
    post.receiver.says(500, "out of order")
    for pause in (10, 40, 160):
        assert post.deliver() == 1
        post.later(seconds=pause - 1)
        assert post.deliver() == 0
        post.later(seconds=1)
    post.receiver.says(204)
    assert post.deliver() == 1
    assert len(set(post.receiver.ids)) == 1
    [(delivery, tried)] = post.log()
    assert (delivery.status, [one.status for one in tried]) == ("delivered", [500, 500, 500, 204])
    assert [one.error for one in tried] == ["HTTP 500: out of order"] * 3 + [None]
    assert all(one.took_ms >= 0 for one in tried)
    assert [one.at - NOW for one in tried] == [timedelta(seconds=passed) for passed in (0, 10, 50, 210)]


def test_pauses_grow_are_spread_and_end() -> None:
    assert [pause_s(tries, 0.5) for tries in (1, 2, 3, 7, 8, 10_000)] == [10, 40, 160, 40_960, 43_200, 43_200]
    assert (pause_s(1, 0), pause_s(1, 1)) == (8, 12)
    assert [rest_s(failures) for failures in (1, 2, 9, 10_000)] == [2, 4, 300, 300]


def test_a_message_that_the_receiver_chokes_on_keeps_no_other_back(post: Post) -> None:
    post.happen()
    post.receiver.says(500)
    post.deliver()
    post.happen(2)
    post.receiver.says(204)
    post.later(seconds=3)
    assert post.deliver() == 2
    assert post.statuses() == ["waiting", "delivered", "delivered"]


@pytest.mark.parametrize("data", ["{", "{}"], ids=["not JSON", "a field lacks"])
def test_a_message_that_we_cannot_make_is_tried_given_up_and_keeps_no_other_back(
    post: Post, data: str, caplog: pytest.LogCaptureFixture
) -> None:
    post.happen()
    with post.books() as session:
        session.execute(update(Delivery).values(data=data))
    post.happen(2)
    post.deliver()
    assert post.deliver() == 2
    assert post.statuses() == ["waiting", "delivered", "delivered"]
    calls = 0
    while post.statuses()[0] == "waiting":
        calls += post.deliver()
        post.later(hours=1)
        assert post.now < NOW + timedelta(days=4)
    [(bad, tried), *_] = post.log()
    assert (bad.status, len(tried)) == ("failed", calls + 1)
    assert calls >= 8
    assert {one.error for one in tried} == {f"internal_error ({'KeyError' if data == '{}' else 'JSONDecodeError'})"}
    assert (post.endpoint().status, post.endpoint().failing_since) == (ON, None), "that was no fault of the receiver"
    assert bad.event_id in caplog.text
    assert "Traceback" in caplog.text


def test_an_endpoint_that_took_nothing_for_three_days_is_switched_off(post: Post) -> None:
    post.happen()
    post.receiver.says(503)
    calls = 0
    while post.endpoint().status == ON:
        calls += post.deliver()
        post.later(hours=1)
        assert post.now < NOW + timedelta(days=4)
    assert timedelta(days=2, hours=12) < post.now - NOW <= timedelta(days=3, hours=1)
    assert calls >= 8
    assert post.statuses() == ["failed"]
    assert post.endpoint().ended_why == "It took nothing for three days."
    post.happen()
    assert post.statuses() == ["failed"], "nothing is written for it any more"


def test_an_endpoint_that_takes_other_messages_stays_on(post: Post) -> None:
    post.happen()
    [(bad, _)] = post.log()
    refused = Response(status=400)
    post.receiver.answer = lambda got: refused if got.headers["webhook-id"] == bad.event_id else Response()
    while post.statuses()[0] == "waiting":
        post.deliver()
        post.happen()
        post.later(hours=6)
        assert post.now < NOW + timedelta(days=4)
    assert (post.statuses()[0], post.endpoint().status) == ("failed", ON)


def test_a_ping_that_is_taken_switches_it_on_again_and_what_failed_can_be_replayed(post: Post) -> None:
    post.happen(2)
    with post.books() as session:
        endpoints.end(session, endpoints.find(session, post.endpoint_id), OFF, "tried", now=post.now)
    post.receiver.says(500)
    assert not post.postman().ping(post.endpoint_id).is_delivered
    assert post.endpoint().status == OFF
    post.receiver.says(200)
    assert post.postman().ping(post.endpoint_id).is_delivered
    assert post.endpoint().status == ON
    with post.books() as session:
        assert deliveries.replay(session, Wish(failed=True), now=post.now) == 2
    assert post.deliver() == 2
    wanted = [one.event_id for one, _ in post.log() if one.kind == "allotted"]
    assert post.receiver.ids[2:] == wanted


def test_410_ends_an_endpoint_for_good(post: Post) -> None:
    post.happen(3)
    post.receiver.says(410)
    assert post.deliver() == 1
    assert post.endpoint().status == GONE
    assert post.statuses() == ["failed"] * 3
    post.receiver.says(204)
    post.postman().ping(post.endpoint_id)
    with post.books() as session:
        assert deliveries.replay(session, Wish(failed=True), now=post.now) == 0
    assert post.endpoint().status == GONE


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_honoured_for_all_that_waits(post: Post, status: int) -> None:
    post.happen(2)
    post.receiver.says(status, Retry_After="3600")
    assert post.deliver() == 1
    post.receiver.says(204)
    post.later(minutes=59)
    assert post.deliver() == 0
    post.later(minutes=1)
    assert post.deliver() == 2


@pytest.mark.parametrize("told", ["999999999999", "9" * 400, "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_retry_after_is_believed_for_a_day_at_most(post: Post, told: str) -> None:
    post.happen()
    post.receiver.says(429, Retry_After=told)
    post.deliver()
    post.receiver.says(204)
    post.later(days=1)
    assert post.deliver() == 1
