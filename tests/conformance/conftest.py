"""The validator of 1EdTech as a platform: its issuer, client, deployment and people (platforms.md 9)."""

import re
from collections.abc import Iterator
from html import unescape
from typing import Any, Protocol

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from lti_tool.jobs import RosterReader
from lti_tool.ledger import policies
from lti_tool.ledger.movements import OPERATOR
from lti_tool.lti import platforms
from lti_tool.settings import Settings
from tests.conftest import Books
from tests.factories import EXPORT_CREDITS, NOW, make_license
from tests.lti_platform import CLAIM, NRPS, FakePlatform, claims, id_token, key, login, post, register, serving_platform
from tests.roster_lms import RosterLms

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


class Sent(Protocol):
    """One launch of the suite: `changes` to the claims, and to the header; `body` replaces all claims."""

    def __call__(
        self,
        changes: dict[str, Any] | None = None,
        *,
        header: dict[str, Any] | None = None,
        body: dict[str, Any] | None = None,
    ) -> TestResponse: ...


@pytest.fixture
def registered(validator: FakePlatform, books: Books) -> FakePlatform:
    """The validator, as the tool of this test knows it."""
    with books() as session:
        register(session, validator)
    return validator


@pytest.fixture
def attempt(client: FlaskClient, registered: FakePlatform) -> Sent:
    """Launches as the validator does."""

    def make(
        changes: dict[str, Any] | None = None,
        *,
        header: dict[str, Any] | None = None,
        body: dict[str, Any] | None = None,
    ) -> TestResponse:
        begun = login(client, registered)
        full = launch_claims(registered, begun.nonce, changes) if body is None else body
        answer = post(client, id_token=id_token(registered, full, **(header or {})), state=begun.state)
        assert answer.status_code < 500
        assert answer.mimetype == "text/html"  # a person looks at every answer
        return answer

    return make


def launch_claims(validator: FakePlatform, nonce: str, changes: dict[str, Any] | None = None) -> dict[str, Any]:
    """The claims of a good launch of the suite, with changes."""
    base = {f"{CLAIM}context": CONTEXT, f"{CLAIM}resource_link": LINK}
    return claims(validator, tool="https://tool.test", nonce=nonce, changes=base | (changes or {}))


def assert_refused(answer: TestResponse, code: str) -> None:
    """Refused with a page that a person can read and pass on: what happened, the code, and the support id."""
    assert answer.status_code in (400, 401, 403), answer.text
    assert answer.mimetype == "text/html"
    assert re.search(r"<h1>[A-Z][^<]{10,}</h1>", answer.text)
    assert f"<dd>{code}</dd>" in answer.text
    assert re.search(r"<dt>Support ID</dt><dd>[0-9A-Z]{4}-[0-9A-Z]{4}\b", answer.text)
    assert "Location" not in answer.headers


def with_license(books: Books, validator: FakePlatform) -> None:
    """Gives the validator's deployment a licence whose managers have decided what there is to decide."""
    with books() as session:
        [deployment] = platforms.deployments(session, platforms.find(session, validator.id))
        license_ = make_license(session, deployment=deployment)
        policies.save(session, license_.id, EXPORT_CREDITS, maximum=0, based_on=0, actor=OPERATOR, now=NOW)


class ReadRoster(Protocol):
    """A teacher launches from a course whose roster is there, and the background work is done."""

    def __call__(self, services: RosterLms) -> None: ...


@pytest.fixture
def read_roster(
    attempt: Sent, registered: FakePlatform, books: Books, settings: Settings, engine: Engine
) -> ReadRoster:
    """As often as it is called, in a licensed course."""
    with_license(books, registered)

    def read(services: RosterLms) -> None:
        services.client_id = registered.client_id
        with books() as session:
            platforms.find(session, registered.id).auth_token_url = services.token_url
        claim = {"context_memberships_url": services.memberships_url, "service_versions": ["2.0"]}
        assert attempt(TEACHER | {"roles": [f"{LIS}membership#Instructor"], NRPS: claim}).status_code == 303
        with engine.connect() as connection:
            courses = connection.exec_driver_sql("select context_id from roster_reads where status = 'queued'").all()
        for (course,) in courses:
            RosterReader(settings, engine, sleep=lambda _: None).read(course)

    return read


def words(page: str) -> str:
    """What a person reads on the page."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).replace(" ,", ",").split()).replace(" , ", ", ")
