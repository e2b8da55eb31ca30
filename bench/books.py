"""Books for benches of spends: members with credits, on one license or over many, and programs that spend them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPConnection
from uuid import uuid4

from sqlalchemy.orm import Session

from lti_tool import schema
from lti_tool.db import Sql, open_engine, writing
from lti_tool.ids import new_id
from lti_tool.ledger import accounts, issuing, policies
from lti_tool.ledger.allotment import allot
from lti_tool.ledger.movements import OPERATOR
from lti_tool.licenses import api_keys, licenses
from lti_tool.lti import contexts, platforms
from lti_tool.members.people import Enrollment, Member, Person
from lti_tool.settings import load
from tests.factories import listed_as

EACH = 10_000
"""Credits that each member begins with; a member's are given by hand, so more than that at once is refused."""
PLENTY = 1_000_000_000


@dataclass(frozen=True)
class Books:
    """A database with members that hold credits, and a key of scope spend for each license."""

    url: str
    licenses: Sequence[str]
    members: Sequence[str]
    keys: Sequence[str]
    """Of each member's license, in the order of `members`."""


def build(url: str, *, licenses_: int = 1, members: int = 200, each: int = EACH, maximum: int = 0) -> Books:
    """Makes the database: so many students over so many licenses, each with so many credits."""
    resource = load({}, database_url=url, secret_key="b" * 32).resource
    engine = open_engine(url)
    schema.upgrade(engine)
    now = datetime.now(UTC)
    made: list[str] = []
    people: list[str] = []
    secrets: list[str] = []
    with writing(engine) as session:
        course = _course(session, now)
        for number in range(licenses_):
            license_id = licenses.create(session, name=f"License {number}", now=now).id
            issuing.grant(session, license_id, resource, amount=PLENTY, actor=OPERATOR, now=now)
            if maximum:
                policies.save(session, license_id, resource, maximum=maximum, based_on=0, actor=OPERATOR, now=now)
            _, secret = api_keys.create(session, name="bench", scopes=["spend"], license_id=license_id, now=now)
            found = _students(session, license_id, course, members // licenses_, now)
            if each:
                allot(session, license_id, resource, member_ids=found, each=each, actor=OPERATOR, now=now)
            made.append(license_id)
            people += found
            secrets += [secret] * len(found)
    engine.dispose()
    return Books(url, made, people, secrets)


def spend(connection: HTTPConnection, books: Books, number: int) -> None:
    """One program spends one credit of one member. Raises AssertionError if it was not done."""
    which = number % len(books.members)
    body = json.dumps({"resource": "export-credits", "amount": 1, "reference": f"job-{number}"})
    headers = {
        "Authorization": f"Bearer {books.keys[which]}",
        "Content-Type": "application/json",
        "Idempotency-Key": str(uuid4()),
    }
    connection.request("POST", f"/api/v1/members/{books.members[which]}/spends", body, headers)
    answer = connection.getresponse()
    text = answer.read()
    assert answer.status == 201, (answer.status, text)


_COUNT = Sql("select (select count(*) from transfers where kind = 'spend'), (select sum(used) from accounts)")


def spent(url: str) -> int:
    """Credits spent one by one, by the journal, which the accounts must agree with."""
    rows, used = spends(url)
    assert rows == used, (rows, used)
    return rows


def spends(url: str) -> tuple[int, int]:
    """How many spends the journal has, and how many credits the accounts count as used."""
    engine = open_engine(url)
    with Session(engine) as session:
        rows, used = _COUNT.run(session).one()
    engine.dispose()
    return int(rows), int(used)


@dataclass(frozen=True)
class _Course:
    platform_id: str
    id: str


def _course(session: Session, now: datetime) -> _Course:
    added = platforms.add_platform(
        session,
        name="Bench",
        family="other",
        issuer="https://lms.example",
        client_id="client-1",
        auth_login_url="https://lms.example/auth",
        auth_token_url="https://lms.example/token",
        jwks_url="https://lms.example/jwks",
        deployment_ids=("deployment-1",),
        allow_private_hosts=frozenset(),
        now=now,
    )
    [deployment] = platforms.deployments(session, added)
    return _Course(added.id, contexts.name_beforehand(session, deployment.id, "course-1", now=now).id)


def _students(session: Session, license_id: str, course: _Course, many: int, now: datetime) -> list[str]:
    subjects = [new_id() for _ in range(many)]
    people = [
        Person(id=one, platform_id=course.platform_id, subject=one, sort_name=one, created_at=now) for one in subjects
    ]
    ids = [new_id() for _ in range(many)]
    session.add_all(people)
    session.flush()
    session.add_all(
        Member(id=one, license_id=license_id, person_id=person.id, created_at=now, **listed_as(person))
        for one, person in zip(ids, people, strict=True)
    )
    session.flush()
    session.add_all(
        Enrollment(context_id=course.id, member_id=one, license_id=license_id, role="learner", active=True)
        for one in ids
    )
    session.flush()
    accounts.open_accounts(session, license_id, ids)
    return ids
