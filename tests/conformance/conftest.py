"""The validator of 1EdTech as a platform: its issuer, client, deployment and people (platforms.md 9)."""

from collections.abc import Iterator
from typing import Any, Protocol

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.conftest import Books
from tests.lti_platform import CLAIM, FakePlatform, claims, id_token, key, login, post, register, serving_platform

LIS = "http://purl.imsglobal.org/vocab/lis/v2/"
CONTEXT = {
    "id": "8893483",
    "label": "Biology 102",
    "title": "Bio Adventures",
    "type": [f"{LIS}course#CourseSection"],
}
LINK = {"id": "0c2a1b3d4e5f60718293a4b5c6d7e8f9", "title": "Introduction Assignment", "description": "Read this"}
TEACHER = {"sub": "39890", "given_name": "Lauren", "family_name": "Hutton", "name": "Lauren Colleen Hutton"}
STUDENT = {"sub": "40899", "given_name": "Carrie", "family_name": "Lowell", "name": "Carrie A Lowell"}


@pytest.fixture(scope="package")
def validator() -> Iterator[FakePlatform]:
    """The validator, serving its key set."""
    imstester = key("imstester_4")
    with serving_platform(
        issuer="https://ltiadvantagevalidator.imsglobal.org",
        client_id="imstester_1234567",
        deployment_id="testdeploy",
        key=imstester,
        published=[imstester.jwk],
    ) as platform:
        yield platform


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """The suite is about messages."""
    return sqlite_url


class Attempt(Protocol):
    """One launch of the suite: `changes` to the claims, and to the header."""

    def __call__(
        self, changes: dict[str, Any], *, header: dict[str, Any] | None = None, body: dict[str, Any] | None = None
    ) -> TestResponse: ...


@pytest.fixture
def attempt(client: FlaskClient, validator: FakePlatform, books: Books) -> Attempt:
    """Launches as the validator does, with `changes`; `body` replaces all claims."""
    with books() as session:
        register(session, validator)

    def make(
        changes: dict[str, Any], *, header: dict[str, Any] | None = None, body: dict[str, Any] | None = None
    ) -> TestResponse:
        begun = login(client, validator)
        base = {f"{CLAIM}context": CONTEXT, f"{CLAIM}resource_link": LINK}
        full = claims(validator, tool="https://tool.test", nonce=begun.nonce, changes=base | changes)
        token = id_token(validator, full if body is None else body, **(header or {}))
        answer = post(client, id_token=token, state=begun.state)
        assert answer.status_code < 500
        assert answer.mimetype == "text/html"  # a person looks at every answer
        return answer

    return make
