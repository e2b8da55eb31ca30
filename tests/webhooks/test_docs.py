"""docs/webhooks.md says what receivers get, and its example verifies it."""

import json
import re
from datetime import timedelta
from http.server import HTTPServer
from threading import Thread
from typing import Any

import pytest
import requests

from lti_tool import clock
from lti_tool.ledger.events import KINDS
from lti_tool.webhooks import deliveries, endpoints
from lti_tool.webhooks.deliveries import PING, Wish
from tests.factories import EXPORT_CREDITS, NOW, WEBHOOK_SECRET
from tests.house.sources import ROOT
from tests.webhooks.receiving import Post

PAGE = (ROOT / "docs" / "webhooks.md").read_text("utf-8")


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """What is sent is the same from both."""
    return sqlite_url


def examples() -> dict[str, Any]:
    """What the page's examples define."""
    names: dict[str, Any] = {}
    for example in re.findall(r"```python\n(.+?)```", PAGE, re.DOTALL):
        exec(example, names)
    return names


def verify(*given: object) -> bool:
    """The page's example."""
    return bool(examples()["verify"](*given))


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """The receiver has it from its environment."""
    monkeypatch.setenv("CREDITROLL_WEBHOOK_SECRET", WEBHOOK_SECRET)


def shape(value: object) -> object:
    """Names and types, without what they hold; null is any."""
    if isinstance(value, dict):
        return {name: shape(one) for name, one in value.items()}
    return [shape(one) for one in value[:1]] if isinstance(value, list) else type(value).__name__


def test_the_example_verifies_what_is_sent_and_nothing_else(post: Post) -> None:
    post.now = clock.now()
    post.happen()
    post.deliver()
    [got] = post.receiver.got
    headers = {name.lower(): value for name, value in got.headers.items()}
    assert verify(WEBHOOK_SECRET, headers, got.body)
    assert verify(WEBHOOK_SECRET, headers | {"webhook-signature": f"v1,AAAA {headers['webhook-signature']}"}, got.body)
    for forged in (
        {"webhook-id": headers["webhook-id"] + "0"},
        {"webhook-timestamp": str(int(headers["webhook-timestamp"]) + 1)},
        {"webhook-timestamp": "soon"},
        {"webhook-timestamp": ""},
        {"webhook-signature": ""},
        {"webhook-signature": "v1,"},
        {"webhook-signature": "v1,ü"},
        {"webhook-signature": headers["webhook-signature"].replace("v1,", "v2,")},
    ):
        assert not verify(WEBHOOK_SECRET, headers | forged, got.body)
    assert not verify(WEBHOOK_SECRET, headers, got.body + b" ")
    assert not verify("whsec_" + "A" * 44, headers, got.body)


def test_the_receiver_takes_each_message_once_and_nothing_else(post: Post) -> None:
    names = examples()
    post.now = clock.now()
    post.happen(2)
    with HTTPServer(("localhost", 0), names["Receiver"]) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        with post.books() as session:
            endpoints.find(session, post.endpoint_id).url = url = f"http://localhost:{server.server_port}/"
        assert post.deliver() == 2
        with post.books() as session:
            assert deliveries.replay(session, Wish(), now=post.now) == 2
        assert post.deliver() == 2
        assert requests.post(url, b"{}", timeout=10).status_code == 400
        server.shutdown()
        thread.join()
    assert post.statuses() == ["delivered"] * 2
    assert [names["todo"].get_nowait()["type"] for _ in range(2)] == ["allotted"] * 2
    assert names["todo"].empty()


def test_an_old_message_is_not_verified(post: Post) -> None:
    post.now = clock.now() - timedelta(minutes=6)
    post.happen()
    post.deliver()
    [got] = post.receiver.got
    assert not verify(WEBHOOK_SECRET, {name.lower(): value for name, value in got.headers.items()}, got.body)


def test_each_event_is_described_as_it_is_sent(post: Post) -> None:
    described = {one["type"]: one for one in map(json.loads, re.findall(r"```json\n(.+?)```", PAGE, re.DOTALL))}
    assert list(described) == [*KINDS, PING] == re.findall(r"^### `(\w+)`$", PAGE, re.MULTILINE)
    class_ = post.class_
    student, other = class_.students(2)
    class_.launch(student)
    class_.hold(student, 1, lasts=timedelta(seconds=1))
    class_.sweep(NOW + timedelta(seconds=1))
    class_.allot([student], 994)
    class_.launch(other)
    post.later(minutes=1)
    post.deliver()
    post.postman().ping(post.endpoint_id)
    sent = {one.json["type"]: one.json for one in reversed(post.receiver.got)}
    assert sent.keys() == described.keys()
    assert {kind: shape(one) for kind, one in sent.items()} == {kind: shape(one) for kind, one in described.items()}
    assert EXPORT_CREDITS.name == sent["pool_low"]["data"]["resource"]
