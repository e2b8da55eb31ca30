"""The licence's totals (R5), and a resource that comes later than its members."""

from lti_tool.ledger import allotment, issuing, pools
from lti_tool.ledger.accounts import Account
from lti_tool.ledger.movements import OPERATOR, Movement
from lti_tool.ledger.transfers import post
from tests.conftest import Books
from tests.factories import CATALOGUE, EXPORT_CREDITS, NOW
from tests.ledger.a_class import TEACHER
from tests.ledger.conftest import OpenClass

MINUTES = CATALOGUE["phone-minutes"]


def test_r5_the_totals_add_up(new_class: OpenClass, books: Books) -> None:
    class_ = new_class(credits=100, maximum=10)
    spender, holder, gone = class_.student(), class_.student(has=8), class_.student(has=6)
    class_.spend(spender, 3)
    class_.hold(holder, 2)
    class_.leave(gone)
    with books() as session:
        [figures] = pools.totals(session, class_.license_id, now_us=0)
    assert (figures.issued, figures.pool, figures.allotted) == (100, 81, 19)
    assert (figures.available, figures.held, figures.used, figures.frozen) == (14, 2, 3, 6)


def test_r2_purchases_add_to_what_was_issued_and_refunds_take_from_the_pool(new_class: OpenClass, books: Books) -> None:
    class_ = new_class(credits=100)
    for kind, amount in (("purchase", 50), ("refund", 30)):
        with books() as session:
            pool = (class_.license_id, EXPORT_CREDITS.name)
            posted = post(session, Movement(*pool, kind, amount_each=amount, actor=OPERATOR, at=NOW))
    assert posted.pool_after == 120
    with books() as session:
        [figures] = pools.totals(session, class_.license_id, now_us=0)
    assert (figures.issued, figures.pool) == (120, 120)


def test_a_resource_that_comes_later_finds_its_members(new_class: OpenClass, books: Books) -> None:
    class_ = new_class(credits=10)
    here, gone = class_.student(), class_.student(active=False)
    with books() as session:
        issuing.grant(session, class_.license_id, MINUTES, amount=20, actor=OPERATOR, now=NOW)
        allotment.allot(session, class_.license_id, MINUTES, member_ids=[here], each=7, actor=TEACHER, now=NOW)
        frozen = session.get_one(Account, (class_.license_id, MINUTES.name, gone)).frozen
        figures = pools.totals(session, class_.license_id, now_us=0)
    assert frozen
    assert [(one.resource, one.pool, one.available) for one in figures] == [
        ("export-credits", 10, 0),
        ("phone-minutes", 13, 7),
    ]
