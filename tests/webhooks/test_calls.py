"""One call to a receiver, whatever it answers: no receiver can do us harm, and what is sent is signed."""

import socket
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event

import pytest
from sqlalchemy import Engine
from werkzeug.wrappers import Request, Response

from lti_tool.settings import Settings
from lti_tool.webhooks import deliveries, endpoints
from lti_tool.webhooks.deliveries import Wish
from lti_tool.webhooks.sealing import Seal
from tests.conftest import Books
from tests.factories import WEBHOOK_SECRET
from tests.webhooks.receiving import Post, receiving


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
        post.postman().ping(post.endpoint_id)
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


def test_a_new_secret_mends_what_another_secret_key_broke(post: Post) -> None:
    post.settings = replace(post.settings, secret_key="another key of the tool, long enough too")
    with post.books() as session:
        sealed = Seal(post.settings.secret_key).close(WEBHOOK_SECRET)
        endpoints.rotate(session, post.endpoint_id, secret=sealed, now=post.now)
    post.happen()
    assert post.deliver() == 1
    assert post.statuses() == ["delivered"]
    assert len(post.receiver.got[-1].headers["Webhook-Signature"].split()) == 1
