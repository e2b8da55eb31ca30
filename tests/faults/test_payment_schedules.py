"""Whatever happens to payments, however the news of it travels: credited exactly once if paid, and proved (R27, R30).

200 random schedules, each with a seed. One again, or many more: `CREDITROLL_SCHEDULES=17` or `=0-9999`, and
`.venv/bin/pytest tests/faults/test_payment_schedules.py`.
"""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lti_tool.ledger import allotment, pools
from lti_tool.ledger.audit import audit
from lti_tool.ledger.movements import OPERATOR
from lti_tool.ledger.transfers import Transfer
from lti_tool.purchasing import audit as purchases
from lti_tool.purchasing import orders
from lti_tool.purchasing.orders import Order
from lti_tool.purchasing.payments import Payment, PaymentEvent, PaymentProblem
from tests.conftest import Books, MakeApp
from tests.factories import EXPORT_CREDITS, NOW, make_context, make_license, make_member, make_order
from tests.faults.payment_model import Model, Ordered
from tests.faults.payment_schedules import SOUND, Allot, Bought, Delivery, Step, schedule
from tests.faults.stripe_says import NEXT_SECRET, OLD_SECRET, SECRET, SETTINGS, Message, Other, signature

_FIRST, _, _LAST = os.environ.get("CREDITROLL_SCHEDULES", "0-199").partition("-")
SEEDS = range(int(_FIRST), int(_LAST or _FIRST) + 1)
_STATES = ("placed", "placed", "placed", "expired", "cancelled", "refused")


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    """The tool, which takes cards, in the middle of a rotation of its webhook's secret."""
    return make_app(**SETTINGS)


class World:
    """One licence with its orders, in the database and in the model."""

    def __init__(self, books: Books, client: FlaskClient, random: Random) -> None:
        self._books, self._client, self._random = books, client, random
        self.answers: dict[str, set[int]] = {"sound": set(), "lies": set()}
        granted = random.choice((0, 10, 500))
        with books() as session:
            context = make_context(session)
            license_ = make_license(session, credits=granted, context=context)
            self.license_id = license_.id
            self._member = make_member(session, license_, context).id
            self.model = Model(pool=granted)
            self.bought = []
            for _ in range(3):
                order = _order(session, make_order(session, license_, status="draft"), random)
                self.model.orders[order.id] = Ordered(order.total, order.quantity, order.status)
                self.bought.append(Bought(order.id, order.total))
        self.granted = granted

    def go_through(self, steps: list[Step]) -> None:
        for step in steps:
            if isinstance(step, Allot):
                self._allot(step.amount)
            elif step.how == SOUND:
                self.model.hear(step.message)
                self.answers["sound"].add(self._send(step))
            else:
                self.answers["lies"].add(self._send(step))

    def _send(self, delivery: Delivery) -> int:
        body, now = delivery.message.body, self._random.randint(-290, 290)
        secret = self._random.choice((SECRET, NEXT_SECRET))
        proof = {
            "forged": signature(body, "whsec_of_somebody"),
            "retired": signature(body, OLD_SECRET),
            "altered": signature(body + b" ", secret),
            "stale": signature(body, secret, age_s=self._random.randint(310, 10**6)),
            "future": signature(body, secret, age_s=-self._random.randint(310, 10**6)),
            "unsigned": "",
        }.get(delivery.how) or ("" if delivery.how == "unsigned" else signature(body, secret, age_s=now))
        headers = {"Stripe-Signature": proof, "Content-Type": "application/json; charset=utf-8"}
        return self._client.post("/webhooks/stripe", data=body, headers=headers).status_code

    def _allot(self, amount: int) -> None:
        given = self.model.allot(amount)
        if given:
            with self._books() as session:
                allotment.allot(
                    session,
                    self.license_id,
                    EXPORT_CREDITS,
                    member_ids=[self._member],
                    each=given,
                    actor=OPERATOR,
                    now=NOW,
                )


def _order(session: Session, order: Order, random: Random) -> Order:
    """A draft turned into one of another size, tax and state."""
    order.quantity = random.randint(1, 300)
    order.goods, order.tax_rate = order.quantity * random.randint(1, 60), random.choice((0, 825, 1_937))
    orders.exempt(order, None)
    order.method = random.choice(("card", "card", "purchase_order"))
    order.status, order.placed_at = "placed", NOW
    session.flush()
    if (status := random.choice(_STATES)) != "placed":
        orders.close(order, status, by="time", now=NOW)
    session.flush()
    return order


@contextmanager
def named(seed: int) -> Iterator[None]:
    """Says which schedule it was that failed."""
    try:
        yield
    except BaseException as failure:
        failure.add_note(f"The schedule again: CREDITROLL_SCHEDULES={seed}")
        raise


@pytest.mark.slow
def test_200_random_schedules_end_as_a_plain_model_says(client: FlaskClient, books: Books) -> None:
    for seed in SEEDS:
        random = Random(seed)
        with named(seed):
            world = World(books, client, random)
            steps = schedule(random, world.bought)
            world.go_through(steps)
            assert world.answers == {"sound": {200}, "lies": {400}}
            with books() as session:
                assert_as_modelled(session, world.model)
                assert_books_add_up(session, world)
                assert_all_kept(session, steps)
    with books() as session:  # also the money that is no order's
        assert list(purchases.faults(session)) == []


def assert_as_modelled(session: Session, model: Model) -> None:
    """Each order and each payment is what the model says."""
    found = session.scalars(select(Order).where(Order.id.in_(model.orders)))
    assert {one.id: (one.status, one.refunded_units, one.shortfall_units) for one in found} == {
        order_id: (one.status, one.refunded, one.missing) for order_id, one in model.orders.items()
    }
    payments = session.scalars(select(Payment).where(Payment.reference.in_(model.money)))
    assert {
        one.reference: (one.order_id, one.status, one.amount, one.refunded, one.lost, one.is_disputed)
        for one in payments
    } == {
        reference: (one.order_id, one.status, one.amount, one.returned, one.lost, one.is_disputed)
        for reference, one in model.money.items()
    }


def assert_books_add_up(session: Session, world: World) -> None:
    """The pool is exact to the unit, each order is in the journal once or never, and the audit agrees."""
    [figures] = pools.totals(session, world.license_id, now_us=0)
    assert figures.pool == world.model.pool
    fulfilled = [one for one in world.model.orders.values() if one.status == "fulfilled"]
    assert figures.issued == world.granted + sum(one.quantity - one.refunded for one in fulfilled)
    ours = select(func.count()).where(Transfer.license_id == world.license_id, Transfer.kind == "purchase")
    assert session.scalar(ours) == len(fulfilled)
    assert audit(session, world.license_id) == []
    assert list(purchases.faults(session, world.license_id)) == []


def assert_all_kept(session: Session, steps: list[Step]) -> None:
    """Every message of Stripe's is kept once, as it was sent; no lie is; and what nobody understands is listed."""
    sound = {one.message.id: one.message for one in steps if isinstance(one, Delivery) and one.how == SOUND}
    lies = {one.message.id for one in steps if isinstance(one, Delivery)} - sound.keys()
    kept = {_kept_as(one): one for one in sound.values()}
    found = {one.event_id: one for one in session.scalars(select(PaymentEvent).where(PaymentEvent.event_id.in_(kept)))}
    assert {event_id: one.payload_sha256 for event_id, one in found.items()} == {
        event_id: hashlib.sha256(one.body).hexdigest() for event_id, one in kept.items()
    }
    assert session.scalar(select(func.count()).where(PaymentEvent.event_id.in_(lies))) == 0
    must = {one.id: one.news.listed_as for one in sound.values() if isinstance(one.news, Other)}
    listed = session.scalars(select(PaymentProblem).where(PaymentProblem.subject.in_(must)))
    assert {one.subject: one.code for one in listed} == {subject: code for subject, code in must.items() if code}
    for event_id, one in kept.items():
        if isinstance(one.news, Other):
            assert found[event_id].outcome == ("problem" if one.news.listed_as else "ignored")


def _kept_as(message: Message) -> str:
    """The id under which it is kept: what was not believed or not read may come again, and then counts."""
    listed_as = message.news.listed_as if isinstance(message.news, Other) else None
    return message.id + {None: "", "unreadable": ":unreadable"}.get(listed_as, ":not_ours")
