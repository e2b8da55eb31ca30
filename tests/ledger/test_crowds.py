"""A batch for 10,000 members: as few statements as for ten, and all of it or nothing (R15, R16, R18)."""

import pytest
from sqlalchemy import Engine

from lti_tool.ledger.refusals import NotActive, PoolShort
from tests.conftest import Books
from tests.ledger.a_crowd import CROWD, open_crowd
from tests.ledger.statements import recorded


@pytest.mark.slow
def test_r18_ten_thousand_are_allotted_in_few_statements_and_refused_as_a_whole(engine: Engine, books: Books) -> None:
    class_, members = open_crowd(books, credits=3 * CROWD - 1)
    with recorded(engine) as statements:
        posted = class_.allot(members, 2)
    assert len(statements) <= 6
    assert (posted.people, posted.total, posted.pool_after) == (CROWD, 2 * CROWD, CROWD - 1)

    with pytest.raises(PoolShort) as short:
        class_.allot(members, 1)
    assert (short.value.needed, short.value.pool, short.value.missing) == (CROWD, CROWD - 1, 1)

    class_.grant(1)
    class_.leave(members[CROWD // 2])
    with pytest.raises(NotActive) as left:
        class_.allot(members, 1)
    assert left.value.figures == {"missing": 1}

    class_.come_back(members[CROWD // 2])
    class_.grant(CROWD)
    with recorded(engine) as statements:
        class_.allot_shares({one: 1 + place % 2 for place, one in enumerate(members)})
    assert len(statements) <= 6
    class_.grant(CROWD // 2)

    assert class_.pool() == CROWD
    assert {class_.account(one).received for one in members[:: CROWD // 20]} == {3}
    assert class_.faults() == []
