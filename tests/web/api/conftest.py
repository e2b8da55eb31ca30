"""A school and its neighbour, with keys that reach one of them or both."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from lti_tool.ids import new_id
from lti_tool.ledger.allotment import allot
from lti_tool.ledger.movements import OPERATOR
from lti_tool.licenses import api_keys
from lti_tool.licenses.licenses import License
from lti_tool.lti.contexts import Context
from tests.conftest import Books
from tests.factories import EXPORT_CREDITS, NOW, make_context, make_license, make_member

Get = Callable[..., Any]
Post = Callable[..., Any]


def told(response: Any) -> tuple[int, str]:
    """What a refusal says: its status and code, which its problem detail says too (RFC 9457)."""
    assert response.content_type == "application/problem+json"
    shape = response.get_json()
    assert shape["status"] == response.status_code
    return response.status_code, shape["code"]


@pytest.fixture
def course(books: Books) -> Context:
    """A course of the school."""
    with books() as session:
        return make_context(session)


@pytest.fixture
def school(books: Books, course: Context) -> License:
    """A licence with 100 credits, and the course in it."""
    with books() as session:
        return make_license(session, context=course)


@pytest.fixture
def neighbour(books: Books) -> License:
    """Another licence, that the school's key must not see."""
    with books() as session:
        return make_license(session, credits=7)


@pytest.fixture
def new_key(books: Books) -> Callable[..., str]:
    """Makes keys, and gives their secrets."""

    def make(license_: License | None = None, *, scopes: tuple[str, ...] = ("read",)) -> str:
        with books() as session:
            license_id = license_.id if license_ else None
            return api_keys.create(session, name="Exporter", scopes=scopes, license_id=license_id, now=NOW)[1]

    return make


@pytest.fixture
def get(client: FlaskClient, new_key: Callable[..., str]) -> Get:
    """Reads an address of the API with a key (one for everything if none is given)."""
    everything = new_key()

    def read(address: str, *, key: str = everything, **parameters: object) -> Any:
        return client.get(
            f"/api/v1{address}",
            headers={"Authorization": f"Bearer {key}"},
            query_string={name: str(value) for name, value in parameters.items()} or None,
        )

    return read


@pytest.fixture
def post(client: FlaskClient, new_key: Callable[..., str]) -> Post:
    """Sends JSON to an address of the API, with a key that may spend everywhere and a fresh Idempotency-Key."""
    everything = new_key(scopes=("spend",))

    def send(address: str, *, key: str = everything, once: str | None = None, **body: object) -> Any:
        headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": once or new_id()}
        return client.post(f"/api/v1{address}", headers=headers, json=body)

    return send


@pytest.fixture
def student(books: Books, school: License, course: Context) -> str:
    """A student with 3 credits by hand, where automatic allotment is off."""
    with books() as session:
        member = make_member(session, school, course)
        allot(session, school.id, EXPORT_CREDITS, member_ids=[member.id], each=3, actor=OPERATOR, now=NOW)
        return member.id


@pytest.fixture
def problem(app: Flask) -> Callable[[Any], tuple[int, str]]:
    """What a refusal says, once it is known to be a whole problem detail (RFC 9457)."""

    def check(response: Any) -> tuple[int, str]:
        shape = response.get_json()
        assert shape["type"] == f"{app.extensions['creditroll'].public_url}/api/docs#{shape['code']}"
        assert shape["title"]
        assert shape["detail"]
        return told(response)

    return check
