"""What programs send is read strictly: a clear problem for anything else, and nothing is done."""

import json
from io import BytesIO
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lti_tool.ids import new_id
from tests.web.api.conftest import Get, told
from tests.web.api.test_holds import CREDITS, balance

GOOD = f'{{"resource": "{CREDITS}", "amount": 1}}'


@pytest.fixture
def send(client: Any, new_key: Any, student: str) -> Any:
    """Sends raw bytes as a hold."""
    key = new_key(scopes=("spend",))

    def post(body: bytes | str, content_type: str | None = "application/json", once: str = "") -> Any:
        headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": once or new_id()}
        return client.post(f"/api/v1/members/{student}/holds", headers=headers, data=body, content_type=content_type)

    return post


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        "[]",
        "null",
        "1",
        b"\xff\xfe",
        GOOD.encode("utf-16"),
        '{"amount": 1, "amount": 2}',
        '{"amount": NaN}',
        '{"amount": 1' + "0" * 5_000 + "}",
        '{"x":' * 2_500,
        "[" * 16_000,
    ],
)
def test_what_is_no_json_object_is_malformed(send: Any, get: Get, student: str, body: bytes | str) -> None:
    assert told(send(body)) == (400, "malformed")
    assert balance(get, student) == (3, 0, 0, 3)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ("{}", "resource"),
        (f'{{"resource": "{CREDITS}"}}', "amount"),
        (f'{{"resource": "{CREDITS}", "amount": "1"}}', "amount"),
        (f'{{"resource": "{CREDITS}", "amount": 1.0}}', "amount"),
        (f'{{"resource": "{CREDITS}", "amount": true}}', "amount"),
        (f'{{"resource": "{CREDITS}", "amount": 0}}', "amount"),
        (f'{{"resource": "{CREDITS}", "amount": -1}}', "amount"),
        (f'{{"resource": "{CREDITS}", "amount": 1000001}}', "amount"),
        ('{"resource": "gold", "amount": 1}', "resource"),
        ('{"resource": null, "amount": 1}', "resource"),
        (GOOD[:-1] + ', "expires_in": 0}', "expires_in"),
        (GOOD[:-1] + ', "expires_in": 604801}', "expires_in"),
        (GOOD[:-1] + ', "reference": "' + "x" * 201 + '"}', "reference"),
        (GOOD[:-1] + ', "reference": "\\u0000"}', "reference"),
        (GOOD[:-1] + ', "reference": "\\ud800"}', "reference"),
        (GOOD[:-1] + ', "more": 1}', "more"),
        (GOOD[:-1] + ', "\\ud800": 1}', ""),
    ],
)
def test_a_field_that_cannot_be_is_named(send: Any, get: Get, student: str, body: str, field: str) -> None:
    refused = send(body)
    assert told(refused) == (422, "invalid")
    assert refused.get_json()["field"] == field
    assert balance(get, student) == (3, 0, 0, 3)


def test_too_large_and_not_json_are_said_so(send: Any) -> None:
    assert told(send(GOOD + " " * 20_000)) == (413, "too_large")
    for kind in ("application/ld+json", "text/plain", "application/x-www-form-urlencoded", None):
        assert told(send(GOOD, kind)) == (415, "unsupported_media_type")
    assert send(GOOD, "application/json; charset=utf-8").status_code == 201


def test_a_body_that_was_not_read_uses_no_idempotency_key_up(send: Any) -> None:
    assert told(send(GOOD + " " * 20_000, once="mine")) == (413, "too_large")
    assert told(send(GOOD, "text/plain", once="mine")) == (415, "unsupported_media_type")
    answers = [send(GOOD, once="mine") for _ in range(2)]
    assert [one.status_code for one in answers] == [201, 201]
    assert [one.headers.get("Idempotency-Replayed") for one in answers] == [None, "true"]


def test_a_body_that_does_not_say_its_length_may_be_no_larger(
    client: Any, new_key: Any, get: Get, student: str
) -> None:
    headers = {"Authorization": f"Bearer {new_key(scopes=('spend',))}", "Transfer-Encoding": "chunked"}
    answers = [
        client.post(
            f"/api/v1/members/{student}/holds",
            headers=headers | {"Idempotency-Key": new_id()},
            input_stream=BytesIO(f"{GOOD:<{length}}".encode()),
            content_type="application/json",
            environ_overrides={"wsgi.input_terminated": True},  # as servers say that they know where it ends
        )
        for length in (16_384, 16_385, 1_000_000)
    ]
    assert [answer.status_code for answer in answers] == [201, 413, 413]
    assert told(answers[1]) == (413, "too_large")
    assert balance(get, student) == (2, 1, 0, 3)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=6,
)
_BODIES = st.dictionaries(st.sampled_from(["resource", "amount", "reference", "expires_in", "x"]), _JSON, max_size=4)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
@given(body=_BODIES)
def test_no_body_breaks_a_call(send: Any, body: dict[str, Any]) -> None:
    assert told(send(json.dumps(body)))[0] in (400, 422)
