"""A journal of 100,000 transfers goes down the migrations and up again, and is byte for byte what it was (R2)."""

import hashlib

import pytest
from sqlalchemy import Engine, text

from lti_tool import schema
from lti_tool.ledger.audit import audit, size
from tests.conftest import Books
from tests.ledger.a_crowd import CROWD, open_crowd

BATCHES = 10
FIRST = "0001"
"""The migration that made the books: before it there is no journal to keep."""
BOOKS = ("pools", "accounts", "batches", "transfers", "holds", "policies")


def export(engine: Engine) -> dict[str, str]:
    """Every byte of the books, as one number a table."""
    found = {}
    with engine.connect().execution_options(stream_results=True) as connection:
        for table in BOOKS:
            digest = hashlib.sha256()
            for row in connection.execute(text(f"select * from {table} order by 1, 2, 3")):
                digest.update(repr(tuple(row)).encode())
            found[table] = digest.hexdigest()
    return found


@pytest.mark.slow
def test_100_000_transfers_are_byte_for_byte_the_same_after_down_and_up(engine: Engine, books: Books) -> None:
    class_, members = open_crowd(books, credits=CROWD * BATCHES)
    for _ in range(BATCHES):
        class_.allot(members, 1)
    class_.set_maximum(5)
    class_.hold(members[0], 1)
    before = export(engine)
    assert len(set(before.values())) == len(BOOKS)
    schema.downgrade(engine, FIRST)
    assert schema.current(engine) == FIRST
    schema.upgrade(engine)
    assert schema.current(engine) == schema.newest()
    assert export(engine) == before
    with books() as session:
        assert size(session).transfers == CROWD * BATCHES + 1
        assert audit(session) == []
