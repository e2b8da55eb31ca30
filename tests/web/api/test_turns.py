"""A spend in one statement and one step by step, with one Idempotency-Key, never wait for each other in a circle."""

import pytest
from sqlalchemy import create_engine

from lti_tool.db import engine_options, prepare
from lti_tool.ledger.accounts import Account
from lti_tool.ledger.transfers import SPEND_AT_ONCE
from lti_tool.licenses import api_keys, idempotency
from lti_tool.licenses.idempotency import AtOnce, Request
from lti_tool.licenses.licenses import License
from tests.conftest import Books
from tests.factories import EXPORT_CREDITS, NOW

SPEND = AtOnce(SPEND_AT_ONCE)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_in_one_statement_nobody_goes_on_whose_turn_it_is_not(
    books: Books, database_url: str, school: License, student: str
) -> None:
    with books() as session:
        key, _ = api_keys.create(session, name="Exporter", scopes=("spend",), license_id=school.id, now=NOW)
    options = {**engine_options(database_url), "connect_args": {"options": "-c lock_timeout=200ms"}}
    engine = prepare(create_engine(database_url, **options))
    asked = Request(key.id, "film", "0" * 64)

    def spend() -> str | None:
        return SPEND.run(
            engine,
            asked,
            member_id=student,
            status=201,
            opening='{"status":"captured"',
            id="1",
            resource=EXPORT_CREDITS.name,
            amount=1,
            actor_kind="api_key",
            actor_id=key.id,
            reference=None,
        )

    with books() as session:
        assert idempotency.claim(session, asked)
        # If it went on, it would lock the account and wait for the key, while the other waits for the account.
        assert spend() is None
        session.rollback()
    assert spend() is not None
    engine.dispose()
    with books() as session:
        account = session.get(Account, (school.id, EXPORT_CREDITS.name, student))
        assert account is not None
        assert account.used == 1
