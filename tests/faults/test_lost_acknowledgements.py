"""A commit that is done and whose acknowledgement is lost: whoever tries again with the same key has one effect."""

from collections.abc import Iterator
from itertools import cycle, islice

import pytest
from sqlalchemy import text

from lti_tool.client import Client
from lti_tool.ledger.audit import audit
from lti_tool.licenses import api_keys
from tests.conftest import Books, MakeApp
from tests.demo_lms import running
from tests.factories import NOW
from tests.faults.cutting import Proxy, proxy
from tests.ledger.a_class import Class, open_class

ROUNDS = 20
"""Of five losses each."""

_ON_POSTGRESQL = pytest.param("postgresql", marks=pytest.mark.postgresql)


@pytest.fixture
def line(database_url: str) -> Iterator[Proxy]:
    """What is between the tool and its database."""
    with proxy(database_url) as line:
        yield line


@pytest.fixture
def waits() -> list[float]:
    """How long the client was told to wait; it does not."""
    return []


@pytest.fixture
def class_(books: Books) -> Class:
    """A class with a maximum that is never reached, and a pool that is never empty."""
    return open_class(books, credits=10_000, maximum=5_000)


@pytest.fixture
def client(line: Proxy, make_app: MakeApp, books: Books, class_: Class, waits: list[float]) -> Iterator[Client]:
    """A program, before a tool that has its database behind the line."""
    with books() as session:
        _, key = api_keys.create(session, name="Exporter", scopes=("spend",), license_id=class_.license_id, now=NOW)
    with running(make_app(database_url=line.url)) as url:
        yield Client(url, key, sleep=waits.append)


@pytest.mark.slow
@pytest.mark.parametrize("database_url", [_ON_POSTGRESQL], indirect=True)
def test_of_a_hundred_lost_acknowledgements_each_leaves_one_effect(
    line: Proxy, client: Client, class_: Class, books: Books, waits: list[float]
) -> None:
    students = class_.students(4)
    for student in islice(cycle(students), ROUNDS):
        line.cut_next()
        client.spend(student, 4)  # a bundle first, in every round but one in five
        line.cut_next()
        hold = client.hold(student, 3)
        line.cut_next()
        hold.capture(2)
        line.cut_next()
        other = client.hold(student, 1)
        line.cut_next()
        other.release()
    assert line.cuts == 5 * ROUNDS
    assert waits == [5.0] * line.cuts  # each was told so, with 503, and asked again once
    with books() as session:
        counted = {
            what: session.scalars(text(query)).one()
            for what, query in {
                "spent": "select sum(amount) from transfers where kind = 'spend'",
                "spends": "select count(*) from transfers where kind = 'spend'",
                "holds": "select count(*) from holds where status in ('captured', 'released')",
                "open": "select count(*) from holds where status = 'held'",
                "answers": "select count(*) from idempotency_keys where status < 300",
            }.items()
        }
        assert counted == {
            "spent": (4 + 2) * ROUNDS,
            "spends": 2 * ROUNDS,
            "holds": 2 * ROUNDS,
            "open": 0,
            "answers": 5 * ROUNDS,
        }
        assert audit(session) == []
    assert [class_.account(student).used for student in students] == [6 * ROUNDS // 4] * 4
