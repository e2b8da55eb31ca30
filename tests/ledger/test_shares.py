"""An amount of their own for each, in one batch: everybody gets theirs, or nobody anything (R15 to R17)."""

import json

import pytest
from sqlalchemy import select, text

from lti_tool.ledger.events import ALLOTTED
from lti_tool.ledger.refusals import AmountInvalid, FormReused, NotActive, PoolShort
from lti_tool.ledger.transfers import Transfer
from tests.conftest import Books
from tests.factories import make_endpoint
from tests.ledger.conftest import OpenClass


def test_r15_each_gets_their_own_in_one_batch_that_adds_up(new_class: OpenClass, books: Books) -> None:
    class_ = new_class(credits=100)
    ada, emmy, noor = class_.students(3)
    posted = class_.allot_shares({noor: 4, ada: 1, emmy: 20}, notes={emmy: "two films"})
    assert (posted.total, posted.people, posted.pool_after) == (25, 3, 75)
    assert [class_.account(one).received for one in (ada, emmy, noor)] == [1, 20, 4]
    [batch] = class_.batches("manual_allotment")
    assert (batch.amount_each, batch.total, batch.people, batch.note) == (None, 25, 3, None)
    with books() as session:
        rows = session.scalars(select(Transfer).where(Transfer.batch_id == batch.id))
        told = {row.member_id: (row.amount, row.note, row.member_balance_after) for row in rows}
    assert told == {ada: (1, None, 1), emmy: (20, "two films", 20), noor: (4, None, 4)}
    assert class_.faults() == []


def test_shares_that_are_alike_make_a_batch_like_any_other(new_class: OpenClass) -> None:
    class_ = new_class(credits=100)
    class_.allot_shares(dict.fromkeys(class_.students(2), 5))
    assert [batch.amount_each for batch in class_.batches("manual_allotment")] == [5]


def test_r17_the_same_form_gives_once_and_another_wish_by_it_nothing(new_class: OpenClass) -> None:
    class_ = new_class(credits=100)
    ada, emmy = class_.students(2)
    first = class_.allot_shares({ada: 1, emmy: 2}, request_key="form")
    assert class_.allot_shares({emmy: 2, ada: 1}, request_key="form") == first
    with pytest.raises(FormReused):
        class_.allot_shares({ada: 2, emmy: 1}, request_key="form")
    with pytest.raises(FormReused):
        class_.allot_shares({ada: 1, emmy: 2}, notes={ada: "other"}, request_key="form")
    assert class_.pool() == 97


def test_r16_all_or_nothing(new_class: OpenClass) -> None:
    class_ = new_class(credits=10)
    ada, emmy = class_.students(2)
    with pytest.raises(PoolShort) as short:
        class_.allot_shares({ada: 4, emmy: 7})
    assert short.value.missing == 1
    for wrong in ({}, {ada: 1, emmy: 0}, {ada: -1}, {ada: 10_001}):
        with pytest.raises(AmountInvalid):
            class_.allot_shares(wrong)
    with pytest.raises(AmountInvalid):
        class_.allot_shares({ada: 1}, notes={ada: "x" * 201})
    class_.leave(emmy)
    with pytest.raises(NotActive):
        class_.allot_shares({ada: 1, emmy: 2})
    assert class_.pool() == 10
    assert class_.account(ada).received == 0


def test_programs_are_told_that_the_amounts_differ(new_class: OpenClass, books: Books) -> None:
    class_ = new_class(credits=100)
    with books() as session:
        make_endpoint(session, class_.license_id)
    ada, emmy = class_.students(2)
    class_.allot_shares({ada: 1, emmy: 2})
    with books() as session:
        [data] = session.scalars(text(f"select data from webhook_deliveries where kind = '{ALLOTTED}'"))
    told = json.loads(data)
    assert (told["amount_each"], told["total"], told["members"]) == (None, 3, [ada, emmy])
