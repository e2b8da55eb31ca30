"""The audit in the background says how far it is, what it found, and when it was lost."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, text

from lti_tool import clock
from lti_tool.auditor import Auditor
from lti_tool.ledger.audit import Fault
from lti_tool.purchasing import last_audit
from lti_tool.purchasing.last_audit import CHECKS, LEASE, LastAudit, Tally
from tests.conftest import Books
from tests.factories import make_context, make_license, make_member
from tests.ledger.planting import unguarded


def last(books: Books) -> LastAudit:
    with books() as session:
        found = last_audit.find(session)
        assert found is not None
        return found


def make_class(books: Books) -> None:
    with books() as session:
        make_member(session, make_license(session, credits=100), make_context(session))


def test_sound_books_are_said_to_balance(books: Books, engine: Engine) -> None:
    make_class(books)
    Auditor(engine).audit()
    found = last(books)
    assert (found.number, found.done, found.is_broken) == (0, len(CHECKS), False)
    assert found.audited is not None
    assert found.audited.licenses == 1
    assert found.ended_at is not None


def test_a_fault_is_kept_with_its_code(books: Books, engine: Engine) -> None:
    make_class(books)
    with unguarded(engine) as session:
        session.execute(text("update pools set balance = balance - 1"))
        session.commit()
    Auditor(engine).audit()
    found = last(books)
    assert [fault.code for fault in found.faults] == ["pool_balance", "license_sum"]
    assert found.number == 2


def test_of_many_faults_the_first_are_kept_and_all_are_counted(books: Books, engine: Engine) -> None:
    make_class(books)
    fault = Fault("negative", None, "a row")
    tally = Tally()
    assert len(list(tally.watch([fault] * 1_000))) == 1_000
    assert (tally.number, len(tally.first)) == (1_000, 200)


def test_one_is_under_way_at_a_time_and_a_lost_one_is_begun_again(books: Books) -> None:
    now = clock.now()
    with books() as session:
        assert last_audit.ask(session, now=now)
        assert not last_audit.ask(session, now=now + LEASE - timedelta(seconds=1))
    assert last(books).is_under_way(now)
    assert not last(books).is_under_way(now + LEASE)
    with books() as session:
        assert last_audit.ask(session, now=now + LEASE)


def test_an_audit_that_breaks_off_says_so(books: Books, engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    with books() as session:
        session.execute(text("alter table holds rename to holds_lost"))
    Auditor(engine).audit()
    assert last(books).is_broken
    assert "Traceback" in caplog.text
