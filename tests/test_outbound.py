"""Outbound calls: what they refuse to reach, to follow, to keep and to wait for."""

import gzip
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from threading import Event, Thread
from typing import Any

import pytest
import responses
from requests.structures import CaseInsensitiveDict
from werkzeug.wrappers import Request, Response

from lti_tool import outbound
from lti_tool.outbound import Answer, Outbound, PrivateAddress, TimedOut, TooLarge, Unreachable
from tests.demo_lms import running
from tests.factories import NOW

LOOPBACK = frozenset({"localhost"})


class Site:
    """Answers by path; remembers the headers it was sent."""

    def __init__(self, **answers: Response) -> None:
        self.answers = answers
        self.headers: list[dict[str, str]] = []
        self.methods: list[str] = []

    def __call__(self, environ: Any, start_response: Any) -> Any:
        request = Request(environ)
        self.headers.append(dict(request.headers))
        self.methods.append(request.method)
        return self.answers[request.path.strip("/")](environ, start_response)


@contextmanager
def site(**answers: Response) -> Iterator[tuple[str, Site]]:
    app = Site(**answers)
    with running(app) as url:
        yield url, app


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://localhost/",
        "http://[::1]/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://0.0.0.0/",
        "http://10.1.2.3/",
        "http://192.168.0.1:8443/",
        "http://169.254.169.254/latest/meta-data",
        "http://[::ffff:127.0.0.1]/",
    ],
)
def test_a_private_address_is_refused_in_every_spelling(url: str) -> None:
    with pytest.raises(PrivateAddress, match="CREDITROLL_ALLOW_PRIVATE_HOSTS"):
        Outbound(frozenset()).get(url)


def test_a_command_that_may_not_call_an_address_says_so_only_once() -> None:
    call = "Outbound(frozenset()).get('http://10.1.2.3')"
    code = f"from lti_tool.outbound import *\ntry: {call}\nexcept PrivateAddress: pass"
    called = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert called.stderr == b""


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://lms.test/", "http:///x", "//lms.test", "http://[x/", ""])
def test_what_is_no_web_address_is_not_called(url: str) -> None:
    with pytest.raises(Unreachable):
        Outbound(frozenset()).get(url)


def test_a_host_that_the_operator_named_is_called_on_any_port() -> None:
    with site(x=Response("yes")) as (url, app):
        answer = Outbound(LOOPBACK).get(f"{url.replace('localhost', 'LOCALHOST')}/x")

    assert (answer.status, answer.body) == (200, b"yes")
    assert app.headers[0]["User-Agent"] == outbound.user_agent()


def test_a_redirect_to_a_private_address_is_refused() -> None:
    with (
        site(x=Response(status=302, headers={"Location": "http://127.0.0.1/secret"})) as (url, _),
        pytest.raises(PrivateAddress),
    ):
        Outbound(LOOPBACK).get(f"{url}/x", redirects=3)


def test_redirects_are_followed_only_as_often_as_the_caller_says() -> None:
    with site(a=Response(status=301, headers={"Location": "/b"}), b=Response("there")) as (url, _):
        stayed = Outbound(LOOPBACK).get(f"{url}/a")
        followed = Outbound(LOOPBACK).get(f"{url}/a", redirects=1)

    assert stayed.status == 301
    assert (followed.body, followed.url) == (b"there", f"{url}/b")


def test_a_bearer_never_goes_through_a_redirect() -> None:
    with site(a=Response(status=302, headers={"Location": "/b"}), b=Response("there")) as (url, app):
        answer = Outbound(LOOPBACK).get(f"{url}/a", headers={"Authorization": "Bearer secret"}, redirects=3)

    assert answer.status == 302
    assert len(app.headers) == 1


@responses.activate
def test_encryption_is_not_given_up_by_a_redirect() -> None:
    responses.get("https://lms.test/keys", status=302, headers={"Location": "http://lms.test/keys"})

    with pytest.raises(Unreachable, match="without encryption"):
        Outbound(frozenset()).get("https://lms.test/keys", redirects=3)


@pytest.mark.parametrize("packed", [False, True])
def test_an_answer_that_is_too_large_is_not_kept(packed: bool) -> None:
    body = gzip.compress(bytes(5_000_000)) if packed else bytes(2_000_000)
    headers = {"Content-Encoding": "gzip"} if packed else {}
    with (
        site(x=Response(body, headers=headers)) as (url, _),
        pytest.raises(TooLarge, match="localhost sent more than 1,000,000 bytes"),
    ):
        Outbound(LOOPBACK).get(f"{url}/x")


def test_an_answer_that_breaks_off_is_no_answer() -> None:
    with site(x=Response(iter([b"half"]), headers={"Content-Length": "100"})) as (url, _), pytest.raises(Unreachable):
        Outbound(LOOPBACK).get(f"{url}/x")


def test_nobody_there_is_said_plainly() -> None:
    with pytest.raises(Unreachable, match="localhost could not be reached"):
        Outbound(LOOPBACK).get("http://localhost:1/x")


@contextmanager
def dripping(first: bytes) -> Iterator[str]:
    """A server that sends that much, and then a byte every tenth of a second."""
    ended = Event()

    def speak() -> None:
        with suppress(OSError), listening.accept()[0] as caller:
            caller.sendall(first)
            while not ended.wait(0.1):
                caller.sendall(b"x")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        speaker = Thread(target=speak)
        speaker.start()
        try:
            yield f"127.0.0.1:{listening.getsockname()[1]}"
        finally:
            ended.set()
            speaker.join()


@pytest.mark.parametrize(
    ("scheme", "first"),
    [
        ("http", b""),
        ("http", b"HTTP/1.1 200 OK\r\nX-Slow: "),
        ("http", b"HTTP/1.1 200 OK\r\n\r\n"),
        ("http", b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"),
        ("http", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
        ("https", b"\x16\x03\x03\x3f\xff"),  # the head of a handshake's record, which then comes bit by bit
    ],
)
def test_whoever_drips_is_cut_off_at_the_deadline(scheme: str, first: bytes) -> None:
    began = time.monotonic()
    with dripping(first) as host, pytest.raises(TimedOut, match="took too long"):
        Outbound(frozenset({"127.0.0.1"}), within_s=0.4).get(f"{scheme}://{host}/")
    assert time.monotonic() - began < 3


def test_a_connection_that_is_used_again_has_a_deadline_of_its_own() -> None:
    with site(x=Response("yes")) as (url, _):
        calls = Outbound(LOOPBACK, within_s=0.4)
        assert [calls.get(f"{url}/x").body for _ in range(3)] == [b"yes"] * 3
        time.sleep(0.5)
        assert calls.get(f"{url}/x").body == b"yes"


def test_a_short_deadline_does_not_wait_for_the_end_of_a_longer_one() -> None:
    with dripping(b"") as patient, dripping(b"") as short, ThreadPoolExecutor(1) as thread:
        longer = thread.submit(Outbound(frozenset({"127.0.0.1"}), within_s=3).get, f"http://{patient}/")
        with pytest.raises(TimedOut):
            Outbound(frozenset({"127.0.0.1"}), within_s=0.4).get(f"http://{short}/")
        assert not longer.done()
        with pytest.raises(TimedOut):
            longer.result()


_WITHOUT_A_THREAD_AT_FIRST = """
import sys
from threading import Thread
from lti_tool.outbound import Outbound, TimedOut

start = Thread.start

def no_thread_left(thread):
    Thread.start = start
    raise RuntimeError("can't start new thread")

Thread.start = no_thread_left
for _ in range(2):
    try:
        Outbound(frozenset({"127.0.0.1"}), within_s=0.4).get(sys.argv[1])
    except (RuntimeError, TimedOut) as error:
        print(type(error).__name__)
"""


def test_a_machine_that_once_had_no_thread_left_still_ends_later_calls() -> None:
    with dripping(b"") as host:
        command = [sys.executable, "-c", _WITHOUT_A_THREAD_AT_FIRST, f"http://{host}/"]
        called = subprocess.run(command, capture_output=True, check=True, timeout=20, text=True)
    assert called.stdout.split() == ["RuntimeError", "TimedOut"]


def test_a_proxy_that_the_environment_names_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with site(x=Response("by proxy")) as (url, _):
        monkeypatch.setenv("http_proxy", url)
        assert Outbound(frozenset({"lms.invalid"})).get("http://lms.invalid/x").body == b"by proxy"


def test_certificates_that_the_environment_names_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere/authorities.pem")
    with pytest.raises(OSError, match="authorities"):
        Outbound(LOOPBACK).get("https://localhost:1/")


def test_cookies_of_one_answer_are_not_sent_with_the_next_call() -> None:
    with site(x=Response("yes", headers={"Set-Cookie": "tenant=one"})) as (url, app):
        calls = Outbound(LOOPBACK)
        calls.get(f"{url}/x")
        calls.get(f"{url}/x")

    assert "Cookie" not in app.headers[1]


def test_forms_and_documents_are_posted_as_what_they_are() -> None:
    with site(x=Response("yes")) as (url, app):
        calls = Outbound(LOOPBACK)
        calls.post_form(f"{url}/x", {"a": "b"})
        calls.post_json(f"{url}/x", {"a": "b"}, headers={"Authorization": "Bearer t"})

    assert [headers["Content-Type"] for headers in app.headers] == [
        "application/x-www-form-urlencoded",
        "application/json",
    ]


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("7", 7.0),
        (" 0 ", 0.0),
        ("Mon, 23 Nov 2026 09:00:30 GMT", 30.0),
        ("Mon, 23 Nov 2026 08:00:00 GMT", 0.0),
        ("Mon, 23 Nov 2026 09:00:30 -0000", 30.0),
        ("Mon, 23 Nov 99999999999999999999 09:00:30 GMT", None),
        ("soon", None),
        ("-3", None),
        ("", None),
    ],
)
def test_retry_after_is_read_in_both_of_its_forms(told: str, seconds: float | None) -> None:
    answer = Answer(429, CaseInsensitiveDict({"retry-after": told}), b"", "https://lms.test/")

    assert answer.retry_after_s(NOW) == seconds


def test_a_document_is_put_as_it_is_posted() -> None:
    with site(x=Response(status=204)) as (url, seen):
        answer = Outbound(LOOPBACK).put_json(f"{url}/x", {"a": "b"}, headers={"Authorization": "Bearer t"})
    assert answer.status == 204
    assert seen.methods == ["PUT"]
    assert (seen.headers[0]["Content-Type"], seen.headers[0]["Authorization"]) == ("application/json", "Bearer t")
