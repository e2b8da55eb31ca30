"""Killed with -9 at any moment between money and credits: nothing is half done, and again it is done once (R27)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lti_tool.db import transaction
from lti_tool.ledger import audit, pools
from lti_tool.ledger.transfers import Transfer
from lti_tool.purchasing import audit as purchases
from lti_tool.purchasing import by_purchase_order as po
from lti_tool.purchasing import checkout, fulfilment
from lti_tool.purchasing.orders import Order
from lti_tool.purchasing.payments import Payment, PaymentEvent
from lti_tool.settings import Settings
from tests.conftest import Books, MakeApp
from tests.factories import NOW, make_license, make_order, make_payment
from tests.faults.killing import Killer
from tests.faults.stripe_says import SETTINGS, Dispute, Page, Refund, message, signature
from tests.purchasing.test_by_purchase_order import BILLING

PUBLIC_URL = "https://tool.test"


def hear(app: Flask, _order_id: str, body: bytes) -> None:
    """Stripe delivers a message."""
    headers = {"Stripe-Signature": signature(body)}
    answer = app.test_client().post("/webhooks/stripe", base_url=PUBLIC_URL, data=body, headers=headers)
    assert answer.status_code == 200


def place(app: Flask, order_id: str) -> None:
    """A manager of a trusted licence places a purchase order."""
    with app.app_context(), transaction() as session:
        po.place(session, order_id, invoice_days=30, by="manager", now=NOW)


def place_by_card(app: Flask, order_id: str) -> None:
    """A manager chooses a card for a quote that the bank has paid."""
    with app.app_context(), transaction() as session:
        checkout.place(session, order_id, by="manager", now=NOW)


def approve(app: Flask, order_id: str) -> None:
    """An operator approves it."""
    with app.app_context(), transaction() as session:
        po.approve(session, order_id, now=NOW)


def note(app: Flask, order_id: str) -> None:
    """An operator notes what the bank received."""
    with app.app_context(), transaction() as session:
        po.record_payment(session, order_id, amount=5_000, reference=f"TRN {order_id}", now=NOW)


def placed(session: Session) -> Order:
    return make_order(session, make_license(session, credits=10))


def paid(session: Session) -> tuple[Order, Payment]:
    order = placed(session)
    payment = make_payment(session, order)
    fulfilment.settle(session, order.id, now=NOW)
    return order, payment


def quote(session: Session, *, is_trusted: bool = False) -> Order:
    license_ = make_license(session, credits=10)
    license_.is_trusted = is_trusted
    order = make_order(session, license_, method=None, status="draft")
    po.set_billing(session, order, BILLING, now=NOW)
    return order


def to_hear_of_money(session: Session) -> tuple[object, ...]:
    order = placed(session)
    return order.id, message(Page(f"pi_{order.id[-12:]}", order.id, order.total)).body


def to_hear_of_a_refund(session: Session) -> tuple[object, ...]:
    order, payment = paid(session)
    return order.id, message(Refund(payment.reference, order.id, order.total // 4)).body


def to_hear_of_a_loss_beyond_the_pool(session: Session) -> tuple[object, ...]:
    order, payment = paid(session)
    return order.id, message(Dispute(payment.reference, f"du_{order.id[-12:]}", order.total, "lost")).body


def to_place(session: Session) -> tuple[object, ...]:
    return (quote(session, is_trusted=True).id,)


def to_place_by_card(session: Session) -> tuple[object, ...]:
    order = quote(session)
    make_payment(session, order)
    fulfilment.settle(session, order.id, now=NOW)
    return (order.id,)


def to_approve(session: Session) -> tuple[object, ...]:
    order = quote(session)
    po.place(session, order.id, invoice_days=30, by="office", now=NOW)
    return (order.id,)


@dataclass(frozen=True)
class State:
    """All that the deeds change."""

    status: str
    refunded: int
    pool: int
    issued: int
    purchases: int
    payments: int
    events: int


@dataclass(frozen=True)
class Case:
    """A deed with its world, and what must be true in the end."""

    prepare: Callable[[Session], tuple[object, ...]]
    deed: Callable[..., None]
    end: State


CASES = {
    "a payment is heard of": Case(to_hear_of_money, hear, State("fulfilled", 0, 110, 110, 1, 1, 1)),
    "a refund is heard of": Case(to_hear_of_a_refund, hear, State("fulfilled", 25, 85, 85, 1, 1, 1)),
    "a loss is heard of": Case(to_hear_of_a_loss_beyond_the_pool, hear, State("fulfilled", 100, 10, 10, 1, 1, 1)),
    "an order is placed on a trusted license": Case(to_place, place, State("fulfilled", 0, 110, 110, 1, 0, 0)),
    "a paid quote is placed by card": Case(to_place_by_card, place_by_card, State("fulfilled", 0, 110, 110, 1, 1, 0)),
    "an order is approved": Case(to_approve, approve, State("fulfilled", 0, 110, 110, 1, 0, 0)),
    "money of the bank is noted": Case(to_approve, note, State("fulfilled", 0, 110, 110, 1, 1, 0)),
}
_LEAST_MOMENTS = 8
"""Fewer would mean that the killer does not see the statements."""


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    """The tool, which takes cards."""
    return make_app(**SETTINGS)


@pytest.fixture
def killer(settings: Settings) -> Iterator[Killer]:
    """Kills tools like `app` on the same database."""
    same = ("database_url", "secret_key", "public_url", "keys_dir", "api_rate_limit", "launch_rate_limit")
    killer = Killer({name: getattr(settings, name) for name in same} | SETTINGS)
    yield killer
    killer.end()


@pytest.mark.slow
def test_killed_at_any_moment_it_is_done_or_not_and_once_when_done_again(
    killer: Killer, app: Flask, books: Books, subtests: pytest.Subtests
) -> None:
    for name, case in CASES.items():
        with subtests.test(name):
            assert die_at_each_moment(killer, app, books, case) >= _LEAST_MOMENTS
    with books() as session:
        assert audit.audit(session) == list(purchases.faults(session)) == []


def die_at_each_moment(killer: Killer, app: Flask, books: Books, case: Case) -> int:
    """How many moments there were."""
    for moment in count(1):
        with books() as session:
            given = case.prepare(session)
            order_id = str(given[0])
            before = state(session, order_id)
        was_killed = killer.die(moment, case.deed, *given)
        with books() as session:
            assert state(session, order_id) in ((before, case.end) if was_killed else (case.end,))
            assert_proved(session, order_id)
        case.deed(app, *given)
        with books() as session:
            assert state(session, order_id) == case.end
            assert_proved(session, order_id)
        if not was_killed:
            return moment
    raise AssertionError("there is an end")


def state(session: Session, order_id: str) -> State:
    order = session.get_one(Order, order_id)
    [figures] = pools.totals(session, order.license_id, now_us=0)
    bought = select(func.count()).where(Transfer.license_id == order.license_id, Transfer.kind == "purchase")
    came = select(func.count()).where(Payment.order_id == order_id)
    told = select(func.count()).where(PaymentEvent.order_id == order_id)
    return State(
        order.status,
        order.refunded_units,
        figures.pool,
        figures.issued,
        *(session.scalars(query).one() for query in (bought, came, told)),
    )


def assert_proved(session: Session, order_id: str) -> None:
    license_id = session.get_one(Order, order_id).license_id
    assert audit.audit(session, license_id) == list(purchases.faults(session, license_id)) == []
