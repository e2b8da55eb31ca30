"""An order and the books come to what its payments say, whatever was told when and how often (R27)."""

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lti_tool.ledger import pools
from lti_tool.ledger.accounts import Account
from lti_tool.ledger.allotment import allot
from lti_tool.ledger.movements import OPERATOR
from lti_tool.ledger.transfers import Transfer
from lti_tool.purchasing import checkout, fulfilment, orders, payments
from lti_tool.purchasing.audit import faults
from lti_tool.purchasing.by_purchase_order import approve
from lti_tool.purchasing.fulfilment import Settled
from lti_tool.purchasing.orders import Order
from tests.factories import EXPORT_CREDITS, NOW, make_context, make_license, make_member, make_order, make_payment


def settle(session: Session, order: Order) -> Settled:
    return fulfilment.settle(session, order.id, now=NOW)


def pool(session: Session, order: Order) -> tuple[int, int]:
    """What the licence was issued and what its pool has."""
    [figures] = pools.totals(session, order.license_id, now_us=0)
    return figures.issued, figures.pool


def open_problems(session: Session) -> list[str]:
    return [problem.code for problem in payments.problems(session)]


def test_a_paid_order_is_credited_once_however_often_one_looks(session: Session) -> None:
    order = make_order(session, make_license(session, credits=10))
    assert settle(session, order).credited == 0
    make_payment(session, order)
    assert [settle(session, order).credited for _ in range(3)] == [100, 0, 0]
    assert pool(session, order) == (110, 110)
    assert (order.status, order.fulfilled_at) == ("fulfilled", NOW)
    purchases = session.scalars(select(Transfer).where(Transfer.kind == "purchase")).all()
    assert [(one.amount, one.reference, one.batch_id) for one in purchases] == [
        (100, order.number, order.purchase_batch_id)
    ]


@pytest.mark.parametrize("status", ["pending", "failed"])
def test_money_that_has_not_come_credits_nothing(session: Session, status: str) -> None:
    order = make_order(session, make_license(session, credits=0))
    make_payment(session, order, status=status)
    assert settle(session, order).credited == 0
    assert pool(session, order) == (0, 0)


def test_too_little_money_credits_nothing_and_two_halves_do(session: Session) -> None:
    order = make_order(session, make_license(session, credits=0))
    make_payment(session, order, amount=order.total - 1)
    assert settle(session, order).credited == 0
    make_payment(session, order, amount=1)
    assert settle(session, order).credited == 100


def test_money_that_comes_after_somebody_dealt_with_the_first_is_listed_again(session: Session) -> None:
    license_ = make_license(session, credits=0)
    paid_twice, cancelled = make_order(session, license_), make_order(session, license_, status="cancelled")
    for order in (paid_twice, paid_twice, cancelled):
        make_payment(session, order)
        settle(session, order)
    assert open_problems(session) == ["overpaid", "paid_after_cancel"]
    for listed in payments.problems(session):
        payments.close_problem(session, listed.id, note="Given back.", now=NOW)
    for order in (paid_twice, cancelled):
        settle(session, order)
    assert open_problems(session) == []
    make_payment(session, cancelled)
    settle(session, cancelled)
    assert open_problems(session) == ["paid_after_cancel", "overpaid"]
    make_payment(session, paid_twice)
    settle(session, paid_twice)
    assert [(one.code, one.order_id) for one in payments.problems(session)][2:] == [("overpaid", paid_twice.id)]


def test_money_for_a_quote_that_expired_unplaced_is_listed_until_somebody_approves_it(session: Session) -> None:
    quote = make_order(session, make_license(session, credits=0), method="purchase_order", status="draft")
    orders.close(quote, "expired", by="time", now=NOW)
    make_payment(session, quote)
    assert settle(session, quote).credited == 0
    assert open_problems(session) == ["paid_after_cancel"]
    assert list(faults(session)) == []
    assert approve(session, quote.id, now=NOW).status == "fulfilled"
    assert (pool(session, quote), open_problems(session)) == ((100, 100), [])


def test_money_for_a_cancelled_order_is_listed_and_for_an_expired_one_honoured(session: Session) -> None:
    license_ = make_license(session, credits=0)
    cancelled = make_order(session, license_, status="cancelled")
    make_payment(session, cancelled)
    assert settle(session, cancelled).credited == 0
    assert open_problems(session) == ["paid_after_cancel"]
    expired = make_order(session, license_, status="expired")
    make_payment(session, expired)
    assert settle(session, expired).credited == 100
    assert open_problems(session) == ["paid_after_cancel", "paid_late"]


def test_money_given_back_takes_units_back_in_proportion_and_once(session: Session) -> None:
    order = make_order(session, make_license(session, credits=0))
    payment = make_payment(session, order)
    settle(session, order)
    payment.refunded = order.total // 3
    assert [settle(session, order).taken_back for _ in range(2)] == [33, 0]
    payment.refunded = order.total
    assert settle(session, order).taken_back == 67
    assert (order.refunded_units, order.shortfall_units) == (100, 0)
    assert pool(session, order) == (0, 0)


def test_a_refund_takes_at_most_what_the_pool_holds_and_records_the_rest(session: Session) -> None:
    context = make_context(session)
    license_ = make_license(session, credits=0, context=context)
    student = make_member(session, license_, context)
    order = make_order(session, license_)
    payment = make_payment(session, order)
    settle(session, order)
    allot(session, license_.id, EXPORT_CREDITS, member_ids=[student.id], each=70, actor=OPERATOR, now=NOW)
    payment.refunded = order.total
    assert settle(session, order).taken_back == 30
    assert (order.refunded_units, order.shortfall_units) == (30, 70)
    assert open_problems(session) == ["refund_shortfall"]
    assert session.scalars(select(func.sum(Account.balance))).one() == 70
    assert settle(session, order).taken_back == 0


def test_the_second_payment_for_an_order_is_listed_and_its_return_costs_nothing(session: Session) -> None:
    order = make_order(session, make_license(session, credits=0))
    make_payment(session, order)
    second = make_payment(session, order)
    assert settle(session, order).credited == 100
    assert open_problems(session) == ["overpaid"]
    second.refunded = second.amount
    assert settle(session, order).taken_back == 0
    assert pool(session, order) == (100, 100)


def test_a_refund_that_is_told_before_its_payment_ends_the_same(session: Session) -> None:
    order = make_order(session, make_license(session, credits=0))
    payment = make_payment(session, order, status="pending", refunded=order.total)
    assert settle(session, order) == Settled(order)
    payment.status, payment.paid_at = "paid", NOW
    settled = settle(session, order)
    assert (settled.credited, settled.taken_back) == (100, 100)
    assert pool(session, order) == (0, 0)


def test_who_pays_again_after_a_refund_is_listed_with_what_they_miss(session: Session) -> None:
    order = make_order(session, make_license(session, credits=0))
    first = make_payment(session, order)
    settle(session, order)
    first.refunded = order.total // 2
    assert settle(session, order).taken_back == 50
    make_payment(session, order)
    assert [settle(session, order) for _ in range(2)] == [Settled(order)] * 2
    assert open_problems(session) == ["overpaid", "paid_after_refund"]
    assert "50 too many" in payments.problems(session)[-1].detail


def test_a_quote_that_the_bank_paid_is_credited_when_a_card_is_chosen_for_it(session: Session) -> None:
    order = make_order(session, make_license(session, credits=0), method=None, status="draft")
    make_payment(session, order)
    assert settle(session, order) == Settled(order)
    checkout.place(session, order.id, by="manager", now=NOW)
    assert (order.status, pool(session, order), open_problems(session)) == ("fulfilled", (100, 100), [])
