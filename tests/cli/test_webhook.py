"""`creditroll webhook`: endpoints whose secret is shown once, what was sent, and sending it again."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text

from lti_tool.settings import Settings
from tests.cli.conftest import Run
from tests.conftest import Books
from tests.factories import SECRET_KEY, make_license
from tests.webhooks.receiving import Post, receiving

URL = "https://receiver.test/hook"


@pytest.fixture
def license_id(books: Books, monkeypatch: pytest.MonkeyPatch) -> str:
    """A licence, and the settings of an operator's command line."""
    monkeypatch.setenv("CREDITROLL_SECRET_KEY", SECRET_KEY)
    monkeypatch.setenv("CREDITROLL_ALLOW_PRIVATE_HOSTS", "localhost")
    with books() as session:
        return make_license(session).id


@pytest.fixture
def post(books: Books, settings: Settings, engine: Engine, license_id: str) -> Iterator[Post]:
    """A receiver, and another licence."""
    with receiving(books, settings, engine) as post:
        yield post


def test_a_new_endpoint_has_a_secret_that_is_shown_once_and_kept_closed(
    run: Run, license_id: str, engine: Engine
) -> None:
    made = run("webhook", "add", "--url", URL, "--license", license_id, "--events", "pool_low,allotted", "--json")
    assert made.code == 0, made.err
    shown = made.json
    assert shown["secret"].startswith("whsec_")
    assert (shown["url"], shown["license"], shown["events"]) == (URL, license_id, ["allotted", "pool_low"])
    [listed] = run("webhook", "list", "--json").json
    assert listed | {"secret": shown["secret"]} == shown
    assert run("webhook", "show", shown["id"], "--json").json == listed
    with engine.connect() as connection:
        row = connection.execute(text("select * from webhook_endpoints")).one()
    assert shown["secret"][6:] not in str(row)


def test_rotating_shows_another_secret_and_until_when_both_sign(run: Run, license_id: str) -> None:
    made = run("webhook", "add", "--url", URL, "--license", license_id, "--json").json
    rotated = run("webhook", "rotate", made["id"], "--json").json
    assert rotated["secret"] not in (None, made["secret"])
    assert rotated["rotating_until"]
    assert made["events"] == ["allotted", "pool_low", "member_waiting", "hold_expired"]


def test_a_removed_endpoint_is_gone(run: Run, license_id: str) -> None:
    made = run("webhook", "add", "--url", URL, "--license", license_id, "--json").json
    assert run("webhook", "remove", made["id"], "--json").json["id"] == made["id"]
    assert run("webhook", "list").out == "None yet.\n"
    assert run("webhook", "show", made["id"]).code == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://receiver.test/hook",
        "https://",
        "https://name:password@receiver.test/",
        "https://receiver.test/#part",
        "https://receiver.test/a b",
        "https://receiver.test/\x00",
        "https://receiver.test:0/",
        "https://receiver.test:99999/",
        "https://[::1/",
        "https://réceiver.test/",
        "https://receiver.test/" + "x" * 2_000,
        "file:///etc/passwd",
    ],
)
def test_an_address_that_cannot_be_called_is_refused(run: Run, license_id: str, url: str) -> None:
    refused = run("webhook", "add", "--url", url, "--license", license_id)
    assert (refused.code, refused.out) == (1, "")
    assert "https://" in refused.err
    assert len(refused.err.splitlines()) == 1


def test_what_cannot_be_done_is_one_line_and_exit_1(run: Run, license_id: str) -> None:
    add = ("add", "--url", URL, "--license")
    for arguments in (
        (*add, "none"),
        (*add, license_id, "--events", "paid"),
        ("show", "none"),
        ("rotate", "none"),
        ("remove", "none"),
        ("test", "none"),
        ("replay", "none"),
        ("deliveries", "--license", "none"),
        ("list", "--license", "none"),
    ):
        refused = run("webhook", *arguments)
        assert (refused.code, refused.out) == (1, ""), arguments
        assert len(refused.err.splitlines()) == 1
    for nothing in ((), ("",), ("", "--failed")):
        assert run("webhook", "replay", *nothing).code == 2


def test_a_license_has_ten_endpoints_at_most(run: Run, license_id: str) -> None:
    codes = [run("webhook", "add", "--url", URL, "--license", license_id).code for _ in range(11)]
    assert codes == [0] * 10 + [1]


def test_without_a_secret_key_nothing_is_sealed(run: Run, license_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CREDITROLL_SECRET_KEY")
    refused = run("webhook", "add", "--url", URL, "--license", license_id)
    assert refused.code == 1
    assert "CREDITROLL_SECRET_KEY" in refused.err


def test_a_ping_says_what_came_back(run: Run, post: Post) -> None:
    taken = run("webhook", "test", post.endpoint_id, "--json")
    assert (taken.code, taken.json["delivered"], taken.json["status"]) == (0, True, 204)
    post.receiver.says(500, "no")
    refused = run("webhook", "test", post.endpoint_id, "--json")
    assert (refused.code, refused.json["status"], refused.json["error"]) == (1, 500, "HTTP 500: no")
    assert "HTTP 500: no" in refused.err
    assert [one["type"] for one in run("webhook", "deliveries", "--json").json] == ["ping", "ping"]


def test_the_log_shows_each_attempt(run: Run, post: Post, license_id: str) -> None:
    post.happen()
    post.receiver.says(500, "no")
    post.deliver()
    [shown] = run("webhook", "deliveries", "--json").json
    assert (shown["type"], shown["status"], shown["endpoint"]) == ("allotted", "waiting", post.endpoint_id)
    assert [(one["status"], one["error"]) for one in shown["attempts"]] == [(500, "HTTP 500: no")]
    assert "HTTP 500: no" in run("webhook", "deliveries", "--license", post.class_.license_id).out
    assert run("webhook", "deliveries", "--license", license_id, "--json").json == []
    assert run("webhook", "deliveries", "--failed", "--json").json == []


def test_events_are_sent_again_under_their_ids(run: Run, post: Post, license_id: str) -> None:
    post.happen(2)
    post.deliver()
    first = post.receiver.ids[0]
    assert run("webhook", "replay", first, "--json").json == {"replayed": 1}
    assert run("webhook", "replay", "--failed", "--json").json == {"replayed": 0}
    assert run("webhook", "replay", "--since", "2026-11-23", "--license", license_id, "--json").json == {"replayed": 0}
    assert run("webhook", "replay", "--since", "2026-11-23T09:00:01Z", "--json").json == {"replayed": 0}
    assert run("webhook", "replay", "--since", "2026-11-23", "--json").json == {"replayed": 2}
    post.later(days=365)
    post.deliver()
    assert sorted(post.receiver.ids[2:]) == sorted(post.receiver.ids[:2])
