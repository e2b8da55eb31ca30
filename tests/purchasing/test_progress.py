"""How far an order is, in one word: it follows the books and the payments, and nothing else."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from lti_tool.purchasing import checkout, fulfilment, progress
from lti_tool.purchasing.checkout import Checkout
from lti_tool.purchasing.orders import Order
from lti_tool.purchasing.progress import State
from tests.factories import NOW, make_license, make_order, make_payment


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """What differs between the databases is tested with what the states come from."""
    return sqlite_url


def test_an_order_that_waits_says_for_what(session: Session) -> None:
    license_ = make_license(session)
    quote = make_order(session, license_, status="draft", method=None)
    assert state(session, quote) is State.QUOTE
    assert progress.of(session, quote, now=NOW + timedelta(days=31)).state is State.EXPIRED
    assert state(session, make_order(session, license_, method="purchase_order", po_number="1")) is State.APPROVAL
    order = make_order(session, license_)
    assert state(session, order) is State.CARD
    assert progress.of(session, order, now=NOW).may_cancel
    payment = make_payment(session, order, status="pending")
    assert state(session, order) is State.UNDER_WAY
    assert not progress.of(session, order, now=NOW).may_cancel, "money is on its way"
    payment.status = "failed"
    assert state(session, order) is State.CARD
    completed = {"session_id": "cs_1", "url": "https://pay.test/1", "status": "complete", "expires_at": NOW}
    session.add(Checkout(order_id=order.id, attempt=1, created_at=NOW, checked_at=NOW, **completed))
    session.flush()
    assert checkout.latest(session, order.id) is not None
    assert state(session, order) is State.CARD, "the page was completed by the payment that failed"


def test_a_part_of_the_money_is_under_way_and_all_of_it_credits(session: Session) -> None:
    order = make_order(session, make_license(session))
    make_payment(session, order, amount=1_000)
    found = progress.of(session, order, now=NOW)
    assert (found.state, found.paid, found.is_paid, found.waits) == (State.UNDER_WAY, 1_000, False, True)
    make_payment(session, order, amount=order.total - 1_000)
    fulfilment.settle(session, order.id, now=NOW)
    found = progress.of(session, order, now=NOW)
    assert (found.state, found.is_paid, found.waits, found.may_cancel) == (State.CREDITED, True, False, False)


def test_money_that_was_given_back_and_a_dispute_are_seen(session: Session) -> None:
    order = make_order(session, make_license(session))
    payment = make_payment(session, order)
    payment.is_disputed = True
    fulfilment.settle(session, order.id, now=NOW)
    assert progress.of(session, order, now=NOW).is_disputed
    payment.refunded = order.total // 2
    fulfilment.settle(session, order.id, now=NOW)
    found = progress.of(session, order, now=NOW)
    assert (found.state, found.given_back) == (State.PAID_BACK, order.total // 2)


@pytest.mark.parametrize("status", ["cancelled", "expired", "refused"])
def test_what_ended_without_credits_waits_for_nothing(session: Session, status: str) -> None:
    found = progress.of(session, make_order(session, make_license(session), status=status), now=NOW)
    assert found.state.value == status
    assert not found.waits
    assert not found.may_cancel


def state(session: Session, order: Order) -> State:
    session.flush()
    return progress.of(session, order, now=NOW).state
