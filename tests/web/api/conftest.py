"""A school and its neighbour, with keys that reach one of them or both."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from lti_tool.licenses import api_keys
from lti_tool.licenses.licenses import License
from lti_tool.lti.contexts import Context
from tests.conftest import Books
from tests.factories import NOW, make_context, make_license

Get = Callable[..., Any]


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
def problem(app: Flask) -> Callable[[Any], tuple[int, str]]:
    """What a refusal says, once it is known to be a whole problem detail (RFC 9457)."""

    def check(response: Any) -> tuple[int, str]:
        assert response.content_type == "application/problem+json"
        told = response.get_json()
        assert told["status"] == response.status_code
        assert told["type"] == f"{app.extensions['creditroll'].public_url}/api/docs#{told['code']}"
        assert told["title"]
        assert told["detail"]
        return response.status_code, told["code"]

    return check
