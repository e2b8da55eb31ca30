"""Events reach their receiver at least once, each under one id, whatever it answers; and no receiver can do us harm."""

import socket
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import Engine, func, select
from werkzeug.wrappers import Request, Response

from lti_tool import clock, schema
from lti_tool.db import open_engine, writing
from lti_tool.jobs import Jobs
from lti_tool.postman import Postman
from lti_tool.settings import Settings
from lti_tool.webhooks import deliveries, endpoints, outbox
from lti_tool.webhooks.deliveries import Attempt, Delivery, Wish
from lti_tool.webhooks.endpoints import GONE, OFF, ON
from lti_tool.webhooks.outbox import pause_s, rest_s
from tests.conftest import Books
from tests.factories import NOW, WEBHOOK_SECRET, make_endpoint
from tests.webhooks.receiving import Post, receiving


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


def test_a_redirect_is_not_followed(post: Post) -> None:
    post.happen()
    post.receiver.says(307, Location=post.receiver.url + "/elsewhere")
    assert post.deliver() == 1
    assert len(post.receiver.got) == 1
    assert [one.status for _, tried in post.log() for one in tried] == [307]


def test_a_receiver_that_hangs_is_left_and_keeps_no_other_waiting(post: Post) -> None:
    asked, ended = Event(), Event()

    def hang(_: Request) -> Response:
        asked.set()
        ended.wait(30)
        return Response(status=204)

    post.happen()
    post.receiver.answer = hang
    with receiving(post.books, post.settings, post.engine) as other, ThreadPoolExecutor() as threads:
        hanging = threads.submit(post.postman(call_s=2.0).deliver)
        assert asked.wait(20)
        other.happen()
        assert other.deliver() == 1
        hanging.result()
        ended.set()
    [error] = [one.error for _, tried in post.log() for one in tried if one.endpoint_id == post.endpoint_id]
    assert error == "localhost took too long to answer."


def test_nobody_there_is_a_failed_attempt(post: Post) -> None:
    with post.books() as session:
        endpoints.find(session, post.endpoint_id).url = "http://localhost:1/hook"
    post.happen()
    assert post.deliver() == 1
    [(delivery, [attempt])] = post.log()
    assert (delivery.status, attempt.status) == ("waiting", None)
    assert attempt.error == "localhost could not be reached, or broke off."


def test_the_longest_name_of_a_host_fits_into_the_log(post: Post) -> None:
    with post.books() as session:
        endpoints.find(session, post.endpoint_id).url = f"https://{'.'.join(['x' * 63] * 4)[:253]}/hook"
    post.happen()
    assert post.deliver() == 1
    [(_, [attempt])] = post.log()
    assert len(attempt.error or "") == 200


@pytest.mark.parametrize("url", ["https://127.0.0.1/x", "https://[::ffff:10.0.0.1]/x", "https://169.254.169.254/x"])
def test_a_private_address_is_never_called(post: Post, url: str) -> None:
    with post.books() as session:
        endpoints.find(session, post.endpoint_id).url = url
    post.settings = replace(post.settings, allow_private_hosts=frozenset())
    post.happen()
    post.deliver()
    [(_, [attempt])] = post.log()
    assert "private network" in (attempt.error or "")


def test_a_name_that_turns_private_after_it_was_added_is_not_called(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = int(post.receiver.url.split(":")[2].split("/")[0])
    with post.books() as session:
        endpoints.find(session, post.endpoint_id).url = f"http://rebound.test:{port}/hook"
    real = socket.getaddrinfo

    def resolve(host: str, *more: object, **named: object) -> object:
        given = "127.0.0.1" if host == "rebound.test" else host
        return real(given, *more, **named)  # type: ignore[arg-type] # what it was called with

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    post.happen()
    post.deliver()
    assert post.receiver.got == []
    [(_, [attempt])] = post.log()
    assert "private network" in (attempt.error or "")


def test_an_answer_without_end_is_a_failed_attempt(post: Post) -> None:
    post.happen()
    post.receiver.answer = lambda _: Response(iter([b"x" * 10_000] * 1_000))
    assert post.deliver() == 1
    [(_, [attempt])] = post.log()
    assert attempt.error == "localhost sent more than 65,536 bytes."


def test_the_log_keeps_one_plain_line_of_what_a_receiver_says_and_none_of_our_secrets(
    books: Books, settings: Settings, engine: Engine
) -> None:
    with receiving(books, settings, engine, path="/hook?token=s3cret") as post:
        post.happen()

        def echo(got: Request) -> Response:
            said = (
                f"\x1b[2J\x00\r\n{got.headers['webhook-signature']} {got.url} {got.query_string.decode()}" + "ü" * 999
            )
            return Response(said, 400)

        post.receiver.answer = echo
        post.deliver()
        [(_, [attempt])] = post.log()
    error = attempt.error or ""
    assert error.startswith("HTTP 400: [2J … ")
    assert error.isprintable()
    assert len(error) <= 200
    assert "v1," not in error
    assert "s3cret" not in error


def test_a_message_is_signed_with_both_secrets_for_a_day_after_a_rotation(post: Post) -> None:
    with post.books() as session:
        sealed = endpoints.find(session, post.endpoint_id).secret
        endpoints.rotate(session, post.endpoint_id, secret=sealed, now=post.now)
    for passed, signatures in ((0, 2), (23, 2), (1, 1)):
        post.later(hours=passed)
        post.happen()
        with post.books() as session:  # what happens, happens at NOW: only the postman's time goes by
            assert deliveries.replay(session, Wish(), now=post.now) >= 1
        post.deliver()
        assert len(post.receiver.got[-1].headers["Webhook-Signature"].split()) == signatures


def test_the_database_alone_is_not_enough_to_sign(post: Post) -> None:
    assert WEBHOOK_SECRET[6:] not in str(vars(post.endpoint()))
    post.settings = replace(post.settings, secret_key="another key of the tool, long enough too")
    post.happen()
    post.deliver()
    [(delivery, [attempt])] = post.log()
    assert delivery.status == "waiting"
    assert "CREDITROLL_SECRET_KEY has changed" in (attempt.error or "")
    assert post.receiver.got == []


def test_many_postmen_at_once_send_each_message_once(post: Post) -> None:
    post.happen(20)
    with ThreadPoolExecutor(6) as threads:
        calls = sum(threads.map(lambda _: post.deliver(), range(6)))
    while post.deliver():  # whoever came while another had the turn left it to them
        pass
    assert calls <= 20
    assert sorted(post.receiver.ids) == sorted(one.event_id for one, _ in post.log())


def test_who_lost_the_turn_writes_nothing_down(post: Post) -> None:
    post.happen()
    with post.books() as session:
        first = outbox.claim(session, post.endpoint_id, now=post.now)
        assert first
        assert outbox.claim(session, post.endpoint_id, now=post.now) is None
        message = outbox.next_message(session, first, now=post.now)
        assert message
    post.later(minutes=2)
    assert post.deliver() == 1
    with post.books() as session:
        outcome = outbox.Outcome(post.now, 1, 500, "late")
        assert outbox.settle(session, first, message, outcome, chance=0.5, now=post.now) is None
    [(delivery, tried)] = post.log()
    assert (delivery.status, [one.status for one in tried]) == ("delivered", [204])
    assert post.endpoint().failing_since is None


def test_an_endpoint_that_is_removed_while_it_is_told_stays_removed(post: Post) -> None:
    post.happen(2)

    def remove(_: Request) -> Response:
        with post.books() as session:
            endpoints.remove(session, post.endpoint_id)
        return Response(status=204)

    post.receiver.answer = remove
    assert post.deliver() == 1
    assert post.log() == []
    with post.books() as session:
        assert session.scalar(select(func.count()).select_from(Attempt)) == 0


def test_a_consumer_delivers_by_itself(post: Post) -> None:
    came = Event()

    def take(_: Request) -> Response:
        came.set()
        return Response(status=204)

    post.receiver.answer = take
    with Jobs(post.settings, post.engine).working():
        post.happen()
        assert came.wait(30)
    assert post.statuses() == ["delivered"]


def test_the_sweep_forgets_what_ended_a_month_ago(post: Post) -> None:
    post.now = clock.now()
    post.happen(3)
    post.deliver()
    post.happen()
    with post.books() as session:
        old, *_ = session.scalars(select(Delivery).order_by(Delivery.event_id)).all()
        old.at = clock.now() - deliveries.KEPT - timedelta(minutes=1)
        assert session.scalar(select(func.count()).select_from(Attempt)) == 3
    Jobs(post.settings, post.engine).sweep()
    assert post.statuses() == ["delivered", "delivered", "waiting"]
    with post.books() as session:
        assert session.scalar(select(func.count()).select_from(Attempt)) == 2


@pytest.mark.slow
def test_a_postman_outlives_a_database_that_refuses(
    tmp_path: Path, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/empty.db")
    patience = range(600)
    with Postman(settings, engine).at_work():
        assert any("wait for the database" in caplog.text or Event().wait(0.1) for _ in patience)
        schema.upgrade(engine)
        with receiving(partial(writing, engine), settings, engine) as post:
            post.happen()
            assert any(post.receiver.got or Event().wait(0.1) for _ in patience)
    engine.dispose()


def test_endpoints_come_and_go_while_credits_are_allotted(post: Post) -> None:
    students = [post.class_.student() for _ in range(4)]

    def come_and_go(_: int) -> None:
        with post.books() as session:
            mine = make_endpoint(session, post.class_.license_id, url="http://localhost:1/hook").id
        with post.books() as session:
            endpoints.remove(session, mine)

    def give(student: str) -> None:
        for _ in range(8):
            post.class_.allot([student], 1)

    with ThreadPoolExecutor(8) as threads:
        doing = [threads.submit(give, student) for student in students]
        doing += [threads.submit(come_and_go, number) for number in range(24)]
        delivering = [threads.submit(post.deliver) for _ in range(8)]
    assert [one.exception() for one in doing if one.exception()] == []
    assert [one.exception() for one in delivering if one.exception()] == []
    while post.deliver():
        pass
    assert post.statuses() == ["delivered"] * 32
    assert len(post.receiver.got) == len(set(post.receiver.ids)) == 32
